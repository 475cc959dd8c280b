/**
 * Questions to the database of messages. Runs in `query-worker.ts`, on a connection that cannot write.
 *
 * Every answer names the seq it is as of, read in the same transaction. Every question costs a bounded amount of work:
 * a list page examines a bounded number of messages and then says where to go on.
 */
import type { InStatement, Row } from "@libsql/client";
import { MarsError } from "../event/error.ts";
import type { MessageKey, SequencedEvent, StoredEvent } from "../event/event.ts";
import { compareEvents, summarize } from "../event/fold.ts";
import type {
  HistoryPage,
  HistoryQuery,
  MessageAnswer,
  MessagePage,
  MessageQuery,
  MessageSummary,
} from "../event/query.ts";
import { knownPosition } from "./apply-sql.ts";
import { Database } from "./database.ts";
import { countCandidates, planList, scanMaxDefault } from "./list-sql.ts";
import type { MessageFileOptions } from "./message-file.ts";

/** Events of one history page, and events that it looks at to find them. */
const historyEvents = 1_000;
const historySpan = 20_000;

/** Events that one message's answer holds: its earliest. `event_count` tells how many there are. */
const messageEventsMax = 10_000;

/** All that a summary needs of an event. Not the attributes: they can be most of what is stored. */
const summaryColumns =
  "e.seq, e.event, e.created_at, e.received_at, e.event_id, e.external_id, '' AS attributes, e.duplicates";

const eventColumns = summaryColumns.replace("'' AS attributes", "e.attributes");

export interface MessageQueriesOptions extends MessageFileOptions {
  /** Whose position the answers are as of. */
  readonly journalId: string;
  /** Messages that one list page examines at most. */
  readonly scanMax?: number;
}

export class MessageQueries {
  readonly #database: Database;
  readonly #journalId: string;
  readonly #scanMax: number;

  constructor(options: MessageQueriesOptions) {
    this.#journalId = options.journalId;
    this.#scanMax = options.scanMax ?? scanMaxDefault;
    this.#database = new Database({
      ...options,
      pragmas: ["busy_timeout = 5000", "query_only = 1", "cache_size = -32768", "temp_store = MEMORY"],
    });
  }

  /** See `Reader.get`. */
  async get(key: MessageKey): Promise<MessageAnswer> {
    const args = [key.messageId, key.appId];
    const [position, rows, counted] = await this.#read([
      knownPosition(this.#journalId),
      {
        sql: `SELECT ${eventColumns} FROM messages m CROSS JOIN events e ON e.message = m.id
          WHERE m.message_id = ?1 AND m.app_id = ?2 ORDER BY e.created_at LIMIT ${messageEventsMax}`,
        args,
      },
      {
        sql: `SELECT m.updated_at, (SELECT count(*) FROM events e WHERE e.message = m.id) AS events FROM messages m
          WHERE m.message_id = ?1 AND m.app_id = ?2`,
        args,
      },
    ]);
    const asOfSeq = seqOf(position);
    const all = counted?.[0];
    if (all === undefined || rows === undefined) return { asOfSeq };
    const events = rows.map((row) => storedEvent(key, row)).sort(compareEvents);
    const summary = {
      ...summarize(key, events),
      eventCount: Number(all.events),
      updatedAt: Number(all.updated_at),
    };
    return { message: { ...summary, events }, asOfSeq };
  }

  /** See `Reader.list`. */
  async list(query: MessageQuery): Promise<MessagePage> {
    const count = countCandidates(query, this.#scanMax);
    const [counted] = count === undefined ? [] : await this.#read([count]);
    const plan = planList(query, counted?.[0]?.few === 1, this.#scanMax);
    const [edge] = plan.edge === undefined ? [] : await this.#read([plan.edge]);
    const floor = edge?.[0];
    const [position, found] = await this.#read([knownPosition(this.#journalId), plan.page(floor)]);
    const rows = found ?? [];
    const messages = await this.#summaries(rows);
    const nextCursor = plan.nextCursor(rows, floor);
    return {
      messages,
      ...(nextCursor === undefined ? {} : { nextCursor }),
      asOfSeq: seqOf(position),
    };
  }

  /** See `Reader.history`. */
  async history({ topic, after, upTo }: HistoryQuery): Promise<HistoryPage> {
    // One message's events are found by its number. A wider topic walks along the sequence, a stretch at a time.
    const one = topic.messageId !== undefined;
    const stretch: InStatement = {
      sql: `SELECT seq FROM events WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT 1 OFFSET ${historySpan - 1}`,
      args: [after, upTo],
    };
    const [edge] = one ? [] : await this.#read([stretch]);
    const end = Number(edge?.[0]?.seq ?? upTo);
    const statement: InStatement = {
      sql: `SELECT m.app_id, m.message_id, ${eventColumns}
        FROM ${one ? "messages m CROSS JOIN events e ON e.message = m.id" : "events e CROSS JOIN messages m ON m.id = e.message"}
        WHERE e.seq > ?1 AND e.seq <= ?2 AND (?3 IS NULL OR m.app_id = ?3) ${one ? "AND m.message_id = ?4" : "AND ?4 IS NULL"}
        ORDER BY e.seq LIMIT ${historyEvents}`,
      args: [after, end, topic.appId ?? null, topic.messageId ?? null],
    };
    const [pruned, rows] = await this.#read(["SELECT seq FROM pruned", statement]);
    const events = (rows ?? []).map((row) => sequencedEvent(keyOf(row), row));
    const last = events.at(-1);
    return {
      events,
      to: last !== undefined && events.length === historyEvents ? last.seq : end,
      prunedTo: seqOf(pruned),
    };
  }

  close(): void {
    this.#database.close();
  }

  async #summaries(rows: readonly Row[]): Promise<MessageSummary[]> {
    if (rows.length === 0) return [];
    const [found] = await this.#read([
      {
        sql: `SELECT e.message, ${summaryColumns} FROM events e WHERE e.message IN (SELECT value FROM json_each(?1))`,
        args: [JSON.stringify(rows.map((row) => row.id))],
      },
    ]);
    const byMessage = Map.groupBy(found ?? [], (row) => row.message);
    return rows.flatMap((row) => {
      const events = byMessage.get(row.id)?.map((event) => storedEvent(keyOf(row), event));
      // Retention may have taken the message between the two reads.
      return events === undefined ? [] : [summarize(keyOf(row), events.sort(compareEvents))];
    });
  }

  async #read(statements: InStatement[]): Promise<Row[][]> {
    try {
      return (await this.#database.batch(statements, "read")).map((result) => result.rows);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new MarsError("unavailable", `the database cannot be read: ${reason}`, {
        cause: error,
        retryAfterMs: 1_000,
      });
    }
  }
}

function seqOf(rows: readonly Row[] | undefined): number {
  return Number(rows?.[0]?.seq ?? 0);
}

function keyOf(row: Row): MessageKey {
  return { appId: String(row.app_id), messageId: String(row.message_id) };
}

function sequencedEvent(key: MessageKey, row: Row): SequencedEvent {
  return {
    appId: key.appId,
    messageId: key.messageId,
    event: String(row.event),
    createdAt: Number(row.created_at),
    receivedAt: Number(row.received_at),
    eventId: String(row.event_id),
    externalId: String(row.external_id),
    attributes: String(row.attributes),
    seq: Number(row.seq),
  };
}

function storedEvent(key: MessageKey, row: Row): StoredEvent {
  return { ...sequencedEvent(key, row), duplicates: Number(row.duplicates) };
}
