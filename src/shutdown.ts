/** Stopping is starting backwards: every step runs, in reverse order, even if one before it failed. */
import type { Log } from "./event/ports.ts";

export class Shutdown {
  readonly #log: Log;
  readonly #steps: { readonly name: string; readonly step: () => unknown }[] = [];

  constructor(log: Log) {
    this.#log = log;
  }

  /** What undoes the part that has just been started. */
  defer(name: string, step: () => unknown): void {
    this.#steps.push({ name, step });
  }

  async run(): Promise<void> {
    for (let next = this.#steps.pop(); next !== undefined; next = this.#steps.pop()) {
      try {
        await next.step();
      } catch (error) {
        this.#log.error("a part did not stop cleanly", { part: next.name, error });
      }
    }
  }
}
