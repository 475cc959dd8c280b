/**
 * The aggregator: gathers a lane's events until the batch is closed, and folds those of one message together, so that
 * the store meets each message once a batch.
 */
import type { SequencedEvent, StoredEvent } from "../event/event.ts";
import { foldReports } from "../event/fold.ts";
import type { StoreChunk } from "../event/ports.ts";

/**
 * Characters of one text of a chunk. A libSQL server refuses a parameter of 5,000,000 bytes, and a character may be
 * three of them.
 */
const chunkCharsMax = 1_000_000;
/** Characters of a number in a key: a safe integer and its sign. */
const numberChars = 17;

export class Aggregator {
  #messages = new Map<string, SequencedEvent[]>();

  add(event: SequencedEvent): void {
    // NUL is refused in ids, so the key is unambiguous.
    const key = `${event.appId}\0${event.messageId}`;
    const reports = this.#messages.get(key);
    if (reports === undefined) this.#messages.set(key, [event]);
    else reports.push(event);
  }

  /** Hands over what was gathered, a lane's part of a batch, and begins anew. */
  take(): StoreChunk[] {
    const chunks: StoreChunk[] = [];
    let messages = new Entries();
    let events = new Entries();
    let eventIds = false;
    const close = () => {
      if (!messages.empty || !events.empty)
        chunks.push({ eventIds, messages: `${messages}`, events: `${events}` });
      messages = new Entries();
      events = new Entries();
      eventIds = false;
    };
    for (const reports of this.#messages.values()) {
      const stored = foldReports(reports);
      const hasEventId = stored.some(({ eventId }) => eventId !== "");
      const first = integer(reports[0]!.seq);
      const message = messageEntry(first, reports, stored, hasEventId);
      if (!messages.fits(message)) close();
      messages.add(message);
      eventIds ||= hasEventId;
      for (const event of stored) {
        const entry = eventEntry(first, event);
        if (!events.fits(entry)) close();
        events.add(entry);
      }
    }
    close();
    this.#messages = new Map();
    return chunks;
  }
}

/** Makes one of small neighbours: each chunk is two statements. */
export function joinChunks(chunks: readonly StoreChunk[]): StoreChunk[] {
  const joined: StoreChunk[] = [];
  for (const chunk of chunks) {
    const last = joined.at(-1);
    if (
      last === undefined ||
      last.messages.length + chunk.messages.length > chunkCharsMax ||
      last.events.length + chunk.events.length > chunkCharsMax
    ) {
      joined.push(chunk);
    } else {
      joined[joined.length - 1] = {
        eventIds: last.eventIds || chunk.eventIds,
        messages: joinObjects(last.messages, chunk.messages),
        events: joinObjects(last.events, chunk.events),
      };
    }
  }
  return joined;
}

/** The text of a JSON object in the making. */
class Entries {
  readonly #entries: string[] = [];
  #chars = 0;

  get empty(): boolean {
    return this.#entries.length === 0;
  }

  fits(entry: string): boolean {
    return this.empty || this.#chars + entry.length <= chunkCharsMax;
  }

  add(entry: string): void {
    this.#entries.push(entry);
    this.#chars += entry.length + 1;
  }

  toString(): string {
    return `{${this.#entries.join(",")}}`;
  }
}

function joinObjects(a: string, b: string): string {
  if (a === "{}") return b;
  return b === "{}" ? a : `${a.slice(0, -1)},${b.slice(1)}`;
}

/** Both entries have the shape that `StoreChunk` describes. */
function messageEntry(
  first: string,
  reports: readonly SequencedEvent[],
  events: readonly StoredEvent[],
  hasEventId: boolean,
): string {
  const { appId, messageId } = reports[0]!;
  let createdAt = events[0]!.createdAt;
  let updatedAt = createdAt;
  for (const event of events) {
    if (event.createdAt < createdAt) createdAt = event.createdAt;
    if (event.createdAt > updatedAt) updatedAt = event.createdAt;
  }
  let { receivedAt } = reports[0]!;
  for (const report of reports) if (report.receivedAt > receivedAt) receivedAt = report.receivedAt;
  const numbers = first + integer(createdAt) + integer(updatedAt) + integer(receivedAt);
  return `${JSON.stringify(`${numbers}${hasEventId ? 1 : 0}${messageId}`)}:${JSON.stringify(appId)}`;
}

function eventEntry(first: string, e: StoredEvent): string {
  const key = JSON.stringify(integer(e.seq) + first + integer(e.createdAt) + integer(e.receivedAt) + e.event);
  const plain = e.eventId === "" && e.externalId === "" && e.attributes === "" && e.duplicates === 0;
  return plain
    ? `${key}:null`
    : `${key}:${JSON.stringify([e.eventId, e.externalId, e.attributes, e.duplicates])}`;
}

function integer(n: number): string {
  return String(n).padStart(numberChars);
}
