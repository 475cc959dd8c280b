/**
 * Bounds the calls of the gRPC port: how many a peer may have at one time, and how long one may be quiet. A call costs some 10 KiB
 * from its headers on, and a client may begin a thousand of them on each connection.
 *
 * The cap is divided between peers (`runtime/shares.ts`). A call without a single byte of its request is ended in time, unless
 * it is a stream of requests, which may be quiet for as long as its client likes.
 */
import { Code, ConnectError } from "@connectrpc/connect";
import type { Peer } from "../../core/caller.ts";
import type { MarsError } from "../../core/error.ts";
import type { Stream } from "../../http2/stream.ts";
import type { Shares } from "../../runtime/shares.ts";
import { respondError } from "./grpc-status.ts";

export interface GrpcCallsOptions {
  /** Until the first byte of a request. */
  readonly quietMs?: number;
}

const quietMsDefault = 30_000;
/** The interval of the checks, and at most `quietMs`. */
const sweepMsMax = 1_000;

export class GrpcCalls {
  readonly #shares: Shares;
  readonly #quietMs: number;
  /** Calls that have begun in this turn of the event loop, and may not be quiet. */
  #begun: Stream[] = [];
  /** Quiet calls by the time of their start, the oldest first: they sent nothing in their first turn. */
  readonly #quiet = new Map<Stream, number>();
  readonly #leave = new WeakMap<Peer, (stream: Stream) => void>();
  readonly #sweep: ReturnType<typeof setInterval>;

  constructor(shares: Shares, { quietMs = quietMsDefault }: GrpcCallsOptions = {}) {
    this.#shares = shares;
    this.#quietMs = quietMs;
    this.#sweep = setInterval(() => this.#endQuiet(), Math.min(quietMs, sweepMsMax));
    this.#sweep.unref();
  }

  /**
   * Counts a call until its stream is closed.
   *
   * @param mayBeQuiet whether its client may wait for as long as it likes before it sends anything
   * @returns `overloaded` where there is no room for it
   */
  enter(stream: Stream, peer: Peer, mayBeQuiet: boolean): MarsError | undefined {
    if (!this.#shares.takeOne(peer)) return this.#shares.full("requests", peer);
    if (!mayBeQuiet) {
      if (this.#begun.length === 0) setImmediate(() => this.#sortOut());
      this.#begun.push(stream);
    }
    stream.onClose(this.#leaving(peer));
    return undefined;
  }

  /** Stops ending quiet calls. */
  close(): void {
    clearInterval(this.#sweep);
  }

  /** The function that the end of a peer's call calls: one for all of them, since a closure for each call would cost too much. */
  #leaving(peer: Peer): (stream: Stream) => void {
    const known = this.#leave.get(peer);
    if (known !== undefined) return known;
    const [quiet, shares] = [this.#quiet, this.#shares];
    const leave = (stream: Stream) => {
      quiet.delete(stream);
      shares.giveBack(peer);
    };
    this.#leave.set(peer, leave);
    return leave;
  }

  /**
   * Adds the calls that have sent nothing yet. Nearly all send their request with their headers, and never enter the map: an old
   * map keeps deleted entries alive until the next full collection, and garbage cost three times as much.
   */
  #sortOut(): void {
    const begun = this.#begun;
    this.#begun = [];
    const now = performance.now();
    for (const stream of begun) {
      if (!stream.hasBegun && !stream.isClosed) this.#quiet.set(stream, now);
    }
  }

  #endQuiet(): void {
    const latest = performance.now() - this.#quietMs;
    for (const [stream, since] of this.#quiet) {
      if (since > latest) return;
      this.#quiet.delete(stream);
      if (!stream.hasBegun) {
        respondError(stream, new ConnectError("no request came", Code.DeadlineExceeded));
      }
    }
  }
}
