/**
 * A database of ten million messages as a busy year of many teams leaves it: a million of them overdue at a hundred hops, journeys
 * over apps, indexed attributes, findings, marks, incidents. It is kept between runs.
 */
import { mkdirSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { schemaHash } from "../aged-database.ts";
import { type Bench, cacheDir, type Mars } from "../bench.ts";
import { copyPrefix, multiply } from "./multiply.ts";
import {
  flowApps,
  indexedAttributes,
  lifecycles,
  overdueOf,
  type PatternEvent,
  patternMessage,
  patternMessages,
} from "./pattern.ts";
import { call, sendEvents } from "./send.ts";
import { sendSpecials } from "./specials.ts";

export interface ManyMessages {
  readonly dataDir: string;
  readonly messages: number;
  readonly bytes: number;
  /** The ids of copies begin with one of these. */
  readonly prefixes: readonly string[];
}

/** Filled messages stay, however long ago they were filled. */
export const settings = { MARS_RETENTION: "off" };
const ageMaxMs = 2 * 24 * 60 * 60 * 1000;
const raisedTimeoutMs = 120_000;

/** Finds the database in the cache, or makes it: by the schema and the number of messages, and not for long, as ages are shown by it. */
export async function openManyMessages(bench: Bench): Promise<ManyMessages> {
  const copies = Math.min(999, Math.max(1, Math.round(bench.messages / patternMessages)));
  const messages = copies * patternMessages;
  const schema = schemaHash();
  const dataDir = join(cacheDir, `many-${schema}-${messages}`);
  for (const name of readdirSync(cacheDir)) {
    if (name.startsWith("many-") && !name.startsWith(`many-${schema}-`))
      rmSync(join(cacheDir, name), { recursive: true });
  }
  const marker = Bun.file(join(dataDir, "filled.json"));
  const filledAt = (await marker.exists()) ? ((await marker.json()) as { filledAt: number }).filledAt : 0;
  if (Date.now() - filledAt > ageMaxMs) {
    process.stderr.write(`bench: making a database of ${messages} messages; it is kept in ${dataDir}\n`);
    rmSync(dataDir, { recursive: true, force: true });
    await fill(bench, dataDir, copies);
    await marker.write(JSON.stringify({ filledAt: Date.now() }));
  }
  const prefixes = Array.from({ length: copies }, (_, copy) => copyPrefix(copy));
  return { dataDir, messages, bytes: statSync(join(dataDir, "messages.db")).size, prefixes };
}

async function fill(bench: Bench, dataDir: string, copies: number): Promise<void> {
  const first = await bench.startMars({ env: settings });
  await sendPattern(first);
  await first.stop();
  mkdirSync(dataDir, { recursive: true });
  // Of the rest, journal and page sums, nothing fits the database any more: Mars begins them anew.
  renameSync(join(first.dataDir, "messages.db"), join(dataDir, "messages.db"));
  multiply(join(dataDir, "messages.db"), copies);
  const mars = await bench.startMars({ dataDir, env: settings });
  await sendSpecials(mars);
  await mars.caughtUp();
  await mars.stop();
}

async function sendPattern(mars: Mars): Promise<void> {
  const put = (path: string, body: unknown) => call(mars, "PUT", path, body);
  for (const [app, definition] of lifecycles()) await put(`/api/apps/${app}/lifecycle`, definition);
  for (const app of flowApps) await put(`/api/apps/${app}/attributes`, { indexed: indexedAttributes });
  await put("/api/alerts/sinks/own", { type: "topic" });
  await put("/api/alerts/rules/stuck", { sinks: ["own"], at_least: 10, window: "24h" });
  const now = Date.now();
  const late: PatternEvent[] = [];
  await sendEvents(mars, events());
  await mars.caughtUp();
  await raised(mars);
  await sendEvents(mars, late);
  await mars.caughtUp();
  const group = (app_id: string) => ({ app_id, stage: "ACCEPTED" });
  await call(mars, "POST", "/api/triage", { action: "acknowledge", group: group(flowApps[0]!) });
  await call(mars, "POST", "/api/triage", { action: "ignore", group: group(flowApps[1]!) });
  await mars.caughtUp();

  function* events() {
    for (let n = 0; n < patternMessages; n++) {
      const message = patternMessage(n, now);
      late.push(...message.late);
      yield* message.events;
    }
  }
}

/** Waits until every message that is overdue has been found. */
async function raised(mars: Mars): Promise<void> {
  const deadline = Date.now() + raisedTimeoutMs;
  while (Date.now() < deadline) {
    const { apps } = (await call(mars, "GET", "/api/apps?limit=1000")) as {
      apps: readonly { readonly messages: { readonly overdue: number } }[];
    };
    // Beside those that stay overdue there is one in a hundred whose event comes late.
    const expected = overdueOf(patternMessages) + patternMessages / 100;
    if (apps.reduce((sum, { messages }) => sum + messages.overdue, 0) >= expected) return;
    await Bun.sleep(200);
  }
  throw new Error("not all that is overdue was found");
}
