/** The texts of a batch for the store's transaction. */
import { happenedAt } from "../core/ahead.ts";
import type { StoredEvent } from "../core/event.ts";
import { detailOf } from "../core/fold.ts";
import type { StoreChunk } from "../core/ports.ts";
import { type FoldedMessage, firstSeqOf } from "./aggregator.ts";
import { ChunkText } from "./chunk-text.ts";
import type { Pace } from "./pace.ts";

/**
 * Bytes after which a text of a chunk takes no other entry, none of which has 100,000. A libSQL server refuses a
 * parameter of 5,000,000 bytes.
 */
const chunkBytesMax = 2_000_000;

/**
 * Makes the chunks of a batch.
 *
 * @param messages in the order of their first seqs, for that is how the store's tables grow: collector after collector,
 *   every one would go through the same pages again, which took a quarter longer
 */
export async function makeChunks(messages: readonly FoldedMessage[], pace: Pace): Promise<StoreChunk[]> {
  const chunks: StoreChunk[] = [];
  let messageText = new ChunkText();
  let eventText = new ChunkText();
  let plain = true;
  const close = () => {
    chunks.push({ plain, messages: messageText.toString(), events: eventText.toString() });
    plain = true;
    messageText = new ChunkText();
    eventText = new ChunkText();
  };
  for (const message of messages) {
    if (messageText.length > chunkBytesMax) close();
    writeMessage(messageText, message);
    for (const event of message.events) {
      if (eventText.length > chunkBytesMax) close();
      plain = writeEvent(eventText, firstSeqOf(message), event) && plain;
    }
    const turn = pace(message.events.length);
    if (turn !== undefined) await turn;
  }
  if (messageText.length + eventText.length > 0) close();
  return chunks;
}

function writeMessage(to: ChunkText, { reports, events }: FoldedMessage): void {
  const first = reports[0]!;
  let createdAt = happenedAt(events[0]!);
  let updatedAt = createdAt;
  for (const event of events) {
    const at = happenedAt(event);
    if (at < createdAt) createdAt = at;
    if (at > updatedAt) updatedAt = at;
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
  const { eventId, externalId, attributes, duplicates, parentId, aheadBy = 0, traceparent = "" } = e;
  const rare = parentId !== "" || aheadBy !== 0 || traceparent !== "";
  const plain = eventId === "" && externalId === "" && attributes === "" && duplicates === 0 && !rare;
  to.begin(e.seq, first, e.createdAt, e.receivedAt);
  to.text(e.event);
  const rest = [eventId, externalId, attributes, duplicates, detailOf(e)];
  to.end(plain ? null : JSON.stringify(rare ? [...rest, parentId, aheadBy, traceparent] : rest));
  return plain;
}
