/**
 * The calls of the gRPC port: how many there may be at one time, of whom, and how long one may say nothing. A call costs some
 * 10 KiB from its headers on, and a client may begin a thousand of them on each connection.
 *
 * A cap is shared out between peers (`runtime/shares.ts`). A call without a single byte of its request is ended in time, unless
 * it is a stream of requests, which may be quiet for as long as its client likes.
 */
import type { ServerHttp2Stream } from "node:http2";
import { Code, ConnectError } from "@connectrpc/connect";
import type { Peer } from "../../core/caller.ts";
import type { MarsError } from "../../core/error.ts";
import type { Shares } from "../../runtime/shares.ts";
import { sessionPeer } from "./caller.ts";
import { isGone, respondError } from "./grpc-status.ts";

export interface GrpcCallsOptions {
  /** Until the first byte of a request. */
  readonly quietMs?: number;
}

const quietMsDefault = 30_000;
/** How often it is looked whether a time is over; no less often than it is over, either. */
const sweepMsMax = 1_000;

export class GrpcCalls {
  readonly #shares: Shares;
  readonly #quietMs: number;
  /** Those that have begun in this turn of the event loop, and may not be quiet. */
  #begun: ServerHttp2Stream[] = [];
  /** Since when each is there that had not sent anything in its first turn, the oldest first. */
  readonly #quiet = new Map<ServerHttp2Stream, number>();
  readonly #leave = new WeakMap<Peer, (this: ServerHttp2Stream) => void>();
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
   * @returns why there is no room for it: `overloaded`
   */
  enter(stream: ServerHttp2Stream, mayBeQuiet: boolean): MarsError | undefined {
    const peer = sessionPeer(stream);
    if (!this.#shares.takeOne(peer)) return this.#shares.full("gRPC calls");
    if (!mayBeQuiet) {
      if (this.#begun.length === 0) setImmediate(() => this.#sortOut());
      this.#begun.push(stream);
    }
    stream.on("close", this.#leaving(peer));
    return undefined;
  }

  /** Ends no quiet call any more. */
  close(): void {
    clearInterval(this.#sweep);
  }

  /** What the end of a peer's calls calls: one for all of them, for a call has no time to make its own. */
  #leaving(peer: Peer): (this: ServerHttp2Stream) => void {
    const known = this.#leave.get(peer);
    if (known !== undefined) return known;
    const [quiet, shares] = [this.#quiet, this.#shares];
    function leave(this: ServerHttp2Stream): void {
      quiet.delete(this);
      shares.giveBack(peer);
    }
    this.#leave.set(peer, leave);
    return leave;
  }

  /**
   * Notes those that have sent nothing yet. Nearly all have sent their request with their headers, and are never in the map:
   * an old map keeps what it once held alive until the next full collection, and so garbage cost three times as much.
   */
  #sortOut(): void {
    const begun = this.#begun;
    this.#begun = [];
    const now = performance.now();
    for (const stream of begun) {
      if (!stream.readableDidRead && !isGone(stream)) this.#quiet.set(stream, now);
    }
  }

  #endQuiet(): void {
    const latest = performance.now() - this.#quietMs;
    for (const [stream, since] of this.#quiet) {
      if (since > latest) return;
      this.#quiet.delete(stream);
      if (!stream.readableDidRead) {
        respondError(stream, new ConnectError("no request came", Code.DeadlineExceeded));
      }
    }
  }
}
