/**
 * What stands before the work on a request's body, the same for every door and protocol: may events come in at all now, is
 * there room for so many bytes, and whose turn is it. So what a request costs is bounded before it costs anything.
 */
import type { Peer } from "../core/caller.ts";
import { MarsError } from "../core/error.ts";
import type { Ingest } from "../core/ports.ts";
import type { IntakeStats } from "../runtime/stats.ts";
import { Budget, type BudgetLease } from "./budget.ts";
import { Turns } from "./turns.ts";

/** Of bodies up to this size neither the bytes nor the turns are counted: connections are what bounds them. */
export const smallBytesMax = 4 * 1024;

/** How long a body may take: so much, and the time for its length at the slowest pace that is worth waiting for. */
const bodyTimeoutMs = 30_000;
const bodyBytesPerMsMin = 8;

/** What all bodies together may have sent that has not been parsed; two of the largest for one peer. */
const receivedBytesMax = 32 * 1024 * 1024;
/** Bodies that are unpacked and parsed at one time, two of one peer. More would only be slower, each of them. */
const largeMax = 4;
const discardedMax = 8;

/**
 * How long a refusal for want of room is held back. A client that tries again at once, whatever `Retry-After` says, would
 * otherwise keep Mars busy with refusing, so that less is accepted the more is sent.
 */
const refusalDelayMs = 250;
/** Refusals that are held back at one time; beyond it they go out at once. */
const delayedMax = 4_096;

/** In what time a body of this length must have come, from its first byte on. */
export function bodyTimeoutMsFor(bytes: number): number {
  return bodyTimeoutMs + bytes / bodyBytesPerMsMin;
}

export class Intake {
  readonly received: Budget;
  readonly large: Budget;
  /** Refused bodies that are read to their end; more at one time would keep everybody else from being read. */
  readonly discarded = new Budget({ what: "refused bodies", max: discardedMax, peerMax: discardedMax / 2 });
  readonly turns = new Turns();
  /** Those of calls, which are not to wait for the bodies' turns; see `rpc/call-turns.ts`. */
  readonly calls = new Turns();
  readonly #ingest: Pick<Ingest, "admit">;
  #delayed = 0;

  /** @param bytesMax see `receivedBytesMax`, which is the default */
  constructor(ingest: Pick<Ingest, "admit">, bytesMax = receivedBytesMax) {
    this.#ingest = ingest;
    this.received = new Budget({ what: "bytes of request bodies", max: bytesMax, peerMax: bytesMax / 2 });
    this.large = new Budget({ what: "large request bodies", max: largeMax, peerMax: largeMax / 2 });
  }

  get stats(): IntakeStats {
    return {
      received: this.received.stats,
      large: this.large.stats,
      waiting_turns: this.turns.waiting,
    };
  }

  /**
   * Asks whether events of so many bytes would be accepted now, before they are read. Not asked for small bodies: those are
   * read, for whose events are refused is worth more to know.
   *
   * @throws `MarsError` as `Ingest.admit`
   */
  admit(bytes: number): void {
    if (bytes > smallBytesMax) this.#ingest.admit(bytes);
  }

  /** A place among the large bodies. Rejects with `overloaded` when none becomes free in time. */
  async place(peer: Peer, signal?: AbortSignal): Promise<BudgetLease> {
    return this.large.tryTake(peer.name, 1) ?? (await this.large.take(peer.name, 1, signal));
  }

  /** Resolves when the refusal of events may go out: a little later, where there is no room for them. */
  async pace(error: unknown): Promise<void> {
    if (!(error instanceof MarsError && error.code === "overloaded") || this.#delayed >= delayedMax) return;
    this.#delayed++;
    await new Promise((resolve) => {
      setTimeout(resolve, refusalDelayMs);
    });
    this.#delayed--;
  }
}
