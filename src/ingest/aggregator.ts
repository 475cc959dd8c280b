/**
 * The aggregator: gathers a lane's events until the batch is closed, and folds those of one message together, so that
 * the store meets each message once a batch.
 */
import type { SequencedEvent, StoredEvent } from "../core/event.ts";
import { detailOf, foldReports } from "../core/fold.ts";
import type { StoreChunk } from "../core/ports.ts";
import { ChunkText } from "./chunk-text.ts";

/**
 * Bytes after which a text of a chunk takes no other entry, none of which has 100,000. A libSQL server refuses a
 * parameter of 5,000,000 bytes.
 */
const chunkBytesMax = 2_000_000;

/** A message's part of a batch. */
export interface FoldedMessage {
  /** In the order in which they came; at least one. */
  readonly reports: readonly SequencedEvent[];
  /** The set that they make. */
  readonly events: readonly StoredEvent[];
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
    const messages = this.#messages;
    // Begun anew first: what cannot be folded must not come back in the next batch.
    this.#messages = new Map();
    const folded: FoldedMessage[] = [];
    for (const reports of messages.values()) folded.push({ reports, events: foldReports(reports) });
    return folded;
  }
}

/** Events that are made ready in one go; a larger batch takes turns with answering clients. */
export const turnEvents = 1_000;

/**
 * Makes the chunks of a batch of what all lanes have taken. In the order of the sequence, for that is how the store's
 * tables grow: lane after lane, every one would go through the same pages again, which took a quarter longer.
 *
 * @param nextTurn lets others have their turn: a large batch takes more than ten milliseconds of the thread that answers
 *   clients
 */
export async function makeChunks(
  folded: readonly FoldedMessage[],
  nextTurn: () => Promise<void>,
): Promise<StoreChunk[]> {
  const chunks: StoreChunk[] = [];
  let messages = new ChunkText();
  let events = new ChunkText();
  let plain = true;
  const close = () => {
    chunks.push({ plain, messages: messages.toString(), events: events.toString() });
    plain = true;
    messages = new ChunkText();
    events = new ChunkText();
  };
  let written = 0;
  for (const message of folded.toSorted((a, b) => seqOf(a) - seqOf(b))) {
    if (written >= turnEvents) {
      written = 0;
      await nextTurn();
    }
    written += message.events.length;
    if (messages.length > chunkBytesMax) close();
    writeMessage(messages, message);
    for (const event of message.events) {
      if (events.length > chunkBytesMax) close();
      plain = writeEvent(events, seqOf(message), event) && plain;
    }
  }
  if (messages.length + events.length > 0) close();
  return chunks;
}

/** Of the message's first event in the batch. */
function seqOf(message: FoldedMessage): number {
  return message.reports[0]!.seq;
}

function writeMessage(to: ChunkText, { reports, events }: FoldedMessage): void {
  const first = reports[0]!;
  let createdAt = events[0]!.createdAt;
  let updatedAt = createdAt;
  for (const event of events) {
    if (event.createdAt < createdAt) createdAt = event.createdAt;
    if (event.createdAt > updatedAt) updatedAt = event.createdAt;
  }
  let { receivedAt } = first;
  for (const report of reports) if (report.receivedAt > receivedAt) receivedAt = report.receivedAt;
  to.begin(first.seq, createdAt, updatedAt, receivedAt);
  to.text(String(events.length).padStart(countChars));
  to.text(first.messageId);
  to.end(JSON.stringify(first.appId));
}

/** See `StoreChunk.messages`. */
const countChars = 7;

/** Returns whether it has a name and times only. */
function writeEvent(to: ChunkText, first: number, e: StoredEvent): boolean {
  const plain = e.eventId === "" && e.externalId === "" && e.attributes === "" && e.duplicates === 0;
  to.begin(e.seq, first, e.createdAt, e.receivedAt);
  to.text(e.event);
  to.end(plain ? null : JSON.stringify([e.eventId, e.externalId, e.attributes, e.duplicates, detailOf(e)]));
  return plain;
}
