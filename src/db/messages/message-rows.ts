/** The rows of which the answer to one message is made. Runs on a query thread. */
import type { Row } from "@libsql/client";
import { messageEventsMax } from "../../core/limits.ts";
import type { MessageRead } from "../../core/query.ts";
import { messageRowsSql } from "../../gen/sql.ts";
import type { Plan } from "../../lifecycle/plan.ts";
import { lifecycleOfMessage, lifecyclesById, type PlanCache } from "../lifecycles/plan-cache.ts";
import type { ReadConnection } from "../read-connection.ts";
import { exactRows } from "../rows.ts";
import { knownPosition } from "./apply-sql.ts";
import { EventFold, foldRead, lookedAtMax, type MessageNames, type StageTimes } from "./event-fold.ts";
import { type EventPage, pageColumns, readEventPage } from "./event-page.ts";
import { pageBytesMax } from "./event-rows.ts";
import { heldFindings } from "./held-findings.ts";

/** All of one moment. */
export interface MessageRows {
  readonly asOfSeq: number;
  /** The message's number; 0 where it is not there. */
  readonly id: number;
  readonly eventCount: number;
  /** Those of the page, in the order asked for. */
  readonly events: readonly Row[];
  /** The cursor behind the page, where it is not the last. */
  readonly nextCursor?: string | undefined;
  /** None where the message is not there. */
  readonly stages: readonly StageTimes[];
  readonly names: readonly MessageNames[];
  /** The lifecycle that it goes by, or will. */
  readonly plan: Plan | undefined;
  readonly version: number;
  /** `instances.times` by that lifecycle, where the message has more events than are looked at. */
  readonly known: unknown;
  /** See `heldFindings`. */
  readonly held: readonly Row[];
  /** A row with the column `skews`. */
  readonly clock: Row | undefined;
  readonly watermark: number;
}

/** Up to so many events a message is read by one statement: each costs more than a few rows do. */
const smallEventsMax = 100;

const heldColumns = ["run", "kind", "stage", "due_at", "retracted_at", "triage", "mark"];

export class MessageRowQueries {
  readonly #connection: ReadConnection;
  readonly #plans: PlanCache;

  constructor(connection: ReadConnection, plans: PlanCache) {
    this.#connection = connection;
    this.#plans = plans;
  }

  async read(read: MessageRead): Promise<MessageRows> {
    const { limit = messageEventsMax, cursor, order = "oldest", bytesMax = pageBytesMax } = read;
    const page = { limit, cursor, order, bytesMax };
    return (cursor === undefined ? await this.#small(read, page) : undefined) ?? this.#any(read, page);
  }

  /** `undefined` where the message is not small, or not all of it fits the page, or a number of it is beyond 2^53. */
  async #small(
    { appId, messageId }: MessageRead,
    { limit, order, bytesMax }: EventPage,
  ): Promise<MessageRows | undefined> {
    const max = Math.min(limit, smallEventsMax);
    const args = [messageId, appId, max, this.#connection.journalId];
    const [[row] = []] = await this.#connection.read([{ sql: messageRowsSql.small, args }]);
    if (row === undefined || !fits(String(row.events), max, bytesMax)) return undefined;
    const events = exactRows(row.events, pageColumns);
    const held = exactRows(row.held, heldColumns);
    if (events === undefined || held === undefined || events.length === 0) return undefined;
    const fold = folded(Number(row.id), events);
    const unfollowed = row.lifecycle === null && Number(row.id) <= Number(row.projected);
    return {
      asOfSeq: Number(row.seq ?? 0),
      id: Number(row.id),
      eventCount: Number(row.event_count),
      events: order === "oldest" ? events : events.toReversed(),
      stages: fold.stages,
      names: fold.names,
      plan: unfollowed || row.plan === null ? undefined : await this.#plan(Number(row.plan)),
      version: Number(row.version),
      known: null,
      held,
      clock: row,
      watermark: Number(row.watermark),
    };
  }

  async #plan(id: number): Promise<Plan | undefined> {
    const known = this.#plans.known(id);
    if (known !== undefined) return known;
    const [rows] = await this.#connection.read([lifecyclesById(`[${id}]`)]);
    return this.#connection.decode(rows, (row) => this.#plans.of(row))[0];
  }

  async #any({ appId, messageId }: MessageRead, page: EventPage): Promise<MessageRows> {
    const [found] = await this.#connection.read([
      {
        sql: "SELECT id, event_count FROM messages WHERE message_id = ? AND app_id = ?",
        args: [messageId, appId],
      },
    ]);
    const id = Number(found?.[0]?.id ?? 0);
    const count = Number(found?.[0]?.event_count ?? 0);
    const fold = foldRead([id], count);
    const { rows, nextCursor, others } = await readEventPage(this.#connection, id, page, [
      knownPosition(this.#connection.journalId),
      { sql: "SELECT event_count FROM messages WHERE id = ?", args: [id] },
      lifecycleOfMessage(id, appId),
      heldFindings(id),
      { sql: "SELECT lifecycle, times FROM instances WHERE message = ?", args: [id] },
      "SELECT watermark, seq, (SELECT skews FROM clock) AS skews FROM projection",
      ...fold.statements,
    ]);
    const [position, message, lifecycle, held = [], instance, projection, ...folded] = others;
    // Of one that the projector has passed and does not follow there is no more to say than lists do.
    const unfollowed = instance?.length === 0 && id <= Number(projection?.[0]?.seq ?? 0);
    const [plan] = unfollowed ? [] : this.#connection.decode(lifecycle, (row) => this.#plans.of(row));
    const own = fold.of(folded).get(id);
    const ownTimes = count > lookedAtMax && instance?.[0]?.lifecycle === lifecycle?.[0]?.id;
    return {
      asOfSeq: Number(position?.[0]?.seq ?? 0),
      id,
      eventCount: Number(message?.[0]?.event_count),
      events: rows,
      nextCursor,
      stages: own?.stages ?? [],
      names: own?.names ?? [],
      plan,
      version: Number(lifecycle?.[0]?.version),
      known: ownTimes ? instance?.[0]?.times : null,
      held,
      clock: projection?.[0],
      watermark: Number(projection?.[0]?.watermark ?? 0),
    };
  }
}

/** Whether the events certainly fit: a UTF-16 unit is three bytes at most, and JSON makes no text shorter. See `eventBytes`. */
function fits(json: string, eventsMax: number, bytesMax: number): boolean {
  return 3 * json.length + 200 * eventsMax <= bytesMax;
}

function folded(message: number, events: readonly Row[]): EventFold {
  const fold = new EventFold(message);
  for (const row of events) {
    fold.add({
      event: String(row.event),
      happenedAt: Number(row.created_at) - Number(row.ahead),
      ahead: row.ahead !== 0,
      externalId: String(row.external_id),
      parentId: String(row.parent_id),
    });
  }
  return fold;
}
