/**
 * A budget of all clients: `max` for all of them together, and `peerMax` for one, so that no peer can keep the others out. A
 * caller that finds no room waits for it, the peers by turns, and is refused after `waitMs` or when too many wait.
 */
import type { Peer } from "../core/caller.ts";
import { MarsError } from "../core/error.ts";
import type { BudgetStats } from "../runtime/budget-stats.ts";

export interface BudgetOptions {
  /** The name of the amounts in the refusal: "bytes of request bodies". */
  readonly what: string;
  /** For all peers together. */
  readonly max: number;
  /** For one peer; at most `max`. */
  readonly peerMax: number;
  /** What a peer may have by a limit of its own. */
  readonly limitOf?: (peer: Peer) => number;
  /** Callers that may wait for room at one time; beyond it callers are refused at once. */
  readonly waitersMax?: number;
  /** How long a caller waits for room before it is refused. */
  readonly waitMs?: number;
}

/** An amount of the budget that a caller has until it is released. Releasing is idempotent. */
export interface BudgetLease {
  readonly amount: number;
  /** Takes more, unless there is no room for it now. */
  grow(more: number): boolean;
  release(): void;
}

/** One caller that waits. Each peer has a queue, so that a peer with many callers gets no more turns than the others. */
interface Waiter {
  readonly peer: Peer;
  readonly amount: number;
  grant(lease: BudgetLease): void;
}

const waitersMaxDefault = 1_024;
const waitMsDefault = 5_000;
const retryAfterMs = 1_000;

export class Budget {
  readonly #options: Required<BudgetOptions>;
  readonly #usedBy = new Map<string, number>();
  /** In the order in which the peers have their turn. None is empty. */
  readonly #queues = new Map<string, Waiter[]>();
  #used = 0;
  #waiting = 0;
  #refused = 0;

  constructor(options: BudgetOptions) {
    this.#options = {
      waitersMax: waitersMaxDefault,
      waitMs: waitMsDefault,
      limitOf: () => Number.POSITIVE_INFINITY,
      ...options,
    };
  }

  get stats(): BudgetStats {
    return { used: this.#used, max: this.#options.max, waiting: this.#waiting, refused: this.#refused };
  }

  /** Room for `amount` if there is some now and no caller waits for it. */
  tryTake(peer: Peer, amount: number): BudgetLease | undefined {
    if (this.#waiting > 0 || !this.#fits(peer, amount)) return undefined;
    return this.#give(peer, amount);
  }

  /**
   * Waits for room. Rejects with `overloaded` after `waitMs`, at once when `waitersMax` wait already, and with
   * `malformed` when the signal aborts, since the client has gone.
   */
  async take(peer: Peer, amount: number, signal?: AbortSignal): Promise<BudgetLease> {
    const now = this.tryTake(peer, amount);
    if (now !== undefined) return now;
    const { waitersMax, waitMs } = this.#options;
    // Half of the places at most for one peer, as with the budget itself.
    const peerWaiters = this.#queues.get(peer.name)?.length ?? 0;
    if (this.#waiting >= waitersMax || peerWaiters >= waitersMax / 2) throw this.#refuse();
    if (signal?.aborted) throw goneError();
    const { promise, resolve, reject } = Promise.withResolvers<BudgetLease>();
    const waiter: Waiter = { peer, amount, grant: resolve };
    const timer = setTimeout(() => {
      if (this.#forget(waiter)) reject(this.#refuse());
    }, waitMs);
    const gone = () => {
      if (this.#forget(waiter)) reject(goneError());
    };
    signal?.addEventListener("abort", gone);
    this.#enqueue(waiter);
    // There may be room for this peer while others wait for theirs.
    this.#letIn();
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", gone);
    }
  }

  #fits(peer: Peer, amount: number): boolean {
    const { max, peerMax, limitOf } = this.#options;
    if (this.#used + amount > max) return false;
    return (this.#usedBy.get(peer.name) ?? 0) + amount <= Math.min(peerMax, limitOf(peer));
  }

  #give(peer: Peer, amount: number): BudgetLease {
    this.#add(peer.name, amount);
    let held = amount;
    return {
      get amount() {
        return held;
      },
      grow: (more) => {
        if (!this.#fits(peer, more)) {
          this.#refused++;
          return false;
        }
        this.#add(peer.name, more);
        held += more;
        return true;
      },
      release: () => {
        if (held === 0) return;
        this.#add(peer.name, -held);
        held = 0;
        if (this.#waiting > 0) this.#letIn();
      },
    };
  }

  #add(peer: string, amount: number): void {
    this.#used += amount;
    const used = (this.#usedBy.get(peer) ?? 0) + amount;
    if (used === 0) this.#usedBy.delete(peer);
    else this.#usedBy.set(peer, used);
  }

  #enqueue(waiter: Waiter): void {
    const { name } = waiter.peer;
    const queue = this.#queues.get(name);
    if (queue === undefined) this.#queues.set(name, [waiter]);
    else queue.push(waiter);
    this.#waiting++;
  }

  /** @returns whether it was still waiting */
  #forget(waiter: Waiter): boolean {
    const { name } = waiter.peer;
    const queue = this.#queues.get(name);
    const at = queue?.indexOf(waiter) ?? -1;
    if (queue === undefined || at === -1) return false;
    queue.splice(at, 1);
    if (queue.length === 0) this.#queues.delete(name);
    this.#waiting--;
    return true;
  }

  /** Lets in one of each peer, round after round, as long as there is room for any of them. */
  #letIn(): void {
    for (let found = true; found; ) {
      found = false;
      for (const [name, queue] of [...this.#queues]) {
        const waiter = queue[0];
        if (waiter === undefined || !this.#fits(waiter.peer, waiter.amount)) continue;
        this.#forget(waiter);
        // The next turn of this peer is after those of the others.
        if (this.#queues.delete(name) && queue.length > 0) this.#queues.set(name, queue);
        waiter.grant(this.#give(waiter.peer, waiter.amount));
        found = true;
      }
    }
  }

  #refuse(): MarsError {
    this.#refused++;
    const { what, max } = this.#options;
    return new MarsError("overloaded", `too many ${what} are in work: at most ${max} at one time`, {
      retryAfterMs,
    });
  }
}

function goneError(): MarsError {
  return new MarsError("malformed", "the client has gone away");
}
