/** Reading single messages out of many, with and without the database in the memory of the machine; and filtered lists. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { type AgedDatabase, agedMessage, openAgedDatabase } from "../aged-database.ts";
import type { Bench, Mars } from "../bench.ts";
import { stages } from "../events.ts";
import { median, number, percentile, spreadOf } from "../figures.ts";
import { runTool } from "../load/tool.ts";
import type { Outcome, Row, Scenario } from "../scenario.ts";

const coldReads = 200;
const warmReads = 1_000;
const lists = 200;
const listLimit = 100;
const warmP99Max = 5;
const listP99Max = 50;

export const reading: Scenario = { name: "reading", tools: ["dd"], run };

/** Milliseconds of each read of a round. */
type Latencies = readonly number[];

async function run(bench: Bench): Promise<Outcome> {
  const aged = await openAgedDatabase(bench);
  const cold: Latencies[] = [];
  const warm: Latencies[] = [];
  const pages: Latencies[] = [];
  for (let round = 0; round < bench.rounds; round++) {
    await forget(aged);
    const mars = await bench.startMars({ dataDir: aged.dataDir });
    cold.push(await readMessages(mars, pick(aged, coldReads)));
    const chosen = pick(aged, warmReads);
    await readMessages(mars, chosen);
    warm.push(await readMessages(mars, chosen));
    pages.push(await readLists(mars));
    await mars.stop();
  }
  const size = `${number(aged.messages)} messages, ${number(aged.bytes / 1e6)} MB`;
  return {
    rows: [
      row("reading, one message, cold", cold, undefined, [
        size,
        "after the system has forgotten the database, and a start",
      ]),
      row("reading, one message, warm", warm, warmP99Max, [size, "read for the second time"]),
      row(`reading, a filtered list of ${listLimit}`, pages, listP99Max, ["by app, event and missing"]),
    ],
    faults: [],
  };
}

function row(name: string, rounds: readonly Latencies[], max: number | undefined, notes: string[]): Row {
  const p99 = spreadOf(rounds.map((latencies) => percentile(latencies, 0.99)));
  return {
    name,
    unit: "ms, p99",
    mars: p99,
    bar: max === undefined ? "–" : `p99 ≤ ${max} ms`,
    ...(max !== undefined && { met: p99.median <= max }),
    p50: { mars: median(rounds.map((latencies) => percentile(latencies, 0.5))) },
    p99: { mars: p99.median },
    notes,
  };
}

/** Has the operating system drop what it keeps of the files in memory, without being root. */
async function forget({ dataDir }: AgedDatabase): Promise<void> {
  for (const entry of readdirSync(dataDir, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    // Nothing is copied: by `nocache` dd advises the kernel that the file is not needed, once it is written for certain.
    await runTool([
      "dd",
      `of=${join(entry.parentPath, entry.name)}`,
      "oflag=nocache",
      "conv=notrunc,fdatasync",
      "count=0",
      "status=none",
    ]);
  }
}

function pick({ messages }: AgedDatabase, count: number): readonly number[] {
  return Array.from({ length: count }, () => Math.floor(Math.random() * messages));
}

/** One at a time. */
async function readMessages({ url }: Mars, chosen: readonly number[]): Promise<Latencies> {
  const latencies: number[] = [];
  for (const n of chosen) {
    const { appId, messageId } = agedMessage(n);
    const started = performance.now();
    const response = await fetch(`${url}/api/apps/${appId}/messages/${messageId}`);
    const text = await response.text();
    latencies.push(performance.now() - started);
    if (response.status !== 200 || !text.includes(messageId)) {
      throw new Error(`message ${messageId} is answered by ${response.status}: ${text}`);
    }
  }
  return latencies;
}

/** First pages, newest first, of every app and every pair of stages in turn. */
async function readLists({ url }: Mars): Promise<Latencies> {
  const latencies: number[] = [];
  for (let n = 0; n < lists; n++) {
    const { appId, event } = agedMessage(n);
    const missing = stages[(stages.indexOf(event as (typeof stages)[number]) + 1) % stages.length]!;
    const query = new URLSearchParams({ app_id: appId, event, missing, limit: String(listLimit) });
    const started = performance.now();
    const response = await fetch(`${url}/api/messages?${query}`);
    const { messages } = (await response.json()) as { messages?: readonly unknown[] };
    latencies.push(performance.now() - started);
    if (messages?.length !== listLimit) {
      throw new Error(`${query} is answered by ${response.status} with ${messages?.length} messages`);
    }
  }
  return latencies;
}
