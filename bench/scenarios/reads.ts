/**
 * Every read of the dashboard and of triage, of ten million messages: one call after the other, on a server that is idle but for
 * it, and while events come in.
 */
import type { Bench, Mars } from "../bench.ts";
import { messageId, newRun } from "../events.ts";
import { number, percentile, spreadOf } from "../figures.ts";
import { openManyMessages, settings } from "../many/database.ts";
import { flowApps, flowStages } from "../many/pattern.ts";
import { type Read, readsOf } from "../many/reads.ts";
import { call } from "../many/send.ts";
import { type Outcome, type Row, rowText, type Scenario } from "../scenario.ts";

const calls = Number(process.env.MARS_BENCH_CALLS ?? 200);
const p99MsMax = 50;
const eventsPerSecond = 500;
const tickMs = 50;
/** A read that has its own bound is asked less often. */
const slowCalls = Math.min(5, calls);

export const reads: Scenario = { name: "reads", tools: [], run };

interface Answers {
  readonly ms: readonly number[];
  readonly bytesMax: number;
  /** Of the whole process, of each call: what a machine that is shared cannot hide. */
  readonly cpuMicros: number;
}

async function run(bench: Bench): Promise<Outcome> {
  const database = await openManyMessages(bench);
  const size = `${number(database.messages)} messages, ${number(database.bytes / 1e6)} MB`;
  const mars = await bench.startMars({ dataDir: database.dataDir, env: settings });
  const asked = (await readsOf(mars, database)).filter(({ name }) => isChosen(name));
  const rows: Row[] = [];
  for (const loaded of process.env.MARS_BENCH_IDLE === "1" ? [false] : [false, true]) {
    const load = loaded ? startLoad(mars) : undefined;
    for (const read of asked) {
      // What is read for the first time comes from the disk.
      await ask(mars, read, Math.ceil(calls / 20));
      const row = rowOf(read, await ask(mars, read), loaded ? `${eventsPerSecond} events/s meanwhile` : size);
      rows.push(row);
      // The table comes when all have been asked, which may take half an hour.
      process.stderr.write(`bench: ${rowText(row)}\n`);
      await load?.check();
    }
    await load?.stop();
  }
  const { peak } = mars.memory();
  rows.push({
    name: "reads, memory",
    unit: "MB",
    mars: spreadOf([peak / 1e6]),
    bar: "–",
    peakBytes: { mars: peak },
    notes: ["the whole process at its highest"],
  });
  await mars.stop();
  return { rows, faults: [] };
}

/** `MARS_BENCH_READS`, a regular expression: only these. */
function isChosen(name: string): boolean {
  return new RegExp(process.env.MARS_BENCH_READS ?? "").test(name);
}

async function ask(
  mars: Mars,
  read: Read,
  count = read.boundMs === undefined ? calls : slowCalls,
): Promise<Answers> {
  const ms: number[] = [];
  let bytesMax = 0;
  const before = mars.cpuSeconds();
  for (let n = 0; n < count; n++) {
    const path = read.ask(n);
    const init = read.body !== undefined && {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(read.body),
    };
    const started = performance.now();
    const response = await fetch(`${mars.url}${path}`, init || {});
    const text = await response.text();
    ms.push(performance.now() - started);
    if (response.status !== 200) throw new Error(`${path} is answered by ${response.status}: ${text}`);
    bytesMax = Math.max(bytesMax, text.length);
  }
  return { ms, bytesMax, cpuMicros: ((mars.cpuSeconds() - before) * 1e6) / count };
}

function rowOf({ name, boundMs = p99MsMax }: Read, { ms, bytesMax, cpuMicros }: Answers, note: string): Row {
  const p99 = percentile(ms, 0.99);
  return {
    name: `reads, ${name}`,
    unit: "ms",
    mars: spreadOf(ms),
    bar: `p99 ≤ ${number(boundMs)} ms`,
    met: p99 <= boundMs,
    p50: { mars: percentile(ms, 0.5) },
    p99: { mars: p99 },
    cpuMicrosPerEvent: { mars: cpuMicros },
    notes: [note, `${number(bytesMax / 1e3)} KB`],
  };
}

/** New messages that go their way, evenly. */
function startLoad(mars: Mars) {
  const run = newRun();
  let n = 0;
  let failure: unknown;
  const stopped = Promise.withResolvers<void>();
  let stopping = false;
  const ended = (async () => {
    while (!stopping) {
      const started = performance.now();
      const events = Array.from({ length: (eventsPerSecond * tickMs) / 1_000 }, () => {
        const message = Math.floor(n / flowStages.length);
        return {
          app_id: flowApps[message % flowApps.length],
          message_id: messageId(message, run),
          event: flowStages[n++ % flowStages.length],
        };
      });
      await call(mars, "POST", "/api/event/bulk", { events });
      await Promise.race([stopped.promise, Bun.sleep(Math.max(0, tickMs - (performance.now() - started)))]);
    }
  })().catch((error: unknown) => {
    failure = error;
  });
  return {
    async check() {
      if (failure !== undefined) throw failure;
    },
    async stop() {
      stopping = true;
      stopped.resolve();
      await ended;
      if (failure !== undefined) throw failure;
    },
  };
}
