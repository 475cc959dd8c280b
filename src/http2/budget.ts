/**
 * What a peer may do that costs this end work and brings nothing: control frames, and streams that it begins and gives up. Each has
 * an allowance that grows by the second, and by what is useful. A peer is the same on all of its connections, so that a new
 * connection brings no new allowance.
 *
 * Bound: `peersMax` peers; beyond it the one that was first is forgotten.
 */

export interface BudgetOptions {
  /** Control frames at once, and a second: PING, SETTINGS, WINDOW_UPDATE, PRIORITY, unknown ones, and DATA without data. */
  readonly frames?: Allowance;
  /** Streams that end with an error of the client's making, or are refused, at once and a second. */
  readonly resets?: Allowance;
  readonly now?: () => number;
}

export interface Allowance {
  readonly max: number;
  readonly perSecond: number;
}

const framesDefault: Allowance = { max: 10_000, perSecond: 1_000 };
const resetsDefault: Allowance = { max: 2_000, perSecond: 200 };
const peersMax = 10_000;

/** One allowance of one peer. */
class Bucket {
  readonly #allowance: Allowance;
  #left: number;
  #at: number;

  constructor(allowance: Allowance, now: number) {
    this.#allowance = allowance;
    this.#left = allowance.max;
    this.#at = now;
  }

  /** @returns whether it was there */
  spend(now: number): boolean {
    if (this.#left < 1) this.#grow(now);
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }

  earn(count: number): void {
    this.#left = Math.min(this.#allowance.max, this.#left + count);
  }

  isFull(now: number): boolean {
    this.#grow(now);
    return this.#left >= this.#allowance.max;
  }

  #grow(now: number): void {
    this.earn(((now - this.#at) / 1_000) * this.#allowance.perSecond);
    this.#at = now;
  }
}

export class PeerBudget {
  readonly #now: () => number;
  readonly #frames: Bucket;
  readonly #resets: Bucket;
  connections = 0;

  constructor({
    frames = framesDefault,
    resets = resetsDefault,
    now = () => performance.now(),
  }: BudgetOptions) {
    this.#now = now;
    this.#frames = new Bucket(frames, now());
    this.#resets = new Bucket(resets, now());
  }

  /** @returns whether the peer may still send such a frame */
  spendFrame(): boolean {
    return this.#frames.spend(this.#now());
  }

  /** @returns whether a stream of the peer's may still end so */
  spendReset(): boolean {
    return this.#resets.spend(this.#now());
  }

  /** A client answers DATA with updates of two windows, and measures by PING. */
  dataSent(): void {
    this.#frames.earn(3);
  }

  requestCame(): void {
    this.#frames.earn(2);
  }

  requestEnded(): void {
    this.#resets.earn(1);
  }

  /** Whether it has nothing to remember. */
  isIdle(): boolean {
    const now = this.#now();
    return this.connections === 0 && this.#frames.isFull(now) && this.#resets.isFull(now);
  }
}

export class Budgets {
  readonly #options: BudgetOptions;
  readonly #peers = new Map<string, PeerBudget>();

  constructor(options: BudgetOptions = {}) {
    this.#options = options;
  }

  /** That of a peer that has one connection more. */
  open(name: string): PeerBudget {
    let budget = this.#peers.get(name);
    if (budget === undefined) {
      if (this.#peers.size >= peersMax) {
        const [first] = this.#peers.keys();
        if (first !== undefined) this.#peers.delete(first);
      }
      budget = new PeerBudget(this.#options);
      this.#peers.set(name, budget);
    }
    budget.connections += 1;
    return budget;
  }

  /** Forgets peers that are gone and whose allowances are full. To be called now and then. */
  sweep(): void {
    for (const [name, budget] of this.#peers) if (budget.isIdle()) this.#peers.delete(name);
  }
}
