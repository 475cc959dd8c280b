/**
 * Stopping is starting backwards: every step runs, in reverse order, even if one before it failed or does not end. Nothing is
 * waited for without a deadline: a disk that hangs, or a thread, must not keep a process alive that has to end.
 */

import type { Log } from "../core/ports.ts";
import { within } from "../runtime/delay.ts";

/** The least time of a step, however late it is: enough for a step that does not hang. */
const stepMsMin = 250;

export class Shutdown {
  readonly #log: Log;
  readonly #steps: { readonly name: string; readonly step: () => unknown }[] = [];

  constructor(log: Log) {
    this.#log = log;
  }

  /** Stops the component that has just been started. */
  defer(name: string, step: () => unknown): void {
    this.#steps.push({ name, step });
  }

  /**
   * @param remainingMs how much is left of the time for all of them
   * @returns the components that have not ended in time
   */
  async run(remainingMs: () => number): Promise<string[]> {
    const late: string[] = [];
    for (let next = this.#steps.pop(); next !== undefined; next = this.#steps.pop()) {
      const { name, step } = next;
      const ended = (async () => step())().catch((error: unknown) => {
        this.#log.error("component did not stop cleanly", { event: "stop_failed", part: name, error });
      });
      if (await within(Math.max(remainingMs(), stepMsMin), ended)) continue;
      late.push(name);
      this.#log.error("component did not stop in time", { event: "stop_late", part: name });
    }
    return late;
  }
}
