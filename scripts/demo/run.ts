/**
 * `npm run demo [-- OPTIONS]`: plays a day of a shop's traffic into a running Mars, for people who want to look before
 * they instrument: healthy, slow, lost and failed messages of four apps, and ten minutes in which a queue stalls. First
 * the past 24 hours, at once; then it goes on live, at a few messages a second, until Ctrl-C. What it sends has ids of
 * its own in every run, and stays until Mars forgets it after its retention.
 *
 *     --url URL      of Mars (default http://127.0.0.1:4000)
 *     --scale NAME   small, normal or large: 3,000, 25,000 or 130,000 messages in the past day (default normal)
 *     --seed N       of its chance, a whole number (default 1)
 *     --no-live      stop after the past day; what is under way is then overdue in time
 *     --help
 *
 * Exit code 1 when there is no Mars or it refuses, 2 when an option is wrong.
 */
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { demoApps, lifecycleOf } from "./apps.ts";
import { DemoError, type Json, MarsClient, messageOf } from "./client.ts";
import { liveIncident } from "./incident.ts";
import { Traffic } from "./traffic.ts";

const ordersPerDay: Readonly<Record<string, number>> = { small: 500, normal: 4_000, large: 20_000 };
/** Makes three to five messages a second. */
const liveOrdersPerSecond = 0.8;
const livePauseMs = 250;

interface Options {
  readonly url: string;
  readonly ordersPerDay: number;
  readonly seed: number;
  readonly live: boolean;
}

process.exitCode = await main();

async function main(): Promise<number> {
  let options: Options | undefined;
  try {
    options = readOptions();
  } catch (error) {
    process.stderr.write(`demo: ${messageOf(error)}\n`);
    return 2;
  }
  if (options === undefined) {
    say(helpText());
    return 0;
  }
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort());
  try {
    await play(options, stop.signal);
    return 0;
  } catch (error) {
    if (stop.signal.aborted) {
      say("Stopped. Open messages will become overdue.");
      return 0;
    }
    if (!(error instanceof DemoError)) throw error;
    process.stderr.write(`demo: ${error.message}\n`);
    return 1;
  } finally {
    // Ends the calls that are still under way.
    stop.abort();
  }
}

async function play({ url, live, ...options }: Options, signal: AbortSignal): Promise<void> {
  const mars = new MarsClient(url, signal);
  await mars.assertReady();
  // A lifecycle holds for messages whose first event is accepted after it.
  for (const app of demoApps) await mars.putLifecycle(app.appId, lifecycleOf(app));
  say(`Lifecycles put: ${demoApps.map(({ appId }) => appId).join(", ")}.`);

  const startMs = Date.now();
  const run = Math.floor(startMs / 1_000).toString(36);
  const traffic = new Traffic({ ...options, run, startMs, liveRate: liveOrdersPerSecond });
  const { events, seq } = await catchUp(mars, traffic);
  const took = ((Date.now() - startMs) / 1_000).toFixed(1);
  const { fromMs, untilMs } = traffic.incident;
  say(
    `Played the past day in ${took} s: ${traffic.orders} orders, ${traffic.messages} messages, ${events} events (run ${run}, seed ${options.seed}).`,
    `From ${clock(fromMs)} to ${clock(untilMs)} the queue of notifications stood still.`,
  );
  const look = async () => {
    const order = `${run}-${Math.ceil(traffic.orders / 2)}`;
    say("", await statesText(mars, seq), "", lookText(url, order), "");
    if (live) say("Going on live; Ctrl-C ends it. For one minute in ten the queue of notifications stalls.");
  };
  // A Mars that has just started may take a while to judge the day. Traffic does not wait for it.
  await Promise.all([look(), ...(live ? [goOn(mars, traffic, startMs, signal)] : [])]);
}

/** Plays what happens now, until `signal`. */
async function goOn(
  mars: MarsClient,
  traffic: Traffic,
  startMs: number,
  signal: AbortSignal,
): Promise<never> {
  let announced = 0;
  for (;;) {
    const now = Date.now();
    const { fromMs, untilMs } = liveIncident(startMs, now);
    if (now >= fromMs && now < untilMs && announced !== fromMs) {
      announced = fromMs;
      say(`${clock(now)} The queue of notifications stalls for a minute: watch the stuck messages.`);
    }
    await catchUp(mars, traffic);
    await sleep(livePauseMs, undefined, { signal });
  }
}

/** Sends what has happened until now, and what happens meanwhile. */
async function catchUp(mars: MarsClient, traffic: Traffic): Promise<{ events: number; seq: number }> {
  let events = 0;
  let seq = 0;
  for (;;) {
    const batch = traffic.take(Date.now());
    if (batch.length === 0) return { events, seq };
    seq = await mars.send(batch);
    events += batch.length;
  }
}

/** The demo's apps with their messages by state, once all that was sent is visible. */
async function statesText(mars: MarsClient, seq: number): Promise<string> {
  const states = ["complete", "open", "overdue", "failed"];
  const rows = [["", ...states]];
  for (let cursor: string | null = ""; cursor !== null; ) {
    const query = new URLSearchParams({
      limit: "1000",
      min_seq: String(seq),
      ...(cursor !== "" && { cursor }),
    });
    const page: Json = await mars.get(`/api/apps?${query}`);
    for (const { app_id, messages } of page.apps) {
      if (!demoApps.some(({ appId }) => appId === app_id)) continue;
      rows.push([app_id, ...states.map((state) => String(messages[state]))]);
    }
    cursor = page.next_cursor ?? null;
  }
  return rows
    .map(([name = "", ...cells]) => name.padEnd(18) + cells.map((cell) => cell.padStart(10)).join(""))
    .join("\n");
}

function lookText(url: string, order: string): string {
  const topic = '{"type":"subscribe","topic":"findings"}';
  const rows = [
    ["the page", `${url}/`],
    ["what is stuck now", `${url}/api/overdue`],
    ["what was found", `${url}/api/findings?limit=10`],
    ["who stays behind where", `${url}/api/apps/shop-orders/funnel?since=24h`],
    ["how long each hop takes", `${url}/api/apps/notifications/latency?since=24h`],
    ["all apps", `${url}/api/apps`],
    ["an order in every app", `${url}/api/messages?external_id=${order}`],
    ["findings, live", `curl -N '${url}/api/stream?topic=findings'`],
    ["or by WebSocket", `npx wscat -c ${url.replace(/^http/, "ws")}/ws -w 600 -x '${topic}'`],
  ];
  return ["Look at:", ...rows.map(([what = "", where]) => `  ${what.padEnd(24)} ${where}`)].join("\n");
}

/** `undefined` where help was asked for. */
function readOptions(): Options | undefined {
  const { values } = parseArgs({
    options: {
      url: { type: "string", default: "http://127.0.0.1:4000" },
      scale: { type: "string", default: "normal" },
      seed: { type: "string", default: "1" },
      live: { type: "boolean", default: true },
      help: { type: "boolean", default: false },
    },
    allowNegative: true,
  });
  if (values.help) return undefined;
  const url = URL.canParse(values.url) ? new URL(values.url) : undefined;
  if (url === undefined || !["http:", "https:"].includes(url.protocol)) {
    throw new Error(`--url must be a URL such as http://127.0.0.1:4000, is ${values.url}`);
  }
  const orders = Object.hasOwn(ordersPerDay, values.scale) ? ordersPerDay[values.scale] : undefined;
  if (orders === undefined) {
    throw new Error(`--scale must be one of ${Object.keys(ordersPerDay).join(", ")}, is ${values.scale}`);
  }
  if (!/^\d{1,9}$/.test(values.seed)) {
    throw new Error(`--seed must be a whole number of at most 9 digits, is ${values.seed}`);
  }
  const base = (url.origin + url.pathname).replace(/\/+$/, "");
  return { url: base, ordersPerDay: orders, seed: Number(values.seed), live: values.live };
}

/** The comment at the head of this file. */
function helpText(): string {
  const [, comment = ""] =
    /^\/\*\*\n([\s\S]*?)\n \*\//.exec(readFileSync(import.meta.filename, "utf8")) ?? [];
  return comment.replace(/^ \* ?/gm, "");
}

function clock(atMs: number): string {
  return new Date(atMs).toTimeString().slice(0, 5);
}

function say(...lines: readonly string[]): void {
  process.stdout.write(`${lines.join("\n")}\n`);
}
