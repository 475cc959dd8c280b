/**
 * How long things took since the start, in buckets of fixed bounds: what `/metrics` shows as a histogram. To observe is an addition, so
 * hot paths may do it. Percentiles of messages, which need more detail, are in `statistics/histogram.ts`.
 */

/** The upper bounds of the buckets but for the last, which has none; in milliseconds. */
export const timingBoundsMs: readonly number[] = [
  0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000,
];

/** For `GET /api/q/stats`. */
export interface TimingStats {
  readonly count: number;
  readonly sum_ms: number;
  /** How many took at most so long as the bound at the same place, and longer than the one before; the last: longer than all. */
  readonly buckets: readonly number[];
}

export class Timing {
  readonly #buckets = timingBoundsMs.map(() => 0).concat(0);
  #count = 0;
  #sumMs = 0;

  /** @param ms not negative; a clock that was put back may make it so, and that counts as 0 */
  observe(ms: number): void {
    const took = ms > 0 ? ms : 0;
    let at = 0;
    // Most take little, so this ends soon.
    while (at < timingBoundsMs.length && took > timingBoundsMs[at]!) at += 1;
    this.#buckets[at]! += 1;
    this.#count += 1;
    this.#sumMs += took;
  }

  /** Runs the call and observes how long it took, whether it succeeds or not. */
  async during<T>(call: () => Promise<T>): Promise<T> {
    const began = performance.now();
    try {
      return await call();
    } finally {
      this.observe(performance.now() - began);
    }
  }

  get stats(): TimingStats {
    return { count: this.#count, sum_ms: this.#sumMs, buckets: [...this.#buckets] };
  }
}
