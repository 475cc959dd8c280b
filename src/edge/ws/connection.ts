/**
 * One WebSocket of `Bun.serve`, with the bounds that Bun leaves open: what is sent waits for a slow client up to a
 * limit, and a client that stalls beyond it is closed with a code that says so.
 */
import type { ServerWebSocket } from "bun";
import type { Peer } from "../../core/caller.ts";
import { MarsError } from "../../core/error.ts";
import type { Holding, SendBudget } from "../../runtime/send-budget.ts";
import type { Lease } from "../../runtime/shares.ts";
import { statusOf } from "../status.ts";
import type { FrameAllowance } from "./frame-rates.ts";

export interface ConnectionLimits {
  /** Events are held back while more bytes than this wait to be sent. */
  readonly pauseBytes: number;
  /** How long a held-back client may take nothing of what waits; then it is closed as too slow. */
  readonly stallTimeoutMs: number;
  /** Bounds what waits for all of them. */
  readonly budget: SendBudget;
}

/** What Bun keeps with each socket. */
export interface SocketData {
  readonly open: OpenSession;
  readonly peer: Peer;
  /** Of the cap on sockets. */
  readonly lease: Lease;
  readonly frames: FrameAllowance;
  connection?: Connection;
  session?: Session;
}

/** Begins a protocol on a connection. */
export type OpenSession = (connection: Connection) => Session;

/** One connection's state in its protocol. */
export interface Session {
  message(text: string): void;
  /** The socket is gone; nothing can be sent any more. */
  closed(): void;
}

/** Answers and other small frames may exceed `pauseBytes` by this; a client that never reads them is closed. */
const controlBytesMax = 256 * 1024;

export class Connection {
  /** Who is at the other end. */
  readonly peer: Peer;
  readonly #socket: ServerWebSocket<SocketData>;
  readonly #limits: ConnectionLimits;
  readonly #onClosing: () => void;
  #closing = false;
  #held: PromiseWithResolvers<void> | undefined;
  readonly #holding: Holding;

  /** @param onClosing called once, when the connection starts to close or is found closed */
  constructor(socket: ServerWebSocket<SocketData>, limits: ConnectionLimits, onClosing: () => void) {
    this.peer = socket.data.peer;
    this.#socket = socket;
    this.#limits = limits;
    this.#onClosing = onClosing;
    this.#holding = limits.budget.open(this.peer, {
      pending: () => socket.getBufferedAmount(),
      stalled: () => this.fail(tooSlow("has taken nothing of what waits for it")),
      // One that is not held back may sleep over what little waits for it.
      stallMs: () => (this.#held === undefined ? Number.POSITIVE_INFINITY : limits.stallTimeoutMs),
    });
  }

  /** Sends an answer. What a client does not read of its answers is bounded too. */
  send(frame: string): void {
    if (this.#closing) return;
    if (this.#socket.getBufferedAmount() > this.#limits.pauseBytes + controlBytesMax) {
      this.fail(tooSlow("does not read its answers"));
    } else {
      this.#socket.send(frame);
      this.#account();
    }
  }

  /**
   * Sends frames that can be had again later. Where too much waits already it sends none of them and returns a
   * promise that resolves when it is worth trying again, or the connection is gone.
   *
   * @param frames called only when they will be sent
   */
  offer(frames: () => readonly string[]): Promise<void> | undefined {
    if (this.#closing) return undefined;
    if (this.#held === undefined && this.#mayOffer()) {
      const socket = this.#socket;
      const batch = frames();
      socket.cork(() => {
        for (const frame of batch) socket.send(frame);
      });
      this.#account();
      return undefined;
    }
    this.#held ??= Promise.withResolvers();
    return this.#held.promise;
  }

  /** Closes with the error's code and its message as the reason. */
  fail(error: MarsError): void {
    this.close(statusOf(error.code).close, error.message);
  }

  close(code: number, reason: string): void {
    if (this.#closing) return;
    this.ended();
    this.#socket.close(code, reason);
  }

  /** Bun has sent everything that waited. */
  drained(): void {
    this.#holding.look();
    if (this.#held !== undefined && this.#socket.getBufferedAmount() === 0) this.#release();
  }

  /** The socket is gone, or about to be. */
  ended(): void {
    if (this.#closing) return;
    this.#closing = true;
    this.#holding.end();
    this.#release();
    this.#onClosing();
  }

  /** One for whom nothing waits may always be sent something: the system's own buffers may take it. */
  #mayOffer(): boolean {
    const waiting = this.#socket.getBufferedAmount();
    if (waiting === 0) return true;
    return waiting <= this.#limits.pauseBytes && this.#limits.budget.hasRoom(this.peer);
  }

  #account(): void {
    if (this.#socket.getBufferedAmount() > 0) this.#holding.look();
  }

  #release(): void {
    this.#held?.resolve();
    this.#held = undefined;
  }
}

function tooSlow(what: string): MarsError {
  return new MarsError("subscriber_too_slow", `too slow: the client ${what}; resume after the last seq seen`);
}
