/**
 * Reads a stream as one consumer of its group: first what it has read before and not acknowledged, then what is new; and now and then
 * what another consumer has left.
 */
import { bytesOf, type Window } from "../engine.ts";
import type { Send } from "./redis-engine.ts";
import { RedisEntry } from "./redis-entry.ts";

const countMax = 2_000;
/** There is room for more where this part of the most is free. */
const roomShares = 4;
/** Before it is known how long entries are. */
const countFirst = 50;
const blockMs = 1_000;
/** What another consumer of the group has not acknowledged for so long is left by it. */
const leftMs = 60_000;
const claimEveryMs = 30_000;

export interface RedisReaderOptions {
  readonly source: Readonly<Record<string, string>>;
  readonly send: Send;
  /** Over a connection that may block. */
  readonly sendRead: Send;
  readonly window: Window;
}

/** Id and fields; no fields where the entry was deleted meanwhile. */
type Entry = readonly [id: string, pairs: readonly string[] | null];

export class RedisReader {
  readonly #options: RedisReaderOptions;
  /** By entry id, with their bytes. */
  readonly #unacknowledged = new Map<string, number>();
  #bytes = 0;
  /** Of all that was read, for the number of the next read. */
  readonly #total = { entries: 0, bytes: 0 };
  /** Where its own pending entries go on; `undefined` when there are no more. */
  #pendingAfter: string | undefined = "0";
  #claimedAt = performance.now();
  /** The server reads these, and syncs that it has, while those before are on their way to the disk. */
  #ahead: Promise<readonly RedisEntry[]> | undefined;
  #room: PromiseWithResolvers<void> | undefined;

  constructor(options: RedisReaderOptions) {
    this.#options = options;
  }

  /** See `BrokerConnection.read`. What comes when it was given up is pending, and read at the next start. */
  async read(signal: AbortSignal): Promise<readonly RedisEntry[]> {
    while (!signal.aborted) {
      this.#ahead ??= this.#ask();
      if (this.#ahead === undefined) {
        await this.#untilRoom(signal);
        continue;
      }
      const aborted = Promise.withResolvers<readonly RedisEntry[]>();
      const abort = () => aborted.resolve([]);
      signal.addEventListener("abort", abort);
      try {
        const entries = await Promise.race([this.#ahead, aborted.promise]);
        if (signal.aborted) return entries;
        this.#ahead = entries.length > 0 ? this.#ask() : undefined;
        if (entries.length > 0) return entries;
      } finally {
        signal.removeEventListener("abort", abort);
      }
    }
    return [];
  }

  acknowledged(entries: readonly RedisEntry[]): void {
    for (const { entryId } of entries) {
      this.#bytes -= this.#unacknowledged.get(entryId) ?? 0;
      this.#unacknowledged.delete(entryId);
    }
    this.#room?.resolve();
    this.#room = undefined;
  }

  /** @returns `undefined` while there is no room for any */
  #ask(): Promise<readonly RedisEntry[]> | undefined {
    const count = this.#count();
    if (count === 0) return undefined;
    const reading = this.#next(count);
    // It fails with the next read, if there is one.
    reading.catch(() => undefined);
    return reading;
  }

  async #next(count: number): Promise<readonly RedisEntry[]> {
    const { stream = "", group = "", consumer = "" } = this.#options.source;
    const own = ["GROUP", group, consumer, "COUNT", String(count)];
    if (this.#pendingAfter !== undefined) {
      const answer = await this.#options.sendRead(
        "XREADGROUP",
        ...own,
        "STREAMS",
        stream,
        this.#pendingAfter,
      );
      const entries = entriesOf(answer, stream);
      this.#pendingAfter = entries.at(-1)?.[0];
      return this.#take(entries, true);
    }
    if (performance.now() - this.#claimedAt > claimEveryMs) {
      this.#claimedAt = performance.now();
      const from = [
        "XAUTOCLAIM",
        stream,
        group,
        consumer,
        String(leftMs),
        "0",
        "COUNT",
        String(count),
      ] as const;
      const [, left = []] = (await this.#options.send(...from)) as readonly [string, readonly Entry[]];
      if (left.length > 0) return this.#take(left, true);
    }
    const blocking = [...own, "BLOCK", String(blockMs), "STREAMS", stream, ">"];
    return this.#take(entriesOf(await this.#options.sendRead("XREADGROUP", ...blocking), stream), false);
  }

  async #take(entries: readonly Entry[], redelivered: boolean): Promise<readonly RedisEntry[]> {
    const { stream = "", group = "", field = "" } = this.#options.source;
    const deleted = entries.filter(([, pairs]) => pairs === null).map(([id]) => id);
    if (deleted.length > 0) await this.#options.send("XACK", stream, group, ...deleted);
    const taken = entries.flatMap(([id, pairs]) =>
      pairs === null || this.#unacknowledged.has(id)
        ? []
        : [new RedisEntry(id, pairs, { stream, field, redelivered })],
    );
    for (const { entryId, body } of taken) {
      const bytes = bytesOf(body);
      this.#unacknowledged.set(entryId, bytes);
      this.#bytes += bytes;
      this.#total.bytes += bytes;
    }
    this.#total.entries += taken.length;
    return taken;
  }

  /** How many may be read: the server bounds their number only, so it goes by how long they have been. */
  #count(): number {
    const { messages, bytes } = this.#options.window;
    const { entries, bytes: read } = this.#total;
    if (this.#unacknowledged.size === 0 && entries === 0) return countFirst;
    const usualBytes = Math.max(1, read / Math.max(1, entries));
    const most = Math.min(countMax, messages, bytes / usualBytes);
    const fitting = Math.floor((bytes - this.#bytes) / usualBytes);
    const room = Math.min(most, messages - this.#unacknowledged.size, fitting);
    // One that is longer than all of the room is read alone.
    if (this.#unacknowledged.size === 0) return Math.max(1, Math.floor(room));
    // Each read has its price: a little room is not worth it.
    return room < most / roomShares ? 0 : Math.floor(room);
  }

  async #untilRoom(signal: AbortSignal): Promise<void> {
    this.#room ??= Promise.withResolvers();
    const room = this.#room;
    const abort = () => room.resolve();
    signal.addEventListener("abort", abort);
    if (!signal.aborted) await room.promise;
    signal.removeEventListener("abort", abort);
  }
}

/** An answer of `XREADGROUP`: an object by stream, of older servers a list of pairs; `null` where nothing came. */
function entriesOf(answer: unknown, stream: string): readonly Entry[] {
  if (answer === null || answer === undefined) return [];
  if (Array.isArray(answer)) return (answer[0]?.[1] ?? []) as readonly Entry[];
  return (answer as Readonly<Record<string, readonly Entry[]>>)[stream] ?? [];
}
