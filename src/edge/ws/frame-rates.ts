/**
 * Bounds the rate of clients' frames. A WebSocket's frames are answered as they are read, so one client that sends a hundred
 * thousand a second would leave no time for the others.
 *
 * Bound: a burst, and so many a second from then on, of each socket and of each peer with all of its sockets; a long frame counts
 * as one for each KiB. Beyond it `take` returns false, and the socket is to be closed.
 */

export interface FrameRate {
  readonly burst: number;
  readonly perSecond: number;
}

export interface FrameRatesOptions {
  /** Default: enough to subscribe to as many topics as a socket may have, to end the subscriptions and to start them again. */
  readonly socket?: FrameRate;
  /** Default: that of ten such sockets, for all sockets of a peer connect again at one time after a restart. */
  readonly peer?: FrameRate;
  /** Milliseconds of a monotonic clock. */
  readonly now?: () => number;
}

/** The rate of one socket. */
export interface FrameAllowance {
  /** Whether one more frame, of so many characters, may be answered. */
  take(length: number): boolean;
  /** The socket is gone. */
  end(): void;
}

/** Far more than any frame that is of use. */
const countedChars = 1024;

const socketDefault: FrameRate = { burst: 3_000, perSecond: 100 };
const peerDefault: FrameRate = { burst: 30_000, perSecond: 1_000 };

/** A token bucket: the rest of a rate, which fills up as time passes. */
class Bucket {
  readonly #rate: FrameRate;
  #left: number;
  #filledAt: number;

  constructor(rate: FrameRate, now: number) {
    this.#rate = rate;
    this.#left = rate.burst;
    this.#filledAt = now;
  }

  take(count: number, now: number): boolean {
    const { burst, perSecond } = this.#rate;
    this.#left = Math.min(burst, this.#left + ((now - this.#filledAt) / 1_000) * perSecond);
    this.#filledAt = now;
    if (this.#left < count) return false;
    this.#left -= count;
    return true;
  }

  isFull(now: number): boolean {
    const { burst, perSecond } = this.#rate;
    return this.#left + ((now - this.#filledAt) / 1_000) * perSecond >= burst;
  }
}

export class FrameRates {
  readonly #socketRate: FrameRate;
  readonly #peerRate: FrameRate;
  readonly #now: () => number;
  /** Of peers that have sockets, or had some lately: closing a socket does not restore the rate. */
  readonly #peers = new Map<string, { readonly bucket: Bucket; sockets: number }>();

  constructor({ socket, peer, now = () => performance.now() }: FrameRatesOptions = {}) {
    this.#socketRate = socket ?? socketDefault;
    this.#peerRate = peer ?? peerDefault;
    this.#now = now;
  }

  /** How many peers have a bucket. */
  get size(): number {
    return this.#peers.size;
  }

  /** For a new socket of this peer. */
  open(peer: string): FrameAllowance {
    const now = this.#now();
    this.#forgetFull(now);
    const shared = this.#peers.get(peer) ?? { bucket: new Bucket(this.#peerRate, now), sockets: 0 };
    this.#peers.set(peer, shared);
    shared.sockets += 1;
    const own = new Bucket(this.#socketRate, now);
    let ended = false;
    return {
      take: (length) => {
        const at = this.#now();
        const count = Math.max(1, Math.ceil(length / countedChars));
        return own.take(count, at) && shared.bucket.take(count, at);
      },
      end: () => {
        if (!ended) shared.sockets -= 1;
        ended = true;
      },
    };
  }

  /** Checks the oldest few: more leave than come, and the cost of opening a socket does not grow with the peers. */
  #forgetFull(now: number): void {
    let looked = 0;
    for (const [name, shared] of this.#peers) {
      if (++looked > 2) return;
      this.#peers.delete(name);
      // Those that stay go to the end.
      if (shared.sockets > 0 || !shared.bucket.isFull(now)) this.#peers.set(name, shared);
    }
  }
}
