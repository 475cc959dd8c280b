/**
 * Bounds the requests of port 4000 that are under way, by caller; calls of the gRPC port have the same bound (`rpc/grpc-calls.ts`).
 * So it bounds the small bodies, too, whose bytes nothing else counts.
 */
import type { Peer } from "../core/caller.ts";
import type { Shares } from "../runtime/shares.ts";
import type { EventSender } from "./event-limits.ts";

/**
 * So many requests of callers without a key may be under way before their addresses are asked for, which costs a microsecond.
 */
const uncountedMax = 1_024;

/** A request's place: its peer's, or one of those that nobody has counted. */
export type Place = Peer | "uncounted";

export class Requests {
  readonly #shares: Shares;
  readonly #uncountedMax: number;
  #uncounted = 0;

  /** @param limited whether callers without a key have a limit, which then holds exactly */
  constructor(shares: Shares, limited: boolean) {
    this.#shares = shares;
    this.#uncountedMax = limited ? 0 : uncountedMax;
  }

  /** @returns the place, to be given back by `leave`. @throws `MarsError("overloaded")` where there is none */
  enter(sender: EventSender): Place {
    if (sender.identity.anonymous && this.#uncounted < this.#uncountedMax) {
      this.#uncounted += 1;
      return "uncounted";
    }
    const { peer } = sender;
    if (!this.#shares.takeOne(peer)) throw this.#shares.full("requests", peer);
    return peer;
  }

  leave(place: Place): void {
    if (place === "uncounted") this.#uncounted -= 1;
    else this.#shares.giveBack(place);
  }

  /** @throws as `enter` */
  async during<T>(sender: EventSender, call: () => Promise<T>): Promise<T> {
    const place = this.enter(sender);
    try {
      return await call();
    } finally {
      this.leave(place);
    }
  }
}
