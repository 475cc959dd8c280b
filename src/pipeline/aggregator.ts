/**
 * The aggregator: gathers a lane's events until the batch is closed, and folds those of one message together, so that
 * the store meets each message once a batch.
 */
import type { SequencedEvent, StoredEvent } from "../event/event.ts";
import { foldReports } from "../event/fold.ts";

/** A lane's part of a batch. */
export interface Share {
  /** Elements for `StoreBatch.messages`, joined by commas, without the brackets around them; empty for none. */
  readonly messages: string;
  readonly eventIds: boolean;
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

  /** Hands over what was gathered and begins anew. */
  take(): Share {
    if (this.#messages.size === 0) return { messages: "", eventIds: false };
    let eventIds = false;
    const rows: unknown[] = [];
    for (const reports of this.#messages.values()) {
      const row = messageRow(reports);
      eventIds ||= row[6] === 1;
      rows.push(row);
    }
    this.#messages = new Map();
    return { messages: JSON.stringify(rows).slice(1, -1), eventIds };
  }
}

/** The shape that `StoreBatch.messages` describes. */
function messageRow(reports: readonly SequencedEvent[]) {
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
  return [
    first.appId,
    first.messageId,
    first.seq,
    createdAt,
    updatedAt,
    receivedAt,
    hasEventId,
    events.map(eventRow),
  ];
}

/** What most events do not have comes last and is left out: the database looks up only what is there. */
function eventRow(e: StoredEvent) {
  const row = [e.seq, e.event, e.createdAt, e.receivedAt];
  const plain = e.eventId === "" && e.externalId === "" && e.attributes === "" && e.duplicates === 0;
  return plain ? row : [...row, e.eventId, e.externalId, e.attributes, e.duplicates];
}
