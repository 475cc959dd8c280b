/** What the pictures of the documentation show. `docs/dashboard.md` and `docs/cli.md` have each of them. */
import type { TerminalPicture } from "./terminal.ts";

export interface Picture {
  /** Of its file. */
  readonly name: string;
  /** Taken before anything is stored. */
  readonly empty?: true;
  /** @param url of a Mars that the demo plays in */
  address(url: string): string | Promise<string | undefined>;
}

const at = (path: string) => () => path;
const stuckStage = new URLSearchParams({
  app_id: "notifications",
  stage: "SENT_SMS|SENT_PUSH",
  after: "QUEUED",
});

export const pictures: readonly Picture[] = [
  { name: "first-run", empty: true, address: at("/") },
  { name: "overview", address: at("/") },
  { name: "stuck", address: at("/stuck") },
  { name: "group", address: at(`/stuck?${stuckStage}`) },
  { name: "message", address: stuckMessage },
  { name: "messages", address: at("/messages") },
  { name: "tail", address: at("/tail") },
  { name: "findings", address: at("/findings") },
  { name: "flow", address: at("/flow?app_id=notifications") },
  { name: "latency", address: at("/latency?app_id=notifications") },
  { name: "lifecycles", address: at("/lifecycles?app_id=parcel-tracking") },
  { name: "incidents", address: at("/incidents") },
  { name: "incident", address: lastIncident },
  { name: "alerts", address: at("/alerts") },
  { name: "system", address: at("/system") },
  { name: "source", address: sourceWithDeliveries },
];

export const terminalPictures: readonly TerminalPicture[] = [
  { name: "cli-stuck", args: () => ["stuck", "--app", "notifications", "--limit", "12"] },
  { name: "cli-show", args: showStuck },
  { name: "cli-latency", args: () => ["latency", "notifications"] },
  { name: "cli-tail", args: () => ["tail", "--filter", "app=notifications", "--limit", "14"] },
];

async function showStuck(url: string): Promise<string[]> {
  const address = new URL((await stuckMessage(url)) ?? "/", url).searchParams;
  return ["show", address.get("app_id") ?? "", address.get("message_id") ?? ""];
}

// biome-ignore lint/suspicious/noExplicitAny: answers are looked into by path
type Json = any;

async function read(url: string): Promise<Json> {
  return await (await fetch(url)).json();
}

/** The latest message that waits for its carrier. */
export async function stuckMessage(url: string): Promise<string | undefined> {
  const query = "app_id=notifications&state=overdue&order=newest&event=SEND_RETRIED&limit=1";
  const [message] = (await read(`${url}/api/messages?${query}`)).messages;
  if (message === undefined) return undefined;
  const { app_id, message_id } = message;
  return `/search/event?${new URLSearchParams({ app_id, message_id })}`;
}

/** A source with deliveries of which some become events. */
async function sourceWithDeliveries(url: string): Promise<string> {
  const send = (method: string, path: string, body: unknown, headers: Record<string, string> = {}) =>
    fetch(url + path, {
      method,
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify(body),
    });
  const { sources } = await read(`${url}/api/sources`);
  if (sources.length === 0) {
    const source = { app_id: "ci", preset: "github", verify: { scheme: "none" } };
    await send("PUT", "/api/sources/ci", source);
    for (const action of ["requested", "in_progress", "completed"]) {
      const run = { id: 81_723, run_attempt: 1, head_sha: "5c1f0a2", conclusion: "success" };
      const body = { action, workflow_run: run, repository: { full_name: "example/shop" } };
      await send("POST", "/in/ci", body, { "x-github-event": "workflow_run" });
    }
    await send("POST", "/in/ci", { zen: "Keep it logically awesome." }, { "x-github-event": "ping" });
  }
  return "/sources?id=ci";
}

/** The latest incident of the outage. */
export async function lastIncident(url: string): Promise<string | undefined> {
  const { incidents } = await read(`${url}/api/alerts/incidents?limit=20`);
  const one = incidents.find(({ rule }: Json) => rule === "demo-texts-not-sent");
  return one && `/incidents?id=${one.id}`;
}
