/**
 * More than can be stored, by clients that ignore `Retry-After`: with 5 and with 20 times as many of them Mars must accept nine
 * tenths of what it accepts at its best, and refuse the rest, in so many words.
 *
 *     bun test/faults/overload.ts [--full] [--binary dist/mars]
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { spawnMars } from "../support/process.ts";
import { type FaultCheckOptions, runAlone } from "./fault-check.ts";

const connections = 4;
const eventsPerRequest = 500;
const seconds = 4;
/** The bar, and what a short run on a busy machine must reach. */
const shareMin = { full: 0.9, short: 0.6 };

interface Figures {
  accepted: number;
  refused: number;
}

/** How many times as many clients as at first. */
const multiples = [1, 5, 20];

/** Resolves to the rates of accepted events. */
export async function run({ full, binary }: FaultCheckOptions): Promise<string> {
  // In turns, and by medians: a machine that others use is twice as fast at one time as at another.
  const rounds = full ? 5 : 1;
  const rates = multiples.map((): number[] => []);
  const refused = multiples.map(() => 0);
  for (let round = 0; round < rounds; round++) {
    for (const [index, times] of multiples.entries()) {
      const figures = await overload(connections * times, binary);
      rates[index]!.push(figures.accepted / seconds);
      refused[index]! += figures.refused;
    }
  }
  const medians = rates.map((each) => each.toSorted((a, b) => a - b)[Math.floor(each.length / 2)]!);
  const least = Math.min(...medians) / Math.max(...medians);
  const lines = multiples.map(
    (times, index) => `${times}×: ${Math.round(medians[index]!)}/s, ${refused[index]} calls refused`,
  );
  const figures = `${lines.join("; ")}; least share of the peak ${least.toFixed(2)}`;
  if (least < (full ? shareMin.full : shareMin.short)) throw new Error(`too little is accepted: ${figures}`);
  return figures;
}

/** On a database of its own, for one that has grown stores more slowly. */
async function overload(clients: number, binary: string | undefined): Promise<Figures> {
  const dataDir = await mkdtemp(join(tmpdir(), "mars-overload-"));
  const mars = await spawnMars({
    dataDir,
    env: { MARS_JOURNAL_MAX: "8MiB" },
    ...(binary !== undefined && { command: [binary] }),
  });
  try {
    return await load(mars.url, { clients, seconds });
  } finally {
    await mars.kill("SIGKILL");
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function load(
  url: string,
  { clients, seconds }: { clients: number; seconds: number },
): Promise<Figures> {
  const figures = { accepted: 0, refused: 0 };
  const end = performance.now() + seconds * 1_000;
  await Promise.all(
    Array.from({ length: clients }, (_, client) => send(url, `c${client}`, { end, figures })),
  );
  return figures;
}

async function send(
  url: string,
  client: string,
  { end, figures }: { end: number; figures: Figures },
): Promise<void> {
  for (let n = 0; performance.now() < end; n++) {
    const events = Array.from({ length: eventsPerRequest }, (_, index) => ({
      app_id: "load",
      message_id: `${client}-${n}-${Math.floor(index / 5)}`,
      event: `stage-${index % 5}`,
    }));
    const response = await fetch(`${url}/api/event/bulk`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ events }),
    });
    await response.arrayBuffer();
    if (response.status === 200) figures.accepted += eventsPerRequest;
    else if (response.status === 429) figures.refused += 1;
    else throw new Error(`answered ${response.status}`);
  }
}

if (import.meta.main) await runAlone(run);
