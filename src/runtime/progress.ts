/** How far the store has come, and the requests that wait for it. */
import type { Caller } from "../core/caller.ts";
import { MarsError } from "../core/error.ts";
import type { Progress } from "../core/ports.ts";

/** Callers that wait at once; each holds a request open. */
const waitersMax = 10_000;

interface Waiter {
  readonly seq: number;
  readonly resolve: () => void;
}

export class StoreProgress implements Progress {
  #storedSeq = 0;
  readonly #waiters = new Set<Waiter>();

  get storedSeq(): number {
    return this.#storedSeq;
  }

  advance(seq: number): void {
    this.#storedSeq = seq;
    for (const waiter of this.#waiters) {
      if (waiter.seq <= seq) waiter.resolve();
    }
  }

  async reached(seq: number, timeoutMs: number, { signal }: Pick<Caller, "signal"> = {}): Promise<void> {
    if (seq <= this.#storedSeq) return;
    if (this.#waiters.size >= waitersMax) {
      throw new MarsError("overloaded", `${waitersMax} requests already wait for the store`, {
        retryAfterMs: 1_000,
      });
    }
    await new Promise<void>((resolve, reject) => {
      const finish = (outcome: () => void) => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", abandon);
        this.#waiters.delete(waiter);
        outcome();
      };
      const abandon = () => finish(() => reject(signal?.reason));
      const waiter: Waiter = { seq, resolve: () => finish(resolve) };
      const timer = setTimeout(() => {
        const message = `seq ${seq} is not visible after ${timeoutMs} ms; the store is at ${this.#storedSeq}`;
        finish(() => reject(new MarsError("deadline_exceeded", message)));
      }, timeoutMs);
      this.#waiters.add(waiter);
      signal?.addEventListener("abort", abandon, { once: true });
    });
  }
}
