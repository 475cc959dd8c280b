/** Whether storing slows down as the database grows: the same load on a full database and on an empty one. */

import { copyAgedDatabase } from "../aged-database.ts";
import type { Bench, Mars } from "../bench.ts";
import { costs, limits, type MeasuredTurn, measure, stopAndVerify } from "../compare.ts";
import { number, spreadOf } from "../figures.ts";
import { wrk } from "../load/wrk.ts";
import { type Outcome, ratioOf, type Scenario } from "../scenario.ts";
import { countStored } from "../verify.ts";

const bar = 0.6;

export const ageing: Scenario = { name: "ageing", tools: ["wrk", "cp", "sync"], run };

interface Measured extends MeasuredTurn {
  /** From the first event until all are stored. */
  readonly storedRate: number;
}

async function run(bench: Bench): Promise<Outcome> {
  // Though a copy takes a while: every turn adds about as many events as a tenth of the database has.
  const aged = await copyAgedDatabase(bench);
  const before = await countStored(aged.dataDir);
  const mars = await bench.startMars({ dataDir: aged.dataDir });
  const full: Measured[] = [];
  const empty: Measured[] = [];
  const faults: string[] = [];
  let emptyPeak = 0;
  for (let round = 0; round < bench.rounds; round++) {
    full.push(await store(bench, mars));
    const other = await bench.startMars();
    const turn = await store(bench, other);
    empty.push(turn);
    emptyPeak = Math.max(emptyPeak, other.memory().peak);
    faults.push(...(await stopAndVerify(other, { name: "ageing, empty", turns: [turn], distinct: true })));
  }
  const figures = {
    mars: spreadOf(full.map(({ storedRate }) => storedRate)),
    control: { name: "empty database", spread: spreadOf(empty.map(({ storedRate }) => storedRate)) },
  };
  const peakBytes = { mars: mars.memory().peak, control: emptyPeak };
  faults.push(...(await stopAndVerify(mars, { name: "ageing", turns: full, distinct: true, before })));
  return {
    rows: [
      {
        name: `ageing, ${number(aged.messages)} messages`,
        unit: "stored events/s",
        ...figures,
        bar: `≥ ${bar}`,
        met: ratioOf(figures) >= bar,
        ...costs(full, empty),
        peakBytes,
        notes: [
          `database of ${number(aged.bytes / 1e6)} MB`,
          ...limits("aged", full),
          ...limits("empty", empty),
        ],
      },
    ],
    faults,
  };
}

async function store(bench: Bench, mars: Mars): Promise<Measured> {
  const load = wrk({ script: "bulk.lua", connections: 8, eventsPerRequest: 500, seconds: bench.seconds() });
  const before = (await mars.stats()).totals.stored;
  const started = performance.now();
  const turn = await measure(mars, load, mars.caughtUp);
  const seconds = (performance.now() - started) / 1000;
  return { ...turn, storedRate: ((await mars.stats()).totals.stored - before) / seconds };
}
