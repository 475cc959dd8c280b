/** Reading single messages out of many over ten connections, beside SQLite read directly by the same driver in one process. */
import { join } from "node:path";
import { agedMessage, openAgedDatabase } from "../aged-database.ts";
import type { Bench } from "../bench.ts";
import { costs, limits, type MeasuredTurn, measure } from "../compare.ts";
import { number, spreadOf } from "../figures.ts";
import { wrk } from "../load/wrk.ts";
import { type Outcome, ratioOf, type Scenario } from "../scenario.ts";

const connections = 10;
/** Messages that are read, in turn: far more than the caches of a connection have pages. */
const chosen = 200_000;
const ratioMin = 0.5;
const p99MsMax = 5;
const cpuMicrosMax = 120;

export const readingLoad: Scenario = { name: "reading-load", tools: ["wrk"], run };

async function run(bench: Bench): Promise<Outcome> {
  const aged = await openAgedDatabase(bench);
  const paths = bench.newDirectory();
  await Bun.write(paths, Array.from({ length: chosen }, () => pathOf(aged.messages)).join("\n"));
  const mars = await bench.startMars({ dataDir: aged.dataDir });
  // Stopped before Mars: who closes a database last empties its log, and only Mars keeps sums of its pages.
  const control = await bench.startControl("read-message.ts", join(aged.dataDir, "messages.db"));
  const load = wrk({
    ...{ script: "paths.lua", args: [paths], connections },
    ...{ eventsPerRequest: 1, seconds: bench.seconds() },
  });
  const ours: MeasuredTurn[] = [];
  const theirs: MeasuredTurn[] = [];
  // What is read for the first time comes from the disk, and programs are slow at first.
  await load(mars);
  await load(control);
  for (let round = 0; round < bench.rounds; round++) {
    ours.push(await measure(mars, load));
    theirs.push(await measure(control, load));
  }
  const rates = {
    mars: spreadOf(ours.map(({ rate }) => rate)),
    control: { name: "SQLite read directly", spread: spreadOf(theirs.map(({ rate }) => rate)) },
  };
  const { p50, p99, cpuMicrosPerEvent } = costs(ours, theirs);
  const peakBytes = { mars: mars.memory().peak, control: control.memory().peak };
  await control.stop();
  await mars.stop();
  return {
    rows: [
      {
        ...rates,
        name: `reading-load, ${connections} connections`,
        unit: "messages/s",
        bar: `≥ ${ratioMin}, p99 ≤ ${p99MsMax} ms, CPU ≤ ${cpuMicrosMax} µs`,
        met: ratioOf(rates) >= ratioMin && p99.mars <= p99MsMax && cpuMicrosPerEvent.mars <= cpuMicrosMax,
        ...{ p50, p99, cpuMicrosPerEvent, peakBytes },
        notes: [
          `${number(aged.messages)} messages, ${number(aged.bytes / 1e6)} MB; CPU is of a read`,
          ...limits("Mars", ours),
          ...limits("control", theirs),
        ],
      },
    ],
    faults: [],
  };
}

function pathOf(messages: number): string {
  const { appId, messageId } = agedMessage(Math.floor(Math.random() * messages));
  return `/api/apps/${appId}/messages/${messageId}`;
}
