/**
 * `npm run demo [-- OPTIONS]`: plays three days of a shop's traffic into a running Mars, for people who want to look before
 * they instrument: healthy, slow, lost and failed messages of eight apps, with steps that stood still for a while. First the
 * past, at once; then it goes on live, at a few messages a second, until Ctrl-C. A minute after the start a carrier of
 * text messages is gone for three minutes: messages get stuck, an alert comes, and both end when it is back. What it sends
 * has ids of its own in every run, and stays until Mars forgets it after its retention, or until --remove. Its sink, rules and
 * silence go with Ctrl-C.
 *
 *     --url URL      of Mars (default http://127.0.0.1:4000); MARS_KEY is its key, where it needs one
 *     --scale NAME   small, normal or large: 3,000, 20,000 or 100,000 messages in a past day (default normal)
 *     --days N       of the past, 1 to 7 (default 3)
 *     --seed N       of its chance, a whole number (default 1)
 *     --no-live      stop after the past; what is under way is then overdue in time
 *     --remove       erase all messages of the demo's apps, and end their lifecycles
 *     --help
 *
 * Exit code 1 when there is no Mars or it refuses, 2 when an option is wrong.
 */
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { catalogueOf } from "../../src/demo/catalogue.ts";
import type { Outage } from "../../src/demo/outage.ts";
import { Player } from "../../src/demo/player.ts";
import { type AlertSetup, decide, setUpAlerts } from "./alerts.ts";
import { DemoError, MarsClient, messageOf } from "./client.ts";
import { lookText, statesText } from "./look.ts";

const ordersPerDay: Readonly<Record<string, number>> = { small: 400, normal: 2_600, large: 13_000 };
const daysMax = 7;
/** How long it may take to clean up after Ctrl-C. */
const closeMs = 5_000;

const apps = catalogueOf("").map(({ appId }) => appId);

interface Options {
  readonly url: string;
  readonly ordersPerDay: number;
  readonly days: number;
  readonly seed: number;
  readonly live: boolean;
  readonly remove: boolean;
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
    const mars = new MarsClient(options.url, process.env.MARS_KEY, stop.signal);
    await mars.assertReady();
    if (options.remove) await remove(mars);
    else await play(mars, options, stop.signal);
    return 0;
  } catch (error) {
    if (stop.signal.aborted) return 0;
    if (!(error instanceof DemoError)) throw error;
    process.stderr.write(`demo: ${error.message}\n`);
    return 1;
  } finally {
    // Ends the calls that are still under way.
    stop.abort();
  }
}

async function play(mars: MarsClient, { url, live, ...options }: Options, signal: AbortSignal) {
  const startMs = Date.now();
  const player = new Player(mars, { ...options, startMs, prefix: "" });
  await player.setUp();
  say(`Lifecycles put: ${apps.join(", ")}.`);
  const { events, seq } = await player.catchUp();
  const took = ((Date.now() - startMs) / 1_000).toFixed(1);
  const { orders, messages } = player.traffic;
  const past = options.days === 1 ? "the past day" : `the past ${options.days} days`;
  say(
    `Played ${past} in ${took} s: ${orders} orders, ${messages} messages, ${events} events (run ${player.run}, seed ${options.seed}).`,
    ...player.traffic.outages.map(outageText),
  );
  let alerts: AlertSetup | undefined;
  const look = async () => {
    const order = `${player.run}-${Math.ceil(orders / 2)}`;
    say("", await statesText(mars, apps, seq), "", lookText(url, order), "");
    if (!live) return;
    await decide(mars);
    alerts = await setUpAlerts(mars, (text) => say(`${clock(Date.now(), true)} ${text}`));
    say(...alerts.lines, "Going on live; Ctrl-C ends it.");
  };
  try {
    // A Mars that has just started may take a while to judge the past. Traffic does not wait for it.
    await Promise.all([look(), ...(live ? [player.goOn(signal, sayOutage)] : [])]);
  } finally {
    await alerts?.close(new MarsClient(url, process.env.MARS_KEY, AbortSignal.timeout(closeMs)));
    if (live) say("Stopped. Its messages stay, and open ones become overdue; --remove erases them.");
  }
}

async function remove(mars: MarsClient): Promise<void> {
  let erased = 0;
  for (const app of apps) {
    const path = `/api/apps/${app}`;
    await mars.change("DELETE", `${path}/lifecycle`).catch(ifThere);
    erased += (await mars.change("DELETE", path).catch(ifThere))?.erasure.messages_erased ?? 0;
  }
  say(`Erased ${erased} messages of ${apps.join(", ")}; large apps go on in the background.`);
}

function ifThere(error: unknown): undefined {
  if (!(error instanceof DemoError && error.status === 404)) throw error;
}

function sayOutage({ where, untilMs }: Outage, begins: boolean): void {
  say(
    begins
      ? `${clock(Date.now(), true)} ${where?.value} is gone until ${clock(untilMs, true)}: its text messages get stuck.`
      : `${clock(Date.now(), true)} ${where?.value} is back: what waited is sent.`,
  );
}

function outageText({ appId, events, where, fromMs, untilMs }: Outage): string {
  const which = where === undefined ? "" : ` of ${where.attribute} ${where.value}`;
  return `From ${clock(fromMs)} to ${clock(untilMs)} no ${events.join(" or ")} came in ${appId}${which}.`;
}

/** `undefined` where help was asked for. */
function readOptions(): Options | undefined {
  const { values } = parseArgs({
    options: {
      url: { type: "string", default: "http://127.0.0.1:4000" },
      scale: { type: "string", default: "normal" },
      days: { type: "string", default: "3" },
      seed: { type: "string", default: "1" },
      live: { type: "boolean", default: true },
      remove: { type: "boolean", default: false },
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
  if (!/^[1-9]$/.test(values.days) || Number(values.days) > daysMax) {
    throw new Error(`--days must be a whole number from 1 to ${daysMax}, is ${values.days}`);
  }
  if (!/^\d{1,9}$/.test(values.seed)) {
    throw new Error(`--seed must be a whole number of at most 9 digits, is ${values.seed}`);
  }
  const base = (url.origin + url.pathname).replace(/\/+$/, "");
  const { live, remove } = values;
  return {
    url: base,
    ordersPerDay: orders,
    days: Number(values.days),
    seed: Number(values.seed),
    live,
    remove,
  };
}

/** The comment at the head of this file. */
function helpText(): string {
  const [, comment = ""] =
    /^\/\*\*\n([\s\S]*?)\n \*\//.exec(readFileSync(import.meta.filename, "utf8")) ?? [];
  return comment.replace(/^ \* ?/gm, "");
}

/** `Wed 14:20`, or `14:20:05`. */
function clock(atMs: number, seconds = false): string {
  const date = new Date(atMs);
  const time = date.toTimeString().slice(0, seconds ? 8 : 5);
  return seconds ? time : `${date.toLocaleDateString("en-GB", { weekday: "short" })} ${time}`;
}

function say(...lines: readonly string[]): void {
  process.stdout.write(`${lines.join("\n")}\n`);
}
