/**
 * The times of receipt, which stand in for the `created_at` of an event that has none.
 * Such a time is a part of the event's identity, so no two may be equal: not in one request, not within the millisecond in
 * which the clock ticks, and not when the clock is put back and goes through the same hour again.
 */
import type { Micros } from "./event.ts";
import { wallMs } from "./time.ts";

/** How far they may run ahead of the clock rather than go back: more than a clock is adjusted by, and too little to be noticed. */
const aheadMax: Micros = 1_000_000;

/**
 * Every time the clock was put back further, times take other microseconds within their millisecond than before. The
 * step is the golden ratio's, which keeps them apart for as long as there is room.
 */
const phaseStep = 382;

export class ReceiptClock {
  readonly #nowMs: () => number;
  #last: Micros = Number.MIN_SAFE_INTEGER;
  #phase = 0;

  constructor(nowMs: () => number = () => wallMs()) {
    this.#nowMs = nowMs;
  }

  /** The time of receipt of one event: later than the one before, unless the clock was put back by over a second. */
  next(): Micros {
    const now = this.#nowMs() * 1_000 + this.#phase;
    if (now > this.#last) this.#last = now;
    else if (this.#last - now <= aheadMax) this.#last += 1;
    else {
      this.#phase = (this.#phase + phaseStep) % 1_000;
      this.#last = this.#nowMs() * 1_000 + this.#phase;
    }
    return this.#last;
  }

  /** Goes on behind the last time that was given before this process. */
  continueAfter(time: Micros): void {
    if (time > this.#last) this.#last = time;
  }
}

/** One for the process, for the events of all protocols. */
export const receipts = new ReceiptClock();
