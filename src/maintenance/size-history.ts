/**
 * How large the journal and the database were, and how much came, since the start: in memory, so that the page can draw it.
 *
 * Bound: `pointsMax` points. Where there are as many, two and two become one and the step doubles, up to `stepMsMax`; from then on the
 * oldest ones go. So the first minutes are as visible as the last day, and nothing older than about a day is kept.
 */
import { stat } from "node:fs/promises";
import type { SizeHistoryStats } from "../runtime/stats.ts";
import type { Supervisor } from "../runtime/supervisor.ts";

const stepMsFirst = 10_000;
/** 144 points of 640 s are a good day. */
const stepMsMax = 640_000;
const pointsMax = 144;
const retry = { firstMs: stepMsFirst, lastMs: stepMsFirst };

export interface Sizes {
  readonly journalBytes: number;
  /** With its write-ahead log; 0 for a database server. */
  readonly databaseBytes: number;
  /** Events that wait for the store. */
  readonly behind: number;
  /** Events accepted since the start. */
  readonly accepted: number;
}

interface Point extends Sizes {
  /** Samples in it. */
  samples: number;
}

export class SizeHistory {
  #stepMs = stepMsFirst;
  readonly #points: Point[] = [];

  /** To be called every `stepMsFirst`. */
  add(sizes: Sizes): void {
    const last = this.#points.at(-1);
    if (last !== undefined && last.samples < this.#stepMs / stepMsFirst) {
      this.#points[this.#points.length - 1] = merged(last, { ...sizes, samples: 1 });
      return;
    }
    if (this.#points.length === pointsMax) this.#makeRoom();
    this.#points.push({ ...sizes, samples: 1 });
  }

  get stats(): SizeHistoryStats {
    return {
      step_ms: this.#stepMs,
      journal_bytes: this.#points.map(({ journalBytes }) => journalBytes),
      database_bytes: this.#points.map(({ databaseBytes }) => databaseBytes),
      behind: this.#points.map(({ behind }) => behind),
      accepted: this.#points.map(({ accepted }) => accepted),
    };
  }

  #makeRoom(): void {
    if (this.#stepMs === stepMsMax) {
      this.#points.shift();
      return;
    }
    this.#stepMs *= 2;
    const pairs = this.#points.splice(0);
    for (let at = 0; at < pairs.length; at += 2) {
      const [one, other] = [pairs[at]!, pairs[at + 1]];
      this.#points.push(other === undefined ? one : merged(one, other));
    }
  }
}

/** What waited is a peak: it must not be lost in a longer step. The others are states, of which the last is taken. */
function merged(earlier: Point, later: Point): Point {
  return {
    ...later,
    behind: Math.max(earlier.behind, later.behind),
    samples: earlier.samples + later.samples,
  };
}

export interface RecordSizesOptions {
  readonly history: SizeHistory;
  /** Of its file; absent for a database server. */
  readonly databasePath: string | undefined;
  readonly sizes: () => Omit<Sizes, "databaseBytes">;
  readonly supervisor: Pick<Supervisor, "loop">;
}

/** Runs until the signal aborts. */
export async function recordSizes(
  { history, databasePath, sizes, supervisor }: RecordSizesOptions,
  signal: AbortSignal,
): Promise<void> {
  await supervisor.loop("sizes", retry).run(async () => {
    const databaseBytes =
      databasePath === undefined
        ? 0
        : (await bytesOf(databasePath)) + (await bytesOf(`${databasePath}-wal`).catch(ifGone));
    history.add({ ...sizes(), databaseBytes });
    return stepMsFirst;
  }, signal);
}

async function bytesOf(path: string): Promise<number> {
  return (await stat(path)).size;
}

/** The write-ahead log is there only while the database is open. */
function ifGone(error: unknown): number {
  if ((error as NodeJS.ErrnoException).code === "ENOENT") return 0;
  throw error;
}
