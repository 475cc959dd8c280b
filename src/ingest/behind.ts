/**
 * Counts the events between journal and store, and between store and projection. Their seqs do not count them: the sequence
 * leaps.
 */
import type { StorePosition } from "../core/ports.ts";

/** With more ranges, each two neighbours become one: a count then falls later than it could. */
const rangesMax = 1_000;

/** Events of a range of the sequence, by where it ends. */
interface Range {
  readonly to: number;
  readonly count: number;
}

export class Behind {
  /** Events of the journal that were not stored at the start. */
  #pending = 0;
  /** Stored, and not projected when it was last asked. */
  #unprojected: Range[] = [];

  /** @param pending events that the journal holds beyond the position */
  opened({ seq, unprojected }: StorePosition, pending: number): void {
    this.#pending = pending;
    this.stored(seq, unprojected);
  }

  /** Adds `count` stored events. @param to the store's position behind them */
  stored(to: number, count: number): void {
    if (count === 0) return;
    this.#unprojected.push({ to, count });
    if (this.#unprojected.length <= rangesMax) return;
    const merged: Range[] = [];
    for (let index = 0; index < this.#unprojected.length; index += 2) {
      const [one, two] = [this.#unprojected[index]!, this.#unprojected[index + 1]];
      merged.push(two === undefined ? one : { to: two.to, count: one.count + two.count });
    }
    this.#unprojected = merged;
  }

  /** In the journal and not stored. */
  ofStore(totals: { readonly accepted: number; readonly stored: number }): number {
    return Math.max(1, this.#pending + totals.accepted - totals.stored);
  }

  /** Stored, and beyond the projector's place. */
  ofProjection(projectedSeq: number): number {
    this.#unprojected = this.#unprojected.filter(({ to }) => to > projectedSeq);
    return this.#unprojected.reduce((sum, { count }) => sum + count, 0);
  }
}
