/** What a backup costs those who report meanwhile: the same load on a full database alone, and beside one backup after another. */
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { join } from "node:path";
import { copyAgedDatabase } from "../aged-database.ts";
import type { Bench, Mars } from "../bench.ts";
import { costs, limits, type MeasuredTurn, measure, stopAndVerify } from "../compare.ts";
import { number, spreadOf } from "../figures.ts";
import { wrk } from "../load/wrk.ts";
import { type Outcome, ratioOf, type Scenario } from "../scenario.ts";
import { countStored } from "../verify.ts";

const bar = 0.5;
const connections = 10;

export const backup: Scenario = { name: "backup", tools: ["wrk", "cp", "sync"], run };

interface Copied {
  readonly bytes: number;
  readonly seconds: number;
}

async function run(bench: Bench): Promise<Outcome> {
  const aged = await copyAgedDatabase(bench);
  const before = await countStored(aged.dataDir);
  const mars = await bench.startMars({ dataDir: aged.dataDir });
  const load = wrk({
    ...{ script: "single.lua", connections, eventsPerRequest: 1 },
    seconds: bench.seconds(20),
  });
  const [beside, alone]: [MeasuredTurn[], MeasuredTurn[]] = [[], []];
  const copied: Copied[] = [];
  for (let round = 0; round < bench.rounds; round++) {
    alone.push(await measure(mars, load, mars.caughtUp));
    let loaded = false;
    const copying = (async () => {
      while (!loaded) copied.push(await copy(mars, join(bench.directory, "backup")));
    })();
    const turn = measure(mars, load, mars.caughtUp).finally(() => {
      loaded = true;
    });
    beside.push(await turn);
    await copying;
  }
  const figures = {
    mars: spreadOf(beside.map(({ rate }) => rate)),
    control: { name: "no backup", spread: spreadOf(alone.map(({ rate }) => rate)) },
  };
  const peakBytes = { mars: mars.memory().peak };
  const turns = [...beside, ...alone];
  const faults = await stopAndVerify(mars, { name: "backup", turns, distinct: true, before });
  const seconds = spreadOf(copied.map((one) => one.seconds));
  return {
    rows: [
      {
        ...figures,
        name: `backup of ${number(aged.bytes / 1e6)} MB`,
        unit: "events/s",
        bar: `≥ ${bar}`,
        met: ratioOf(figures) >= bar,
        ...costs(beside, alone),
        peakBytes,
        notes: [
          `${copied.length} backups of ${number(copied[0]!.bytes / 1e6)} MB, each ${number(seconds.median)} s`,
          ...limits("beside", beside),
          ...limits("alone", alone),
        ],
      },
    ],
    faults,
  };
}

/** @throws where the backup is given up */
async function copy({ url }: Mars, path: string): Promise<Copied> {
  const started = performance.now();
  const response = await fetch(`${url}/api/backup`, { method: "POST" });
  if (response.status !== 200 || response.body === null)
    throw new Error(`backup: ${response.status} ${await response.text()}`);
  const file = createWriteStream(path);
  let bytes = 0;
  for await (const chunk of response.body) {
    bytes += chunk.length;
    if (!file.write(chunk)) await once(file, "drain");
  }
  file.end();
  await once(file, "finish");
  return { bytes, seconds: (performance.now() - started) / 1000 };
}
