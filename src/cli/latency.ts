/** `mars latency`: how long each hop of an app takes, for people; for pipes the answer of its operation. */
import type { AnswerOf } from "../api/operation-types.ts";
import { getLatency } from "../api/statistics.ts";
import { ask } from "./ask.ts";
import { call } from "./call.ts";
import { cut, harmless, pad, widthOf } from "./cell.ts";
import { type Colour, paint } from "./colour.ts";
import { exitCode } from "./exit-code.ts";
import { flagsOf } from "./flag.ts";
import { frontFlags } from "./front-flags.ts";
import { durationText, momentText } from "./moment.ts";
import type { OwnCommand } from "./own-command.ts";
import { requestOf } from "./request.ts";
import type { Style } from "./table.ts";

type Answer = AnswerOf<"getLatency">;
type Hop = Pick<Answer["hops"][number], "now" | "before">;

const gap = "  ";
const nameMax = 44;
const axisMax = 24;
const axisMin = 15;
/** A change of p95 that is worth a colour: by half, either way. */
const muchMore = 1.5;

export const latency: OwnCommand = {
  command: "latency",
  usage: "<app-id>",
  summary:
    "Shows how long each hop of an app took, and the whole way, against the window of equal length before.",
  grammar: { flags: flagsOf(getLatency), general: frontFlags },
  details: `All hops share one axis, on which each step to the right is as many times longer. P95 is compared with the window before. In a pipe,
and with --json: the answer of GET /api/apps/{app_id}/latency.
`,
  async run({ values }, session) {
    if (session.json) return ask(getLatency, values, { all: false, fail: false }, session);
    const { client, host, agent, style } = session;
    const answer = await call(client, requestOf(getLatency, values, undefined), agent);
    if (!answer.ok) {
      for (const sentence of answer.sentences) host.complain(harmless(sentence));
      return exitCode.failed;
    }
    host.print(latencyText(String(values.app_id), answer.value as Answer, style));
    return exitCode.done;
  },
};

/** @param app its id */
export function latencyText(app: string, { since, until, end_to_end, hops }: Answer, style: Style): string {
  const span = durationText(Math.round((Date.parse(until) - Date.parse(since)) / 1_000) * 1_000);
  const head = `${paint(harmless(app), "bold", style.colour)}  the last ${span}, until ${momentText(until)}\n`;
  const rows = [
    ...hops.map((hop) =>
      rowOf(harmless(hop.after === null ? hop.stage : `${hop.after} → ${hop.stage}`), hop),
    ),
    ...(end_to_end === null ? [] : [rowOf("the whole way", end_to_end)]),
  ];
  if (rows.length === 0)
    return `${head}No hop has been made: the app has no lifecycle, or nothing has happened.\n`;
  const { shown, widths } = columnsFor(rows, style.columns);
  const [nameWidth = 0, ...others] = widths;
  const used = others.reduce((sum, one) => sum + one + gap.length, nameWidth);
  const room = style.columns - used - gap.length;
  const axis = axisOf(rows, room < axisMin ? 0 : Math.min(axisMax, room));
  const lineOf = (cells: Cells, colour?: Colour) =>
    shown
      .map((title, at) => {
        const text = cells[title];
        if (at === 0) return pad(cut(text, nameWidth), nameWidth);
        return paint(
          pad(text, widths[at] ?? 0, true),
          title === "P95 WAS" ? colour : undefined,
          style.colour,
        );
      })
      .join(gap);
  const header = `${lineOf(titlesAsCells)}${gap}${axis.title}`.trimEnd();
  const lines = rows.map(({ cells, colour, p50, p99 }) =>
    `${lineOf(cells, colour)}${gap}${axis.draw(p50, p99, style.colour)}`.trimEnd(),
  );
  return `${head}\n${paint(header, "dim", style.colour)}\n${lines.join("\n")}\n`;
}

/** As many columns as fit with whole names, and then as much of the names as fits. */
function columnsFor(rows: readonly Row[], columns: number) {
  const widthFor = (title: Title) =>
    Math.max(title.length, ...rows.map(({ cells }) => widthOf(cells[title])));
  const numbersOf = (shown: readonly Title[]) =>
    shown.slice(1).reduce((sum, title) => sum + widthFor(title) + gap.length, 0);
  const name = Math.min(nameMax, widthFor("HOP"));
  let shown: readonly Title[] = titles;
  for (const title of dropped) {
    if (name + numbersOf(shown) + gap.length + axisMin <= columns) break;
    shown = shown.filter((one) => one !== title);
  }
  const nameWidth = Math.max(titles[0].length, Math.min(name, columns - numbersOf(shown)));
  return { shown, widths: [nameWidth, ...shown.slice(1).map(widthFor)] };
}

const titles = ["HOP", "COUNT", "P50", "P90", "P95", "P99", "MAX", "P95 WAS"] as const;
/** Those that are left out first where there is little room. */
const dropped: readonly Title[] = ["P90", "MAX", "P95 WAS", "COUNT"];

type Title = (typeof titles)[number];
type Cells = Readonly<Record<Title, string>>;

const titlesAsCells = Object.fromEntries(titles.map((title) => [title, title])) as Cells;

interface Row {
  readonly cells: Cells;
  /** Of what P95 was. */
  readonly colour: Colour | undefined;
  readonly p50: number | null;
  readonly p99: number | null;
}

function rowOf(name: string, { now, before }: Hop): Row {
  const time = (ms: number | null) => (ms === null ? "-" : durationText(ms));
  const cells = {
    HOP: name,
    COUNT: String(now.count),
    P50: time(now.p50_ms),
    P90: time(now.p90_ms),
    P95: time(now.p95_ms),
    P99: time(now.p99_ms),
    MAX: time(now.max_ms),
    "P95 WAS": time(before.p95_ms),
  };
  const ratio = now.p95_ms === null || !before.p95_ms ? 1 : now.p95_ms / before.p95_ms;
  const colour = ratio >= muchMore ? "red" : ratio <= 1 / muchMore ? "green" : undefined;
  return { cells, colour, p50: now.p50_ms, p99: now.p99_ms };
}

/** One logarithmic axis for all rows. @param width in columns; 0: there is no room for it */
function axisOf(rows: readonly Row[], width: number) {
  const times = rows.flatMap(({ p50, p99 }) => [p50, p99]).filter((ms) => ms !== null && ms > 0) as number[];
  if (width === 0 || times.length === 0) return { title: "", draw: () => "" };
  const [least, most] = [Math.log(Math.min(...times)), Math.log(Math.max(...times))];
  const at = (ms: number) =>
    most === least
      ? 0
      : Math.max(0, Math.min(width - 1, Math.round(((Math.log(ms) - least) / (most - least)) * (width - 1))));
  return {
    title: cut("█ P50  ░ to P99", width),
    draw(p50: number | null, p99: number | null, colour: boolean): string {
      if (p50 === null || p99 === null) return "";
      const [from, to] = [at(p50), at(p99)];
      return `${" ".repeat(from)}${paint("█", "cyan", colour)}${"░".repeat(to - from)}`;
    },
  };
}
