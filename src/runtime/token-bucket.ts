/**
 * A token bucket with debt: it fills at a steady rate up to its burst, and gives any amount while there is anything in it. What a
 * large amount takes beyond that is a debt, which is paid off before anything else is given. So an amount larger than the burst is
 * possible, and the rate holds in the long run. Time is passed in, in milliseconds of a monotonic clock.
 */
export class TokenBucket {
  #perMs: number;
  #burst: number;
  #level: number;
  #at: number;

  /** Begins full. */
  constructor({ perSecond, burst }: { readonly perSecond: number; readonly burst: number }, now: number) {
    this.#perMs = perSecond / 1_000;
    this.#burst = burst;
    this.#level = burst;
    this.#at = now;
  }

  /** Another rate from now on; what is in it stays, up to the burst. */
  adjust({ perSecond, burst }: { readonly perSecond: number; readonly burst: number }, now: number): void {
    this.#fill(now);
    this.#perMs = perSecond / 1_000;
    this.#burst = burst;
    this.#level = Math.min(this.#level, burst);
  }

  /** What is in it; below 0 a debt. */
  level(now: number): number {
    this.#fill(now);
    return this.#level;
  }

  /** Until it gives something; 0 where it does now. */
  waitMs(now: number): number {
    const level = this.level(now);
    // Something is whole: a fraction of an event would let one pass too early.
    return level >= 1 ? 0 : (1 - level) / this.#perMs;
  }

  /** Takes the amount, be there as much or not; a negative one is given back. */
  take(amount: number, now: number): void {
    this.#fill(now);
    this.#level = Math.min(this.#level - amount, this.#burst);
  }

  #fill(now: number): void {
    this.#level = Math.min(this.#level + (now - this.#at) * this.#perMs, this.#burst);
    this.#at = now;
  }
}
