/**
 * Questions to the database of messages. One of the parts of `query-part.ts`.
 *
 * Every answer names the seq it is as of, read in the same transaction. Every question costs a bounded amount of work:
 * a list page examines a bounded number of messages and then says where to go on.
 */
import type { Row } from "@libsql/client";
import type { MessageKey, Micros } from "../event/event.ts";
import { compareEvents, summarize } from "../event/fold.ts";
import type { MessageAnswer, MessagePage, MessageQuery, MessageSummary } from "../event/query.ts";
import { type MessageLife, messageStates } from "../event/state.ts";
import { assess, type Holds } from "../lifecycle/assess.ts";
import { knownPosition } from "./apply-sql.ts";
import type { DatabaseAddress } from "./database.ts";
import { eventColumns, keyOf, storedEvent } from "./event-rows.ts";
import { countCandidates, planList } from "./list-sql.ts";
import { lifecycleOfMessage, type Plans } from "./plans.ts";
import type { Reads } from "./reads.ts";
import { scanMaxDefault } from "./walk.ts";

/** Events that one message's answer holds: its earliest. `event_count` tells how many there are. */
const messageEventsMax = 10_000;

/** A message may have a million events, and a summary needs none of them: see `Stage`. */
function stagesOf(messages: string): string {
  return `SELECT message, event, min(created_at) AS first, max(created_at) AS last, count(*) AS count
    FROM events WHERE message ${messages} GROUP BY message, event`;
}

/** By the message, which the unary plus sees to: the index of external ids has those of all messages. */
function externalIdsOf(messages: string): string {
  return `SELECT DISTINCT message, external_id FROM events WHERE message ${messages} AND +external_id <> ''`;
}

export interface MessageQueriesOptions extends DatabaseAddress {
  /** Rows that one page of a list looks at. */
  readonly scanMax?: number;
}

export class MessageQueries {
  readonly #reads: Reads;
  readonly #plans: Plans;
  readonly #scanMax: number;

  constructor(reads: Reads, plans: Plans, options: Pick<MessageQueriesOptions, "scanMax">) {
    this.#reads = reads;
    this.#plans = plans;
    this.#scanMax = options.scanMax ?? scanMaxDefault;
  }

  /** See `Reader.get`. */
  async get(key: MessageKey): Promise<MessageAnswer> {
    const id = "(SELECT id FROM messages WHERE message_id = ?1 AND app_id = ?2)";
    const args = [key.messageId, key.appId];
    const [position, rows, stages, externalIds, lifecycle, held, tracking] = await this.#reads.read([
      knownPosition(this.#reads.journalId),
      {
        sql: `SELECT ${eventColumns} FROM events e WHERE e.message = ${id}
          ORDER BY e.created_at LIMIT ${messageEventsMax}`,
        args,
      },
      { sql: stagesOf(`= ${id}`), args },
      { sql: externalIdsOf(`= ${id}`), args },
      { sql: lifecycleOfMessage(id, "?2"), args },
      { sql: `SELECT kind, stage FROM findings WHERE message = ${id} AND retracted_at = 0`, args },
      "SELECT clock FROM tracking",
    ]);
    const asOfSeq = seqOf(position);
    if (rows === undefined || rows.length === 0) return { asOfSeq };
    const events = rows.map((row) => storedEvent(key, row)).sort(compareEvents);
    const life = this.#lifeOf(lifecycle?.[0], stages ?? [], heldOf(held), Number(tracking?.[0]?.clock ?? 0));
    const standing = life && {
      state: life.state,
      ...(life.overdueSince !== undefined && { overdueSince: life.overdueSince }),
    };
    const summary = summaryOf(key, stages, externalIds, standing);
    return { message: { ...summary, events, ...(life !== undefined && { life }) }, asOfSeq };
  }

  /** See `Reader.list`. */
  async list(query: MessageQuery): Promise<MessagePage> {
    const count = countCandidates(query, this.#scanMax);
    const [counted] = count === undefined ? [] : await this.#reads.read([count]);
    const plan = planList(query, counted?.[0]?.few === 1, this.#scanMax);
    const [edge] = plan.edge === undefined ? [] : await this.#reads.read([plan.edge]);
    const floor = edge?.[0];
    const [position, found] = await this.#reads.read([
      knownPosition(this.#reads.journalId),
      plan.page(floor),
    ]);
    const rows = found ?? [];
    const messages = await this.#summaries(rows);
    const nextCursor = plan.nextCursor(rows, floor);
    return {
      messages,
      ...(nextCursor === undefined ? {} : { nextCursor }),
      asOfSeq: seqOf(position),
    };
  }

  /** From the events themselves, so that it is as new as they are; what is missing is what was found to be, as everywhere else. */
  #lifeOf(
    lifecycle: Row | undefined,
    stages: readonly Row[],
    holds: Holds,
    clock: Micros,
  ): MessageLife | undefined {
    const plan = this.#plans.of(lifecycle);
    if (plan === undefined || lifecycle === undefined) return undefined;
    const firsts = new Map(stages.map((row) => [String(row.event), Number(row.first)]));
    const times = [...plan.slots.keys()].map((event) => firsts.get(event) ?? null);
    return { ...assess(plan, times, holds), version: Number(lifecycle.version), clock };
  }

  async #summaries(rows: readonly Row[]): Promise<MessageSummary[]> {
    if (rows.length === 0) return [];
    const ids = "IN (SELECT value FROM json_each(?1))";
    const args = [JSON.stringify(rows.map((row) => row.id))];
    const [stages, externalIds, lives] = await this.#reads.read([
      { sql: stagesOf(ids), args },
      { sql: externalIdsOf(ids), args },
      { sql: `SELECT message, state, overdue_since FROM lives WHERE message ${ids}`, args },
    ]);
    const livesById = new Map((lives ?? []).map((row) => [row.message, row]));
    const stagesById = Map.groupBy(stages ?? [], (row) => row.message);
    const externalIdsById = Map.groupBy(externalIds ?? [], (row) => row.message);
    return rows.flatMap((row) => {
      const theirs = stagesById.get(row.id);
      // Retention may have taken the message between the two reads.
      return theirs === undefined
        ? []
        : [summaryOf(keyOf(row), theirs, externalIdsById.get(row.id), standingOf(livesById.get(row.id)))];
    });
  }
}

function seqOf(rows: readonly Row[] | undefined): number {
  return Number(rows?.[0]?.seq ?? 0);
}

/** @param rows the findings of the message that hold */
function heldOf(rows: readonly Row[] = []): Holds {
  // What came late or failed has happened, whether or not it was found yet.
  return ({ kind, stage }) =>
    kind === "late" || kind === "failed" || rows.some((row) => row.kind === kind && row.stage === stage);
}

function summaryOf(
  key: MessageKey,
  stages: readonly Row[] = [],
  externalIds: readonly Row[] = [],
  standing?: Standing,
) {
  return summarize(
    key,
    stages.map((row) => ({
      event: String(row.event),
      first: Number(row.first),
      last: Number(row.last),
      count: Number(row.count),
    })),
    externalIds.map((row) => String(row.external_id)),
    standing,
  );
}

type Standing = Pick<MessageSummary, "state" | "overdueSince">;

/** @param row of `lives`; `undefined` where the message goes by no lifecycle */
function standingOf(row: Row | undefined): Standing {
  const since = Number(row?.overdue_since ?? 0);
  return { state: messageStates[Number(row?.state ?? 0)]!, ...(since !== 0 && { overdueSince: since }) };
}
