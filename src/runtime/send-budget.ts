/**
 * The bytes that wait to be sent, of all clients together: answers and live topics that their clients have not read yet.
 *
 * A connection or stream with such bytes opens a holding and reports when they grow; once a second each holding is checked for
 * bytes that were read. A peer has room as long as it holds less than is left free for the others (see `shares.ts`). Without
 * room, large answers are refused before they are read, and live topics wait, to be read from history later. A holding of which
 * nothing is read for its stall time is closed, and after `crampedMs` already while its peer has no room and holds the most.
 *
 * Bound: `bytesMax`, and what one answer or batch of each holding may add beyond. Counters: `stats`.
 */
import type { Peer } from "../core/caller.ts";
import { MarsError } from "../core/error.ts";

export interface SendBudgetOptions {
  readonly bytesMax?: number;
  /** How long nothing of a holding may be read while its peer has no room. */
  readonly crampedMs?: number;
  /** The interval of the checks. */
  readonly lookMs?: number;
}

/** Where the bytes are. */
export interface Sink {
  /** Bytes that wait now. */
  pending(): number;
  /** Ends the holding's connection or stream: its client reads nothing. */
  stalled(): void;
  /** How long the client may read nothing. */
  stallMs(): number;
}

export interface Holding {
  /** So many bytes more wait. */
  add(bytes: number): void;
  /** Some may have been taken. */
  look(): void;
  /** Counts that its owner ends it by a time of its own, since the client reads nothing. */
  gaveUp(): void;
  /** Everything is sent, or the client has gone. */
  end(): void;
}

export interface SendBudgetStats {
  readonly bytes: number;
  readonly bytes_max: number;
  readonly holdings: number;
  /** Since the start: holdings that were closed because nothing of them was read. */
  readonly stalled: number;
}

interface Entry extends Holding {
  readonly peer: Peer;
  readonly sink: Sink;
  bytes: number;
  takenAt: number;
}

const bytesMaxDefault = 128 * 1024 * 1024;
const crampedMsDefault = 5_000;
const lookMsDefault = 1_000;
/** The waiters for room are woken together, at most so often. */
const wakeMs = 50;

export class SendBudget {
  readonly #bytesMax: number;
  readonly #crampedMs: number;
  readonly #lookMs: number;
  /** Those with bytes that wait. */
  readonly #waiting = new Set<Entry>();
  readonly #peers = new Map<string, number>();
  #bytes = 0;
  #stalled = 0;
  #timer: ReturnType<typeof setInterval> | undefined;
  #room: PromiseWithResolvers<void> | undefined;
  #wake: ReturnType<typeof setTimeout> | undefined;

  constructor(options: SendBudgetOptions = {}) {
    this.#bytesMax = options.bytesMax ?? bytesMaxDefault;
    this.#crampedMs = options.crampedMs ?? crampedMsDefault;
    this.#lookMs = options.lookMs ?? lookMsDefault;
  }

  get stats(): SendBudgetStats {
    return {
      bytes: this.#bytes,
      bytes_max: this.#bytesMax,
      holdings: this.#waiting.size,
      stalled: this.#stalled,
    };
  }

  open(peer: Peer, sink: Sink): Holding {
    const entry: Entry = {
      peer,
      sink,
      bytes: 0,
      takenAt: 0,
      add: (bytes) => this.#set(entry, entry.bytes + bytes),
      look: () => this.#look(entry),
      gaveUp: () => {
        this.#stalled += 1;
      },
      end: () => this.#set(entry, 0),
    };
    return entry;
  }

  hasRoom({ name }: Peer): boolean {
    const held = this.#peers.get(name) ?? 0;
    return held === 0 || held < this.#bytesMax - this.#bytes;
  }

  /** The refusal of a large answer; `undefined` while the peer has room. */
  refusal(peer: Peer): MarsError | undefined {
    if (this.hasRoom(peer)) return undefined;
    return new MarsError("overloaded", "too many bytes wait to be sent to this client", {
      retryAfterMs: 1_000,
    });
  }

  /** Resolves soon after some bytes were taken; whether there is room then is to be asked again. */
  freed(): Promise<void> {
    this.#room ??= Promise.withResolvers();
    return this.#room.promise;
  }

  #set(entry: Entry, bytes: number): void {
    const change = bytes - entry.bytes;
    if (change === 0) return;
    const { name } = entry.peer;
    const held = (this.#peers.get(name) ?? 0) + change;
    if (held === 0) this.#peers.delete(name);
    else this.#peers.set(name, held);
    if (entry.bytes === 0) {
      this.#waiting.add(entry);
      entry.takenAt = performance.now();
      this.#timer ??= setInterval(() => this.#lookAtAll(), this.#lookMs);
    }
    this.#bytes += change;
    entry.bytes = bytes;
    if (change > 0) return;
    entry.takenAt = performance.now();
    if (bytes === 0) this.#waiting.delete(entry);
    if (this.#room !== undefined) this.#wake ??= setTimeout(() => this.#free(), wakeMs);
  }

  #free(): void {
    this.#wake = undefined;
    this.#room?.resolve();
    this.#room = undefined;
  }

  #look(entry: Entry): void {
    this.#set(entry, entry.sink.pending());
  }

  #lookAtAll(): void {
    for (const entry of [...this.#waiting]) this.#look(entry);
    const now = performance.now();
    const cramped = this.#most();
    for (const entry of [...this.#waiting]) {
      const stallMs = entry.sink.stallMs();
      const limitMs = entry.peer.name === cramped ? Math.min(this.#crampedMs, stallMs) : stallMs;
      if (now - entry.takenAt <= limitMs) continue;
      this.#stalled += 1;
      this.#set(entry, 0);
      entry.sink.stalled();
    }
    if (this.#waiting.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** The peer that holds the most, if it has no room. */
  #most(): string | undefined {
    let most: string | undefined;
    let held = 0;
    for (const [name, bytes] of this.#peers) {
      if (bytes <= held) continue;
      most = name;
      held = bytes;
    }
    return held >= this.#bytesMax - this.#bytes ? most : undefined;
  }
}
