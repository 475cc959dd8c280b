/**
 * Counts attempts to sign in that failed, by address: after ten within a minute the address is refused for a minute, with a
 * right key too. Behind a proxy all clients have one address, and one count.
 */
import { MarsError } from "../core/error.ts";
import type { Log } from "../core/ports.ts";

const failuresMax = 10;
const windowMs = 60_000;
/** Addresses that are counted; beyond it the one that failed first is forgotten. */
const addressesMax = 10_000;

interface Count {
  /** When the window, or the refusal, ends. */
  until: number;
  failures: number;
}

export interface SignInStats {
  /** Since the start. */
  readonly failed: number;
  /** Attempts of addresses that had failed too often. */
  readonly refused: number;
}

export class SignInAttempts {
  readonly #log: Pick<Log, "warn">;
  readonly #now: () => number;
  readonly #counts = new Map<string, Count>();
  #failed = 0;
  #refused = 0;

  /** @param now in milliseconds */
  constructor(log: Pick<Log, "warn">, now: () => number = () => performance.now()) {
    this.#log = log;
    this.#now = now;
  }

  get stats(): SignInStats {
    return { failed: this.#failed, refused: this.#refused };
  }

  /** @throws `MarsError("overloaded")` for an address that has failed too often */
  assertMayTry(address: string): void {
    const count = this.#counts.get(address);
    if (count === undefined || count.failures < failuresMax) return;
    const leftMs = count.until - this.#now();
    if (leftMs <= 0) return;
    this.#refused += 1;
    throw new MarsError("overloaded", "too many attempts to sign in have failed: try again in a minute", {
      retryAfterMs: leftMs,
    });
  }

  failed(address: string): void {
    this.#failed += 1;
    const now = this.#now();
    let count = this.#counts.get(address);
    if (count === undefined || count.until <= now) {
      count = { until: now + windowMs, failures: 0 };
      // Last in the order of the map, too.
      this.#counts.delete(address);
      const [first] = this.#counts.keys();
      if (this.#counts.size >= addressesMax && first !== undefined) this.#counts.delete(first);
      this.#counts.set(address, count);
    }
    count.failures += 1;
    const refusing = count.failures >= failuresMax;
    if (refusing) count.until = now + windowMs;
    // The first of a row, and the last: so many lines an address and minute.
    if (count.failures > 1 && !refusing) return;
    const message = refusing ? "sign-in failed too often, refusing the address" : "sign-in failed";
    this.#log.warn(message, { event: "sign_in_refused", address, failures: count.failures });
  }
}
