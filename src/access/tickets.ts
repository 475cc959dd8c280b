/**
 * Tickets: what a page that cannot send a key gives to a WebSocket or an event stream. Each is good once, within 30 s, and for
 * the topics that it was made for. So one that is found in the log of a proxy is of no use.
 */
import { MarsError } from "../core/error.ts";
import type { Identity } from "../core/identity.ts";
import { hashOf, randomText } from "./key-token.ts";

/** How long a ticket is good. */
export const ticketMs = 30_000;

/** Tickets that are neither used nor over, in all and of one caller; beyond it there are none. */
const pendingMax = 10_000;
const pendingOfOneMax = 1_000;

interface Ticket {
  readonly identity: Identity;
  /** By the clock of the ring. */
  readonly until: number;
}

export class Tickets {
  readonly #now: () => number;
  /** By hash, in the order in which they end. */
  readonly #pending = new Map<string, Ticket>();
  readonly #byShare = new Map<string, number>();

  /** @param now in milliseconds */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  get size(): number {
    return this.#pending.size;
  }

  /**
   * @param topics canonical names
   * @throws `MarsError("overloaded")` beyond the bounds
   */
  issue(maker: Identity, topics: readonly string[]): string {
    this.#forgetOld();
    const own = this.#byShare.get(maker.share) ?? 0;
    if (this.#pending.size >= pendingMax || own >= pendingOfOneMax) {
      throw new MarsError("overloaded", "too many tickets wait for their use", { retryAfterMs: ticketMs });
    }
    const text = `mars_tk_${randomText(43)}`;
    const identity = maker.forTopics(topics);
    this.#pending.set(hashOf(text), { identity, until: this.#now() + ticketMs });
    this.#byShare.set(maker.share, own + 1);
    return text;
  }

  /** Uses a ticket up. @returns its maker's identity for its topics alone; `undefined` for one that is not good */
  redeem(text: string): Identity | undefined {
    const hash = hashOf(text);
    const ticket = this.#pending.get(hash);
    if (ticket === undefined) return undefined;
    this.#forget(hash, ticket);
    const { identity, until } = ticket;
    return until > this.#now() && identity.denial("read") === undefined ? identity : undefined;
  }

  #forgetOld(): void {
    const now = this.#now();
    for (const [hash, ticket] of this.#pending) {
      if (ticket.until > now) return;
      this.#forget(hash, ticket);
    }
  }

  #forget(hash: string, { identity: { share } }: Ticket): void {
    this.#pending.delete(hash);
    const left = (this.#byShare.get(share) ?? 1) - 1;
    if (left === 0) this.#byShare.delete(share);
    else this.#byShare.set(share, left);
  }
}
