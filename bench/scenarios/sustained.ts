/** A minute of bulk load that never lets the store rest: what is acknowledged *and stored* beside raw libSQL. */
import { join } from "node:path";
import type { Bench, Mars } from "../bench.ts";
import { limits, type MeasuredTurn, stopAndVerify } from "../compare.ts";
import { median, number, type Spread, spreadOf } from "../figures.ts";
import { runTool } from "../load/tool.ts";
import { wrk } from "../load/wrk.ts";
import { type Outcome, type Row, ratioOf, type Scenario } from "../scenario.ts";

const ratioMin = 0.7;
const rateMin = 100_000;
const peakBytesMax = 400e6;
/** Of the last third's median memory to the middle third's. */
const growthMax = 1.15;

const usualSeconds = 60;
const connections = 16;
const eventsPerRequest = 500;

/**
 * Offered, in times of what the control stored just before, while the store has nothing waiting. It falls in proportion to
 * what waits, down to almost nothing at `lagMax`. So the store always has work, and no time is spent on accepting what cannot
 * be stored: at any fixed rate one of the two would be missed, or the journal grow without end.
 */
const offeredShare = 1.5;
const lagMax = 1_000_000;
const steerMs = 200;
/** With less than a batch waiting, the store may have had time to rest. */
const busyEvents = 20_000;
/** Until when that is no wonder. */
const warmUpMs = 2_000;

export const sustained: Scenario = { name: "sustained", tools: ["wrk"], run };

interface Measured extends MeasuredTurn {
  readonly storedRate: number;
  /** Events that were not stored yet when the load stopped, and the seconds that they took. */
  readonly lag: number;
  readonly drainSeconds: number;
  /** The share of samples in which it may have been idle. */
  readonly restShare: number;
  readonly peakBytes: number;
  readonly growth: number;
  readonly faults: readonly string[];
}

async function run(bench: Bench): Promise<Outcome> {
  const seconds = bench.seconds(usualSeconds);
  const control: number[] = [];
  const turns: Measured[] = [];
  const faults: string[] = [];
  for (let round = 0; round < bench.rounds; round++) {
    const raw = await storeRaw(bench, seconds);
    control.push(raw);
    const turn = await sustain(bench, await bench.startMars(), { seconds, offered: raw * offeredShare });
    turns.push(turn);
    faults.push(...turn.faults);
  }
  const of = (figure: (turn: Measured) => number): Spread => spreadOf(turns.map(figure));
  const figures = {
    mars: of((turn) => turn.storedRate),
    control: { name: "raw libSQL", spread: spreadOf(control) },
  };
  const peak = of((turn) => turn.peakBytes);
  const growth = of((turn) => turn.growth);
  const stored: Row = {
    name: `sustained, ${seconds} s, stored`,
    unit: "events/s",
    ...figures,
    bar: `≥ ${ratioMin} and ≥ ${number(rateMin)}/s`,
    met: ratioOf(figures) >= ratioMin && figures.mars.median >= rateMin,
    p50: { mars: of((turn) => turn.p50).median },
    p99: { mars: of((turn) => turn.p99).median },
    cpuMicrosPerEvent: { mars: of((turn) => turn.cpuMicrosPerEvent).median },
    peakBytes: { mars: peak.median },
    notes: [
      `acknowledged ${number(of((turn) => turn.rate).median)}/s`,
      `${number(of((turn) => turn.lag).median)} events behind at the end, drained in ${number(of((turn) => turn.drainSeconds).median)} s`,
      `the store may have rested in ${number(of((turn) => turn.restShare).median * 100)} % of the time`,
      ...limits("Mars", turns),
    ],
  };
  const memory: Row = {
    name: "memory, sustained bulk run",
    unit: "MB",
    mars: { median: peak.median / 1e6, min: peak.min / 1e6, max: peak.max / 1e6 },
    bar: `≤ ${peakBytesMax / 1e6} MB and flat`,
    met: peak.max <= peakBytesMax && growth.median <= growthMax,
    notes: [
      `last third to middle third: ${number(growth.median)} (flat: ≤ ${growthMax}), sampled every second`,
    ],
  };
  return { rows: [stored, memory], faults };
}

/** Events a second of one process that does nothing but store, into a new database. */
async function storeRaw(bench: Bench, seconds: number): Promise<number> {
  const file = join(import.meta.dir, "../controls/raw-store.ts");
  const dir = bench.newDirectory();
  const { text } = await runTool([process.execPath, file, "--seconds", String(seconds), "--dir", dir]);
  const result = JSON.parse(text.trim().split("\n").at(-1) ?? "") as { events: number; seconds: number };
  return result.events / result.seconds;
}

async function sustain(
  bench: Bench,
  mars: Mars,
  { seconds, offered }: { readonly seconds: number; readonly offered: number },
): Promise<Measured> {
  const rateFile = join(bench.directory, "paced.rate");
  await Bun.write(rateFile, String(offered));
  const load = wrk({ script: "paced.lua", args: [rateFile], connections, eventsPerRequest, seconds });
  const cpuBefore = mars.cpuSeconds();
  const before = await mars.stats();
  const started = performance.now();
  const samples: number[] = [];
  const sampler = setInterval(() => samples.push(mars.memory().now), 1000);
  const loading = load(mars);
  const resting: boolean[] = [];
  let loaded = false;
  const end = () => {
    loaded = true;
  };
  loading.then(end, end);
  try {
    while (!loaded) {
      const { behind } = (await mars.stats()).store;
      if (performance.now() - started > warmUpMs) resting.push(behind < busyEvents);
      await Bun.write(rateFile, String(offered * Math.max(0.01, 1 - behind / lagMax)));
      await Bun.sleep(steerMs);
    }
  } finally {
    clearInterval(sampler);
  }
  const turn = await loading;
  const windowSeconds = (performance.now() - started) / 1000;
  const atEnd = await mars.stats();
  const serverCores = (mars.cpuSeconds() - cpuBefore) / windowSeconds;
  const ended = performance.now();
  await mars.caughtUp();
  const drainSeconds = (performance.now() - ended) / 1000;
  const cpuMicrosPerEvent = ((mars.cpuSeconds() - cpuBefore) * 1e6) / turn.acknowledged;
  const third = samples.length / 3;
  const peakBytes = mars.memory().peak;
  return {
    ...turn,
    rate: turn.acknowledged / turn.seconds,
    serverCores,
    cpuMicrosPerEvent,
    storedRate: (atEnd.totals.stored - before.totals.stored) / windowSeconds,
    lag: atEnd.store.behind,
    drainSeconds,
    restShare: resting.filter(Boolean).length / resting.length,
    peakBytes,
    growth: median(samples.slice(2 * third)) / median(samples.slice(third, 2 * third)),
    faults: await stopAndVerify(mars, { name: "sustained", turns: [turn], distinct: true }),
  };
}
