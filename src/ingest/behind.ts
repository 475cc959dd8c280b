/** How many events wait at each stage. They are counted: the seqs between two of them may have leapt. */
import type { StorePosition } from "../core/ports.ts";

/** Beyond this many stretches, two neighbours become one: a count then falls later than it could. */
const stretchesMax = 1_000;

/** Events of a stretch of the sequence, by where it ends. */
interface Stretch {
  readonly to: number;
  readonly count: number;
}

export class Behind {
  /** Events of the journal that were not stored at the start. */
  #pending = 0;
  /** What has been stored and was not tracked when it was last asked. */
  #untracked: Stretch[] = [];

  /** @param pending events that the journal holds beyond the position */
  opened({ seq, untracked }: StorePosition, pending: number): void {
    this.#pending = pending;
    this.stored(seq, untracked);
  }

  /** So many more are stored, up to a seq beyond all before. */
  stored(to: number, count: number): void {
    if (count === 0) return;
    this.#untracked.push({ to, count });
    if (this.#untracked.length <= stretchesMax) return;
    const merged: Stretch[] = [];
    for (let index = 0; index < this.#untracked.length; index += 2) {
      const [one, two] = [this.#untracked[index]!, this.#untracked[index + 1]];
      merged.push(two === undefined ? one : { to: two.to, count: one.count + two.count });
    }
    this.#untracked = merged;
  }

  /** In the journal and not stored. */
  ofStore(totals: { readonly accepted: number; readonly stored: number }): number {
    return Math.max(1, this.#pending + totals.accepted - totals.stored);
  }

  /** Stored, and beyond the tracker's place. */
  ofTracker(trackedSeq: number): number {
    this.#untracked = this.#untracked.filter(({ to }) => to > trackedSeq);
    return this.#untracked.reduce((sum, { count }) => sum + count, 0);
  }
}
