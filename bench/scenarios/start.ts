/** From the start of the process to its first acknowledged event. */
import { join } from "node:path";
import { openAgedDatabase } from "../aged-database.ts";
import type { Bench } from "../bench.ts";
import { number, percentile, spreadOf } from "../figures.ts";
import type { Outcome, Row, Scenario } from "../scenario.ts";
import { countStored, findFaults } from "../verify.ts";

const repetitionsMin = 10;
const emptyMsMax = 100;
const fullMsMax = 500;
const fullBytesMin = 1e9;
const knockMs = 1;
const patienceMs = 30_000;

export const start: Scenario = { name: "start", tools: [], run };

async function run(bench: Bench): Promise<Outcome> {
  const aged = await openAgedDatabase(bench);
  await warm(join(aged.dataDir, "messages.db"));
  const before = await countStored(aged.dataDir);
  const empty: number[] = [];
  const full: number[] = [];
  const repetitions = Math.max(repetitionsMin, bench.rounds);
  for (let n = 0; n < repetitions; n++) {
    empty.push(await startOnce(bench, bench.newDirectory()));
    full.push(await startOnce(bench, aged.dataDir));
  }
  const isFull = aged.bytes >= fullBytesMin;
  const size = `${number(aged.bytes / 1e6)} MB`;
  return {
    rows: [
      row("start, empty", empty, emptyMsMax),
      {
        ...row("start, database of 1 GB", full, isFull ? fullMsMax : undefined),
        notes: [
          `the database has ${size} and is in the system's cache`,
          ...(isFull ? [] : ["too small for the bar: give more --messages"]),
        ],
      },
    ],
    faults: findFaults({
      name: "start",
      before,
      after: await countStored(aged.dataDir),
      acknowledged: repetitions,
      unanswered: 0,
      accepted: repetitions,
      distinct: true,
    }),
  };
}

function row(name: string, times: readonly number[], max: number | undefined): Row {
  return {
    name,
    unit: "ms",
    mars: spreadOf(times),
    bar: `≤ ${name.includes("empty") ? emptyMsMax : fullMsMax} ms`,
    ...(max !== undefined && { met: spreadOf(times).median <= max }),
    p50: { mars: percentile(times, 0.5) },
    p99: { mars: percentile(times, 0.99) },
  };
}

/** Milliseconds from before the process is made to the answer. */
async function startOnce(bench: Bench, dataDir: string): Promise<number> {
  const httpPort = freePort();
  const event = JSON.stringify({ app_id: "start", message_id: crypto.randomUUID(), event: "STARTED" });
  const started = performance.now();
  const starting = bench.startMars({ dataDir, httpPort });
  try {
    return await knock(`http://127.0.0.1:${httpPort}/api/event`, event, started);
  } finally {
    await (await starting).stop();
  }
}

/** Sends the event every millisecond until it is taken. One that is refused is not stored. */
async function knock(url: string, body: string, started: number): Promise<number> {
  const headers = { "content-type": "application/json" };
  while (performance.now() - started < patienceMs) {
    try {
      const response = await fetch(url, { method: "POST", headers, body });
      await response.arrayBuffer();
      if (response.status === 200) return performance.now() - started;
    } catch (error) {
      // The port is not open yet. Anything else might have been stored, and must not be sent again.
      if ((error as { code?: string }).code !== "ECONNREFUSED") throw error;
    }
    await Bun.sleep(knockMs);
  }
  throw new Error(`no event was taken within ${patienceMs} ms of the start`);
}

function freePort(): number {
  const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  const { port } = listener;
  listener.stop(true);
  return port;
}

/** Reads the file once, so that the system has it in memory. */
async function warm(file: string): Promise<void> {
  for await (const _ of Bun.file(file).stream());
}
