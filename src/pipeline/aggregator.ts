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

/** A message's part of a batch, ready to be put into a chunk. */
export interface FoldedMessage {
  /** Of its first event in the batch. */
  readonly seq: number;
  readonly eventIds: boolean;
  /** Its entry in `StoreChunk.messages`, and those of its events in `StoreChunk.events`. */
  readonly entry: string;
  readonly events: readonly string[];
}

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
  take(): FoldedMessage[] {
    const folded: FoldedMessage[] = [];
    for (const reports of this.#messages.values()) folded.push(foldMessage(reports));
    this.#messages = new Map();
    return folded;
  }
}

/**
 * Makes the chunks of a batch of what all lanes have taken. In the order of the sequence, for that is how the store's
 * tables grow: lane after lane, every one would go through the same pages again, which took a quarter longer.
 */
export function makeChunks(messages: readonly FoldedMessage[]): StoreChunk[] {
  const chunks: StoreChunk[] = [];
  let open = new OpenChunk();
  const close = () => {
    chunks.push(open.close());
    open = new OpenChunk();
  };
  for (const { eventIds, entry, events } of messages.toSorted((a, b) => a.seq - b.seq)) {
    if (!open.messages.fits(entry)) close();
    open.messages.add(entry);
    open.eventIds ||= eventIds;
    for (const event of events) {
      if (!open.events.fits(event)) close();
      open.events.add(event);
    }
  }
  if (!open.empty) close();
  return chunks;
}

class OpenChunk {
  readonly messages = new Entries();
  readonly events = new Entries();
  eventIds = false;

  get empty(): boolean {
    return this.messages.empty && this.events.empty;
  }

  close(): StoreChunk {
    return { eventIds: this.eventIds, messages: this.messages.close(), events: this.events.close() };
  }
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

  close(): string {
    return `{${this.#entries.join(",")}}`;
  }
}

function foldMessage(reports: readonly SequencedEvent[]): FoldedMessage {
  const { seq } = reports[0]!;
  const first = integer(seq);
  const events = foldReports(reports);
  const eventIds = events.some(({ eventId }) => eventId !== "");
  return {
    seq,
    eventIds,
    entry: messageEntry(first, reports, events, eventIds),
    events: events.map((event) => eventEntry(first, event)),
  };
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
  const text = String(n);
  // A time of these years: a quarter of the work of padding.
  return text.length === numberChars - 1 ? ` ${text}` : text.padStart(numberChars);
}
