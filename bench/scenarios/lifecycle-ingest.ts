/** Ingest with a lifecycle on, against the same run without one: the cost of projecting every message. */
import type { Bench, Mars } from "../bench.ts";
import { costs, limits, type MeasuredTurn, measure, stopAndVerify } from "../compare.ts";
import { stages } from "../events.ts";
import { spreadOf } from "../figures.ts";
import type { Load } from "../load/tool.ts";
import { wrk } from "../load/wrk.ts";
import { type Outcome, type Row, ratioOf, type Scenario } from "../scenario.ts";

/** Of single events. In bulk the store is the limit, and all that is acknowledged waits for it. */
const ratioMin = { single: 0.9, bulk: 0.8 } as const;
const followedRatioMin = 0.8;

/** Every stage a minute after the one before: messages complete in time, as nearly all of them do anywhere. */
export const definition = {
  stages: stages.map((event, n) => (n === 0 ? { event } : { event, after: stages[n - 1], within: "1m" })),
  complete_on: [stages.at(-1)],
};

export async function putLifecycle(mars: Pick<Mars, "url">, body: unknown = definition): Promise<void> {
  const response = await fetch(`${mars.url}/api/apps/bench/lifecycle`, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`);
}

export const lifecycleIngestSingle: Scenario = {
  name: "lifecycle-ingest-single",
  tools: ["wrk"],
  run: (bench) =>
    compareWithout(
      bench,
      "lifecycle-ingest-single",
      ratioMin.single,
      wrk({
        script: "single.lua",
        args: ["now"],
        connections: 100,
        eventsPerRequest: 1,
        seconds: bench.seconds(),
      }),
    ),
};

export const lifecycleIngestBulk: Scenario = {
  name: "lifecycle-ingest-bulk",
  tools: ["wrk"],
  run: (bench) =>
    compareWithout(
      bench,
      "lifecycle-ingest-bulk",
      ratioMin.bulk,
      wrk({
        script: "bulk.lua",
        args: ["now"],
        connections: 8,
        eventsPerRequest: 500,
        seconds: bench.seconds(),
      }),
    ),
};

interface Turn extends MeasuredTurn {
  /** Stored events a second, by the end of the turn and of the time to catch up. */
  readonly storedRate: number;
}

async function compareWithout(
  bench: Bench,
  name: string,
  acknowledgedRatioMin: number,
  load: Load,
): Promise<Outcome> {
  const [followed, plain] = [await bench.startMars(), await bench.startMars()];
  await putLifecycle(followed);
  const ours: Turn[] = [];
  const theirs: Turn[] = [];
  for (let round = 0; round < bench.rounds; round++) {
    ours.push(await turnOf(followed, load));
    theirs.push(await turnOf(plain, load));
  }
  const row = (unit: string, figure: (turn: Turn) => number, bar: Pick<Row, "bar" | "met">): Row => ({
    name,
    unit,
    mars: spreadOf(ours.map(figure)),
    control: { name: "without", spread: spreadOf(theirs.map(figure)) },
    ...bar,
  });
  const acknowledged = row("events/s", ({ rate }) => rate, { bar: `≥ ${acknowledgedRatioMin}` });
  const followedRow = row("stored and followed/s", ({ storedRate }) => storedRate, {
    bar: `≥ ${followedRatioMin}`,
  });
  return {
    rows: [
      {
        ...acknowledged,
        met: ratioOf(acknowledged) >= acknowledgedRatioMin,
        ...costs(ours, theirs),
        peakBytes: { mars: followed.memory().peak, control: plain.memory().peak },
        notes: [...limits("Mars", ours), ...limits("without", theirs)],
      },
      { ...followedRow, met: ratioOf(followedRow) >= followedRatioMin },
    ],
    faults: [
      ...(await stopAndVerify(followed, { name, turns: ours, distinct: true })),
      ...(await stopAndVerify(plain, { name, turns: theirs, distinct: true })),
    ],
  };
}

async function turnOf(mars: Mars, load: Load): Promise<Turn> {
  const started = performance.now();
  const turn = await measure(mars, load, mars.caughtUp);
  return { ...turn, storedRate: (turn.acknowledged * 1000) / (performance.now() - started) };
}
