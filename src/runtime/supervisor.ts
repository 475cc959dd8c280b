/**
 * The supervisor of the loops: everything that runs beside the requests (store, projector, alerts, retention) reports its failures
 * and recoveries to it, so that no loop stands still unnoticed.
 *
 * A step that fails is tried again after a growing pause, after any kind of fault: a loop never ends by one. The kinds
 * differ in how they are reported. A transient fault (the database is away) is a warning for as long as it lasts: events are still accepted,
 * and all of them arrive later. Any other fault needs a person, so after a while it makes Mars unready, by the loop's name.
 */

import { MarsError } from "../core/error.ts";
import type { Log } from "../core/ports.ts";
import { delay } from "./delay.ts";
import type { LoopStats } from "./stats.ts";

/** How long a loop may fail, and at least how often, before that is reported outside of the log. */
const stuckAfterMs = 10_000;
const stuckFailures = 3;
/** A loop that goes on failing, or fails and recovers in turn, has one line of the log in this time. */
const logEveryMs = 60_000;

export interface LoopOptions {
  /** Between attempts after a failure: doubling from the first to the last, in milliseconds. */
  readonly firstMs: number;
  readonly lastMs: number;
}

export interface SupervisorOptions {
  readonly log: Log;
  /** Milliseconds of a monotonic clock. */
  readonly now?: () => number;
}

/** Knows every loop of Mars, and which of them fail. */
export class Supervisor {
  readonly #log: Log;
  readonly #now: () => number;
  /** By name; as many as the code names, and none is ever removed. */
  readonly #loops = new Map<string, Loop>();

  constructor({ log, now = () => performance.now() }: SupervisorOptions) {
    this.#log = log;
    this.#now = now;
  }

  /** The loop of this name, made at the first call. */
  loop(name: string, options: LoopOptions): Loop {
    let loop = this.#loops.get(name);
    if (loop === undefined) {
      loop = new Loop(name, options, this.#log, this.#now);
      this.#loops.set(name, loop);
    }
    return loop;
  }

  /** Every loop by its name. */
  stats(): Record<string, LoopStats> {
    return Object.fromEntries([...this.#loops].map(([name, loop]) => [name, loop.stats()]));
  }

  /** The loops that fail for good, in a sentence each; empty while there are none. */
  stuck(): string[] {
    return this.#failing((loop) => loop.stuck);
  }

  /** The same of those that fail for now. */
  waiting(): string[] {
    return this.#failing((loop) => loop.waiting);
  }

  #failing(is: (loop: Loop) => boolean): string[] {
    return [...this.#loops.values()].filter(is).map((loop) => loop.describe());
  }
}

/** One loop: it reports what succeeded and failed, and gets the pause before the next attempt. */
export class Loop {
  readonly #name: string;
  readonly #options: LoopOptions;
  readonly #log: Log;
  readonly #now: () => number;
  #failures = 0;
  /** Since it last succeeded. */
  #inARow = 0;
  #since = 0;
  #error: MarsError | undefined;
  #loggedAt = Number.NEGATIVE_INFINITY;
  /** The log has the failure that lasts. */
  #logged = false;

  constructor(name: string, options: LoopOptions, log: Log, now: () => number) {
    this.#name = name;
    this.#options = options;
    this.#log = log;
    this.#now = now;
  }

  /** Runs a step again and again until the signal aborts. @param step resolves to how long to pause after it, in milliseconds */
  async run(step: () => Promise<number>, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      let pauseMs: number;
      try {
        pauseMs = await step();
        this.succeeded();
      } catch (thrown) {
        pauseMs = this.failed(thrown);
      }
      await delay(pauseMs, signal);
    }
  }

  /** A step has succeeded. Costs nothing unless the one before it failed. */
  succeeded(): void {
    if (this.#error === undefined) return;
    if (this.#logged) {
      const fields = { failures: this.#inARow, failed_for_ms: this.#failingForMs() };
      this.#log.info("loop recovered", { event: "loop_recovered", loop: this.#name, ...fields });
    }
    this.#error = undefined;
    this.#inARow = 0;
    this.#logged = false;
  }

  /** A step has failed. @returns how long to pause before the next attempt, in milliseconds */
  failed(thrown: unknown): number {
    const error = MarsError.from(thrown);
    const now = this.#now();
    if (this.#error === undefined) this.#since = now;
    // A fault of another kind is news.
    const changed = this.#error !== undefined && this.#error.code !== error.code;
    this.#error = error;
    this.#failures += 1;
    this.#inARow += 1;
    if (changed || now - this.#loggedAt >= logEveryMs) {
      this.#loggedAt = now;
      this.#logged = true;
      const fields = { failures: this.#inARow, failing_for_ms: this.#failingForMs(), error };
      const level = error.transient ? "warn" : "error";
      this.#log[level]("loop failing", { event: "loop_failing", loop: this.#name, ...fields });
    }
    const { firstMs, lastMs } = this.#options;
    return Math.min(firstMs * 2 ** Math.min(this.#inARow - 1, 30), lastMs);
  }

  /** Why the last step failed; empty when it did not. */
  get lastError(): string {
    return this.#error?.message ?? "";
  }

  /** Failures since the last success. */
  get failuresInARow(): number {
    return this.#inARow;
  }

  get stuck(): boolean {
    return this.#lasting() && this.#error?.transient === false;
  }

  get waiting(): boolean {
    return this.#lasting() && this.#error?.transient === true;
  }

  describe(): string {
    return `${this.#name} has failed for ${Math.floor(this.#failingForMs() / 1_000)} s: ${this.lastError}`;
  }

  stats(): LoopStats {
    return {
      failures: this.#failures,
      last_error: this.lastError,
      failing_for_ms: this.#failingForMs(),
    };
  }

  #lasting(): boolean {
    return this.#inARow >= stuckFailures && this.#failingForMs() >= stuckAfterMs;
  }

  #failingForMs(): number {
    return this.#error === undefined ? 0 : Math.round(this.#now() - this.#since);
  }
}
