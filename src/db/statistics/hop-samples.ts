/** How long messages took to stages, each by itself: for numbers of messages that are bounded. Pure. */
import type { Micros } from "../../core/event.ts";

export interface HopSample {
  readonly took: Micros;
  /** Its number. */
  readonly message: number;
}

export class HopSamples {
  /** By stage. */
  readonly #samples = new Map<number, HopSample[]>();

  add(stage: number, sample: HopSample): void {
    const known = this.#samples.get(stage);
    if (known === undefined) this.#samples.set(stage, [sample]);
    else known.push(sample);
  }

  count(stage: number): number {
    return this.#samples.get(stage)?.length ?? 0;
  }

  /**
   * Those by which so many percent took at most as long: the nearest rank.
   *
   * @param percents each above 0 and at most 100
   * @returns none where none was added
   */
  percentiles(stage: number, percents: readonly number[]): HopSample[] {
    const sorted = (this.#samples.get(stage) ?? []).toSorted(
      (a, b) => a.took - b.took || a.message - b.message,
    );
    return percents.flatMap((percent) => sorted[Math.ceil((percent * sorted.length) / 100) - 1] ?? []);
  }
}
