/**
 * How large the journal and the database were, and how much came, over restarts: so that the page can draw it.
 *
 * Bound: `pointsMax` points. Where there are as many, two and two become one and the step doubles, up to `stepMsMax`; from then on the
 * oldest ones go. So the first minutes are as visible as the last day, and nothing older than about a day is kept.
 */
import type { SizeHistoryStats } from "../runtime/stats.ts";

/** Between samples. */
export const sampleMs = 10_000;
/** 144 points of 640 s are a good day. */
const stepMsMax = 640_000;
const pointsMax = 144;
const version = 1;

export interface Sizes {
  readonly journalBytes: number;
  /** With its write-ahead log; 0 for a database server. */
  readonly databaseBytes: number;
  /** Events that wait for the store. */
  readonly behind: number;
  /** Events accepted since the start. */
  readonly accepted: number;
}

interface Point {
  /** `null` while Mars did not run; `accepted` is of the point alone. */
  readonly sizes: Sizes | null;
  /** Samples in it, taken or missed. */
  readonly samples: number;
}

export class SizeHistory {
  #stepMs = sampleMs;
  #points: Point[] = [];
  /** Events accepted since the start, as of the last sample. */
  #accepted = 0;

  /** To be called every `sampleMs`. */
  add(sizes: Sizes): void {
    this.#append({ ...sizes, accepted: sizes.accepted - this.#accepted });
    this.#accepted = sizes.accepted;
  }

  /**
   * Goes on from what an earlier run has kept. To be called before the first sample.
   *
   * @param now milliseconds of the wall's clock: since the last sample Mars did not run
   * @returns false for a text that is not `text` of any run: nothing is taken from it
   */
  restore(text: string, now: number): boolean {
    const kept = parseKept(text);
    if (kept === undefined) return false;
    this.#stepMs = kept.stepMs;
    this.#points = kept.points;
    const missed = Math.floor((now - kept.at) / sampleMs);
    // More than the history reaches back leaves nothing of it.
    for (let one = 0; one < Math.min(missed, (pointsMax * stepMsMax) / sampleMs); one += 1)
      this.#append(null);
    return true;
  }

  /** For `restore`. @param at when the last sample was taken */
  text(at: number): string {
    const points = this.#points.map(({ sizes, samples }) =>
      sizes === null
        ? [samples]
        : [samples, sizes.journalBytes, sizes.databaseBytes, sizes.behind, sizes.accepted],
    );
    return JSON.stringify({ version, at, step_ms: this.#stepMs, points });
  }

  get stats(): SizeHistoryStats {
    const of = (name: keyof Sizes) => this.#points.map(({ sizes }) => sizes?.[name] ?? null);
    return {
      step_ms: this.#stepMs,
      journal_bytes: of("journalBytes"),
      database_bytes: of("databaseBytes"),
      behind: of("behind"),
      accepted: of("accepted"),
    };
  }

  #append(sizes: Sizes | null): void {
    const one = { sizes, samples: 1 };
    const last = this.#points.at(-1);
    if (last !== undefined && last.samples < this.#stepMs / sampleMs) {
      this.#points[this.#points.length - 1] = merged(last, one);
      return;
    }
    if (this.#points.length === pointsMax) this.#makeRoom();
    this.#points.push(one);
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

/** What waited is a peak: it must not be lost in a longer step. Sizes are states, of which the last is taken. */
function merged(earlier: Point, later: Point): Point {
  const samples = earlier.samples + later.samples;
  if (earlier.sizes === null || later.sizes === null) return { sizes: earlier.sizes ?? later.sizes, samples };
  const behind = Math.max(earlier.sizes.behind, later.sizes.behind);
  const accepted = earlier.sizes.accepted + later.sizes.accepted;
  return { sizes: { ...later.sizes, behind, accepted }, samples };
}

function parseKept(text: string): { stepMs: number; at: number; points: Point[] } | undefined {
  let kept: unknown;
  try {
    kept = JSON.parse(text);
  } catch {
    return undefined;
  }
  const { version: of, at, step_ms: stepMs, points } = (kept ?? {}) as Readonly<Record<string, unknown>>;
  if (of !== version || !isCount(at) || !isCount(stepMs) || !Array.isArray(points)) return undefined;
  const doublings = Math.log2(stepMs / sampleMs);
  if (!Number.isInteger(doublings) || doublings < 0 || stepMs > stepMsMax) return undefined;
  if (points.length > pointsMax || !points.every(isPoint)) return undefined;
  return {
    ...{ stepMs, at },
    points: points.map(([samples, journalBytes, databaseBytes, behind, accepted]) => ({
      sizes: journalBytes === undefined ? null : { journalBytes, databaseBytes, behind, accepted },
      samples,
    })),
  };
}

function isPoint(value: unknown): boolean {
  return (
    Array.isArray(value) && [1, 5].includes(value.length) && value.every(isCount) && Number(value[0]) > 0
  );
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
