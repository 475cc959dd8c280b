/**
 * One WebSocket, with the bounds that runtimes lack: frames wait for a slow client up to a limit, and a client that stalls
 * beyond it is closed with a code of its own.
 */
import type { Caller } from "../../core/caller.ts";
import { MarsError } from "../../core/error.ts";
import type { Holding, SendBudget } from "../../runtime/send-budget.ts";
import { statusOf } from "../status.ts";
import type { Socket } from "./socket.ts";

export interface ConnectionLimits {
  /** Events are not sent while more bytes than this wait. */
  readonly pauseBytes: number;
  /** How long a paused client may read nothing; then it is closed as too slow. */
  readonly stallTimeoutMs: number;
  /** The budget of waiting bytes of all connections. */
  readonly budget: SendBudget;
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
  readonly caller: Caller;
  readonly #socket: Socket;
  readonly #limits: ConnectionLimits;
  readonly #onClosing: () => void;
  #closing = false;
  #paused: PromiseWithResolvers<void> | undefined;
  readonly #holding: Holding;

  /** @param onClosing called once, when the connection starts to close or is found closed */
  constructor(socket: Socket, caller: Caller, limits: ConnectionLimits, onClosing: () => void) {
    this.caller = caller;
    this.#socket = socket;
    this.#limits = limits;
    this.#onClosing = onClosing;
    this.#holding = limits.budget.open(caller.peer, {
      pending: () => socket.bufferedBytes(),
      stalled: () => this.fail(tooSlow("has taken nothing of what waits for it")),
      // A client that is not paused may leave the few bytes that wait for it.
      stallMs: () => (this.#paused === undefined ? Number.POSITIVE_INFINITY : limits.stallTimeoutMs),
    });
  }

  /** Sends an answer. Unread answers of a client are bounded too. */
  send(frame: string): void {
    if (this.#closing) return;
    if (this.#socket.bufferedBytes() > this.#limits.pauseBytes + controlBytesMax) {
      this.#holding.gaveUp();
      this.fail(tooSlow("does not read its answers"));
    } else {
      this.#socket.send(frame);
      this.#account();
    }
  }

  /**
   * Offers frames that can be offered again later. Where too many bytes wait it sends none of them and returns a promise that
   * resolves when there is room, or the connection is gone.
   *
   * @param frames called only when they will be sent
   */
  offer(frames: () => readonly string[]): Promise<void> | undefined {
    if (this.#closing) return undefined;
    if (this.#paused === undefined && this.#mayOffer()) {
      this.#socket.sendAll(frames());
      this.#account();
      return undefined;
    }
    this.#paused ??= Promise.withResolvers();
    return this.#paused.promise;
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

  /** Some or all of what waited has been sent. */
  drained(): void {
    this.#holding.look();
    if (this.#paused !== undefined && this.#socket.bufferedBytes() === 0) this.#release();
  }

  /** The socket is gone, or about to be. */
  ended(): void {
    if (this.#closing) return;
    this.#closing = true;
    this.#holding.end();
    this.#release();
    this.#onClosing();
  }

  /** A client for whom nothing waits is always sent something: the system's own buffers may have room. */
  #mayOffer(): boolean {
    const waiting = this.#socket.bufferedBytes();
    if (waiting === 0) return true;
    return waiting <= this.#limits.pauseBytes && this.#limits.budget.hasRoom(this.caller.peer);
  }

  #account(): void {
    if (this.#socket.bufferedBytes() > 0) this.#holding.look();
  }

  #release(): void {
    this.#paused?.resolve();
    this.#paused = undefined;
  }
}

/** Whether the error ends the whole connection: Mars stops, or the caller's key is no longer good. */
export function endsAll({ code }: MarsError): boolean {
  return code === "draining" || code === "unauthenticated";
}

function tooSlow(what: string): MarsError {
  return new MarsError("subscriber_too_slow", `too slow: the client ${what}; resume after the last seq seen`);
}
