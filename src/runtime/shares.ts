/**
 * A cap that is divided into fair shares: a peer may hold at most as much as it leaves free for the others. So one alone gets
 * half of it, the next a quarter, and a peer that holds nothing gets one as long as there is one. A peer may have a limit of its own
 * beside. An idle one may be evicted for a
 * newcomer: of the peer itself where its share is full, else of the peer that holds the most.
 *
 * Bound: `max`. Full: `take` returns `undefined`, which the caller turns into its protocol's refusal. Counters: `stats`.
 */
import type { Peer } from "../core/caller.ts";
import { MarsError } from "../core/error.ts";

export interface SharesOptions {
  readonly max: number;
  /** The name of a limit of callers, and how many a peer may have by it. */
  readonly limit?: { readonly name: string; of(peer: Peer): number };
  /** Called for every refusal. */
  readonly onRefused?: (peer: Peer) => void;
}

/** A thing of a peer that may be ended while it is idle. */
export interface Evictable {
  /** Since when it is idle, by `performance.now()`; `undefined` while it is in use. */
  idleSince(): number | undefined;
  /** Must end in `release`. */
  evict(): void;
}

/** One of a cap, held by a peer. */
export interface Lease {
  /** Gives it back. Idempotent. */
  release(): void;
}

/** For `GET /api/q/stats`. */
export interface SharesStats {
  readonly held: number;
  readonly max: number;
  /** Peers that hold some. */
  readonly peers: number;
  /** Since the start. */
  readonly refused: number;
  readonly evicted: number;
}

interface Holding {
  held: number;
  evictables: Set<Evictable> | undefined;
}

/** One cap, divided between peers. */
export class Shares {
  readonly #options: SharesOptions;
  readonly #peers = new Map<string, Holding>();
  #held = 0;
  #refused = 0;
  #evicted = 0;

  constructor(options: SharesOptions) {
    this.#options = options;
  }

  get max(): number {
    return this.#options.max;
  }

  get stats(): SharesStats {
    const { max } = this.#options;
    return { held: this.#held, max, peers: this.#peers.size, refused: this.#refused, evicted: this.#evicted };
  }

  /** Takes one; `undefined` where the peer's share, or the cap, is full. */
  take(peer: Peer, evictable?: Evictable): Lease | undefined {
    const holding = this.#add(peer);
    if (holding === undefined) return undefined;
    if (evictable !== undefined) {
      holding.evictables ??= new Set();
      holding.evictables.add(evictable);
    }
    let released = false;
    return {
      release: () => {
        if (released) return;
        released = true;
        if (evictable !== undefined) holding.evictables?.delete(evictable);
        this.giveBack(peer);
      },
    };
  }

  /** Takes one without a lease, for what comes thousands of times a second: to be given back once, by `giveBack`. */
  takeOne(peer: Peer): boolean {
    return this.#add(peer) !== undefined;
  }

  giveBack({ name }: Peer): void {
    const holding = this.#peers.get(name);
    if (holding === undefined) throw new Error(`${name} holds nothing that it could give back`);
    this.#held -= 1;
    holding.held -= 1;
    if (holding.held === 0) this.#peers.delete(name);
  }

  /** Runs the call while the peer holds one. @throws `MarsError("overloaded")` where there is none for it */
  async during<T>(peer: Peer, what: string, call: () => Promise<T>): Promise<T> {
    const lease = this.take(peer);
    if (lease === undefined) throw this.full(what, peer);
    try {
      return await call();
    } finally {
      lease.release();
    }
  }

  /** @param what the things of which there is a cap */
  full(what: string, peer: Peer): MarsError {
    const { max, limit } = this.#options;
    const held = this.#peers.get(peer.name)?.held ?? 0;
    const message =
      limit !== undefined && held >= limit.of(peer)
        ? `this caller may have at most ${held} ${what} at one time`
        : `at most ${max} ${what} at one time, and fewer for each client`;
    // The peer's own doing, unless there is none left for any other either.
    const own = limit !== undefined && this.#held < max;
    const reached = own && { limit: { name: limit.name, quota: held, apps: [] } };
    return new MarsError("overloaded", message, { retryAfterMs: 1_000, ...reached });
  }

  #add(peer: Peer): Holding | undefined {
    let holding = this.#peers.get(peer.name);
    if (!this.#fits(holding, peer)) {
      this.#evict(this.#held < this.#options.max ? holding : this.#most());
      // It may have been the peer's last one.
      holding = this.#peers.get(peer.name);
      if (!this.#fits(holding, peer)) {
        this.#refused += 1;
        this.#options.onRefused?.(peer);
        return undefined;
      }
    }
    if (holding === undefined) {
      holding = { held: 0, evictables: undefined };
      this.#peers.set(peer.name, holding);
    }
    holding.held += 1;
    this.#held += 1;
    return holding;
  }

  #fits(holding: Holding | undefined, peer: Peer): boolean {
    const { max, limit } = this.#options;
    const free = max - this.#held - 1;
    if (free < 0) return false;
    if (holding === undefined) return true;
    return holding.held + 1 <= free && (limit === undefined || holding.held + 1 <= limit.of(peer));
  }

  #most(): Holding | undefined {
    let most: Holding | undefined;
    for (const holding of this.#peers.values()) {
      if (most === undefined || holding.held > most.held) most = holding;
    }
    return most;
  }

  /** The one that has been idle for longest. */
  #evict(holding: Holding | undefined): void {
    let oldest: Evictable | undefined;
    let since = Number.POSITIVE_INFINITY;
    for (const evictable of holding?.evictables ?? []) {
      const idle = evictable.idleSince();
      if (idle === undefined || idle >= since) continue;
      oldest = evictable;
      since = idle;
    }
    if (oldest === undefined) return;
    this.#evicted += 1;
    oldest.evict();
  }
}
