/** A sleep that can be ended: for loops that wait for work, for a time, or for the end. */
export class Wake {
  #ring: (() => void) | undefined;
  #rung = false;

  /** Ends the sleep, or the next one before it has begun. */
  ring(): void {
    this.#rung = true;
    this.#ring?.();
  }

  /** Resolves after `ms`, when it rings, or when the signal aborts. */
  sleep(ms: number, signal: AbortSignal): Promise<void> {
    if (this.#rung || signal.aborted || ms <= 0) {
      this.#rung = false;
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        signal.removeEventListener("abort", done);
        this.#ring = undefined;
        this.#rung = false;
        resolve();
      };
      const timer = setTimeout(done, ms);
      signal.addEventListener("abort", done, { once: true });
      this.#ring = done;
    });
  }
}
