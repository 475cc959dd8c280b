/**
 * The checks before the work on a request's body, the same for every protocol: whether events are accepted now, whether there is
 * room for the bytes, and whose turn it is. So the cost of a request is bounded before it arises.
 */
import type { Peer } from "../core/caller.ts";
import { type CallerLimits, shareLimit } from "../core/caller-limits.ts";
import { MarsError } from "../core/error.ts";
import type { Ingest } from "../core/ports.ts";
import type { IntakeStats } from "../runtime/stats.ts";
import { Budget, type BudgetLease } from "./budget.ts";
import { Turns } from "./turns.ts";

/** Of bodies up to this size neither the bytes nor the turns are counted: the requests under way bound them (`requests.ts`). */
export const smallBytesMax = 4 * 1024;

/** How long a body may take: this long, and the time for its length at the slowest accepted pace. */
const bodyTimeoutMs = 30_000;
const bodyBytesPerMsMin = 8;

/** The bytes of all bodies together that have been received and not parsed; two of the largest bodies for one peer. */
const receivedBytesMax = 32 * 1024 * 1024;
/** Bodies that are unpacked and parsed at one time, two of one peer. More would only be slower, each of them. */
const largeMax = 4;
const discardedMax = 8;

/**
 * How long a refusal as `overloaded` is delayed. Clients that ignore `Retry-After` and try again at once would otherwise keep Mars
 * busy with refusals, and it would accept less the more they send.
 */
const refusalDelayMs = 250;
/**
 * The longest such delay of a caller that has reached a limit of its own, which is to wait for a second anyway. By chance, or
 * hundreds of its connections that were refused together would come again together, and others would have to wait for all of them.
 */
const limitDelayMs = 750;
/** Refusals that are delayed at one time; beyond it they go out at once. */
const delayedMax = 4_096;

/** The time in which a body of this length must have come, from its first byte on. */
export function bodyTimeoutMsFor(bytes: number): number {
  return bodyTimeoutMs + bytes / bodyBytesPerMsMin;
}

export interface IntakeOptions {
  /** See `receivedBytesMax`, which is the default. */
  readonly bytesMax?: number;
  /** Of callers whose key has none of its own. */
  readonly limits?: CallerLimits;
}

export class Intake {
  readonly received: Budget;
  readonly large: Budget;
  /** Refused bodies that are read to their end; more at one time would leave no time for other requests. */
  readonly discarded = new Budget({ what: "refused bodies", max: discardedMax, peerMax: discardedMax / 2 });
  readonly turns = new Turns();
  /** The turns of calls, which must not wait for bodies; see `rpc/call-turns.ts`. */
  readonly calls = new Turns();
  readonly #ingest: Pick<Ingest, "admit">;
  #delayed = 0;

  constructor(
    ingest: Pick<Ingest, "admit">,
    { bytesMax = receivedBytesMax, limits = {} }: IntakeOptions = {},
  ) {
    this.#ingest = ingest;
    this.received = new Budget({
      what: "bytes of request bodies",
      max: bytesMax,
      peerMax: bytesMax / 2,
      limitOf: (peer) => shareLimit("bodyBytes", peer.limits, limits),
    });
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
   * Asks whether events of so many bytes would be accepted now, before they are read. Small bodies are
   * read without asking, so that a refusal is counted by app.
   *
   * @throws `MarsError` as `Ingest.admit`
   */
  admit(bytes: number): void {
    if (bytes > smallBytesMax) this.#ingest.admit(bytes);
  }

  /** A place among the large bodies. Rejects with `overloaded` when none becomes free in time. */
  async place(peer: Peer, signal?: AbortSignal): Promise<BudgetLease> {
    return this.large.tryTake(peer, 1) ?? (await this.large.take(peer, 1, signal));
  }

  /** Resolves when the refusal of events may go out: a little later, where there is no room for them. */
  async pace(error: unknown): Promise<void> {
    if (!(error instanceof MarsError && error.code === "overloaded") || this.#delayed >= delayedMax) return;
    this.#delayed++;
    const chanceMs = error.limit === undefined ? 0 : Math.random() * (limitDelayMs - refusalDelayMs);
    await new Promise((resolve) => {
      setTimeout(resolve, refusalDelayMs + chanceMs);
    });
    this.#delayed--;
  }
}
