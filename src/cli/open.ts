/** `mars open`: a screen of the dashboard, in the browser of this machine. */
import { linksAt } from "../mcp/links.ts";
import { exitCode } from "./exit-code.ts";
import { frontFlags } from "./front-flags.ts";
import type { OwnCommand } from "./own-command.ts";

/** Paths of the page by their words; a message with such an id needs its app. */
export const openScreens = [
  "stuck",
  "messages",
  "tail",
  "findings",
  "flow",
  "latency",
  "lifecycles",
  "incidents",
  "alerts",
  "system",
] as const;

export const open: OwnCommand = {
  command: "open",
  usage: "[[<app-id>] <message-id> | <screen> | incident <id>]",
  summary:
    "Opens the dashboard in the browser: a message, a screen, or an incident. Prints the address where there is no browser, and in a pipe.",
  grammar: { flags: [], general: frontFlags, othersMax: 2 },
  details: `Screens: ${openScreens.join(", ")}; without any the overview.

  mars open order-4711
  mars open stuck
  mars open incident 12
`,
  problems: ({ others: [word, id] }) =>
    word === "incident" && !/^\d{1,15}$/.test(id ?? "") ? ["incident needs the number of one"] : [],
  async run({ others, general }, { client, host }) {
    const url = addressOf(client.url, others);
    if (host.columns === undefined || general.has("--json")) {
      host.print(`${general.has("--json") ? JSON.stringify({ url }) : url}\n`);
    } else {
      host.print(`${url}\n`);
      await host.openInBrowser(url);
    }
    return exitCode.done;
  },
};

function addressOf(base: string, [word, second]: readonly string[]): string {
  const links = linksAt(base);
  if (word === undefined) return `${base}/`;
  if (word === "incident") return links.incident(Number(second));
  if (second !== undefined) return links.message(word, second);
  const screen = openScreens.find((one) => one === word);
  // The page looks for the message in every app.
  return screen === undefined ? links.message("", word) : `${base}/${screen}`;
}
