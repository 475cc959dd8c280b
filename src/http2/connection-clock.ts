/** The bounds of time of a connection. Looked at once a second: a timer for each would cost more than what it bounds. */

export interface ConnectionTimes {
  /** Until a client has sent its preface and its settings. */
  readonly handshakeMs?: number | undefined;
  /** Without a call. */
  readonly idleMs?: number | undefined;
  /** Until a header block, or a frame other than DATA, is complete. */
  readonly frameMs?: number | undefined;
  /** Until a client reads something of what waits for it. */
  readonly stallMs?: number | undefined;
  /** Of silence while there are calls, after which the client is asked whether it is there. */
  readonly keepAliveMs?: number | undefined;
  /** Until it answers. */
  readonly keepAliveAnswerMs?: number | undefined;
}

/** A value, and since when it is the same. */
interface Mark {
  readonly value: number;
  readonly since: number;
}

/** How a connection is now. */
export interface ConnectionState {
  readonly calls: number;
  /** Its settings have come. */
  readonly isGreeted: boolean;
  /** Names the frame or the header block that has begun and is not complete. */
  readonly within: number | undefined;
  /** How much was written when no more could be; `undefined` while more can. */
  readonly blockedAt: number | undefined;
}

/** `late`: end it with a reason. `destroy`: no one would read one. `idle`: ask it to go. `ping`: ask whether it is there. */
export type ClockAct = "late" | "destroy" | "idle" | "ping" | undefined;

const handshakeMsDefault = 10_000;
const idleMsDefault = 15 * 60_000;
const frameMsDefault = 30_000;
const stallMsDefault = 60_000;
const keepAliveMsDefault = 60_000;
const keepAliveAnswerMsDefault = 20_000;
/** From the last frame of this end to the end of the connection. */
const endingMs = 2_000;

export class ConnectionClock {
  readonly stallMs: number;
  readonly #times: Required<{ [K in keyof ConnectionTimes]-?: number }>;
  /** When it was opened, or its last call ended. */
  #quietSince = performance.now();
  #hasCome = false;
  #lastAt = performance.now();
  #within: Mark | undefined;
  #blocked: Mark | undefined;
  #pingedAt: number | undefined;
  #endingSince: number | undefined;

  constructor(times: ConnectionTimes) {
    this.stallMs = times.stallMs ?? stallMsDefault;
    this.#times = {
      handshakeMs: times.handshakeMs ?? handshakeMsDefault,
      idleMs: times.idleMs ?? idleMsDefault,
      frameMs: times.frameMs ?? frameMsDefault,
      stallMs: this.stallMs,
      keepAliveMs: times.keepAliveMs ?? keepAliveMsDefault,
      keepAliveAnswerMs: times.keepAliveAnswerMs ?? keepAliveAnswerMsDefault,
    };
  }

  get quietSince(): number {
    return this.#quietSince;
  }

  /** Bytes have come. Without a look at the clock, since it is called for each chunk. */
  came(): void {
    this.#hasCome = true;
  }

  /** The last call has ended. */
  quiet(): void {
    this.#quietSince = performance.now();
  }

  /** The last frame is on its way. */
  ending(): void {
    this.#endingSince = performance.now();
  }

  check(now: number, { calls, isGreeted, within, blockedAt }: ConnectionState): ClockAct {
    if (this.#hasCome) {
      this.#lastAt = now;
      this.#pingedAt = undefined;
    }
    this.#hasCome = false;
    const times = this.#times;
    if (this.#endingSince !== undefined) return now - this.#endingSince > endingMs ? "destroy" : undefined;
    this.#within = marked(this.#within, within, now);
    this.#blocked = marked(this.#blocked, blockedAt, now);
    if (this.#blocked !== undefined && now - this.#blocked.since > times.stallMs) return "destroy";
    if (!isGreeted) return now - this.#quietSince > times.handshakeMs ? "late" : undefined;
    if (this.#within !== undefined && now - this.#within.since > times.frameMs) return "late";
    if (calls === 0) return now - this.#quietSince > times.idleMs ? "idle" : undefined;
    if (this.#pingedAt !== undefined) {
      return now - this.#pingedAt > times.keepAliveAnswerMs ? "destroy" : undefined;
    }
    if (now - this.#lastAt <= times.keepAliveMs) return undefined;
    this.#pingedAt = now;
    return "ping";
  }
}

function marked(mark: Mark | undefined, value: number | undefined, now: number): Mark | undefined {
  if (value === undefined) return undefined;
  return mark?.value === value ? mark : { value, since: now };
}
