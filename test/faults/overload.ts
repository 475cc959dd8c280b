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
/** The bar, and what a short run on a busy machine must reach. */
const shareMin = { full: 0.9, short: 0.6 };

interface Figures {
  accepted: number;
  refused: number;
}

/** Resolves to the rates of accepted events. */
export async function run({ full, binary }: FaultCheckOptions): Promise<string> {
  const seconds = full ? 15 : 4;
  const rates: number[] = [];
  const lines: string[] = [];
  for (const times of [1, 5, 20]) {
    // A database of its own for each, for one that has grown stores more slowly.
    const dataDir = await mkdtemp(join(tmpdir(), "mars-overload-"));
    const mars = await spawnMars({
      dataDir,
      env: { MARS_JOURNAL_MAX: "8MiB" },
      ...(binary !== undefined && { command: [binary] }),
    });
    try {
      const { accepted, refused } = await load(mars.url, { clients: connections * times, seconds });
      rates.push(accepted / seconds);
      lines.push(`${times}×: ${Math.round(accepted / seconds)}/s, ${refused} calls refused`);
    } finally {
      await mars.kill("SIGKILL");
      await rm(dataDir, { recursive: true, force: true });
    }
  }
  const peak = Math.max(...rates);
  const least = Math.min(...rates) / peak;
  const figures = `${lines.join("; ")}; least share of the peak ${least.toFixed(2)}`;
  if (least < (full ? shareMin.full : shareMin.short)) throw new Error(`too little is accepted: ${figures}`);
  return figures;
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
