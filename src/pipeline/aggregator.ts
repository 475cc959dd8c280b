/**
 * The aggregator: gathers a lane's events until the batch is closed, and folds those of one message together, so that
 * the store meets each message once a batch.
 */
import type { SequencedEvent, StoredEvent } from "../event/event.ts";
import { foldReports } from "../event/fold.ts";
import type { StoreChunk } from "../event/ports.ts";

/**
 * Characters of one chunk of a batch. A libSQL server refuses a parameter of 5,000,000 bytes, and a character may be
 * three of them.
 */
export const chunkCharsMax = 1_000_000;
/** Events of one message in one row; at most some 10 KiB each, they stay far below a chunk. */
const rowEventsMax = 50;

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
    let rows: string[] = [];
    let chars = 0;
    let eventIds = false;
    const close = () => {
      if (rows.length > 0) chunks.push({ eventIds, messages: `[${rows.join(",")}]` });
      rows = [];
      chars = 0;
      eventIds = false;
    };
    for (const reports of this.#messages.values()) {
      for (const row of messageRows(reports)) {
        const text = JSON.stringify(row);
        if (chars + text.length > chunkCharsMax) close();
        rows.push(text);
        chars += text.length + 1;
        eventIds ||= row[6] === 1;
      }
    }
    close();
    this.#messages = new Map();
    return chunks;
  }
}

/** The shape that `StoreBatch.chunks` describes. */
function messageRows(reports: readonly SequencedEvent[]) {
  const [first] = reports;
  if (first === undefined) throw new Error("a message has at least one report");
  const events = foldReports(reports);
  let createdAt = first.createdAt;
  let updatedAt = first.createdAt;
  let hasEventId = 0;
  for (const event of events) {
    if (event.createdAt < createdAt) createdAt = event.createdAt;
    if (event.createdAt > updatedAt) updatedAt = event.createdAt;
    if (event.eventId !== "") hasEventId = 1;
  }
  let receivedAt = first.receivedAt;
  for (const report of reports) if (report.receivedAt > receivedAt) receivedAt = report.receivedAt;
  const row = (part: readonly StoredEvent[]) =>
    [
      first.appId,
      first.messageId,
      first.seq,
      createdAt,
      updatedAt,
      receivedAt,
      hasEventId,
      part.map(eventRow),
    ] as const;
  if (events.length <= rowEventsMax) return [row(events)];
  const parts = Math.ceil(events.length / rowEventsMax);
  return Array.from({ length: parts }, (_, n) => row(events.slice(n * rowEventsMax, (n + 1) * rowEventsMax)));
}

/** What most events do not have comes last and is left out: the database looks up only what is there. */
function eventRow(e: StoredEvent) {
  const row = [e.seq, e.event, e.createdAt, e.receivedAt];
  const plain = e.eventId === "" && e.externalId === "" && e.attributes === "" && e.duplicates === 0;
  return plain ? row : [...row, e.eventId, e.externalId, e.attributes, e.duplicates];
}
