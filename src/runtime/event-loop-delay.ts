/**
 * How late the event loop is: a timer that looks ten times a second. As buckets, which can be added up over any time and any number of
 * scrapes; the percentiles of Node's `monitorEventLoopDelay` are of the whole time since the start.
 */
import { Timing, type TimingStats } from "../core/timing.ts";

const lookMs = 100;

export class EventLoopDelay {
  readonly #times = new Timing();
  readonly #timer: ReturnType<typeof setInterval>;

  constructor() {
    let expected = performance.now() + lookMs;
    this.#timer = setInterval(() => {
      const now = performance.now();
      this.#times.observe(now - expected);
      expected = now + lookMs;
    }, lookMs);
    this.#timer.unref();
  }

  get stats(): TimingStats {
    return this.#times.stats;
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
