/**
 * Reads messages, one or a list. Runs on a query thread.
 *
 * Every answer names the seq it is as of, read in the same transaction. Every query costs a bounded amount of work:
 * a list page examines a bounded number of messages, and its cursor goes on from there.
 */
import type { Row } from "@libsql/client";
import type { MessageKey } from "../../core/event.ts";
import { compareRanked, type Rank } from "../../core/fold.ts";
import { messageEventsMax } from "../../core/limits.ts";
import type { MessageAnswer, MessagePage, MessageQuery, MessageRead } from "../../core/query.ts";
import type { LifecycleInstance } from "../../core/state.ts";
import { divideByApp, readMergedPage } from "../app-pages.ts";
import type { DatabaseAddress } from "../database.ts";
import { type KeysetScan, scanMaxDefault } from "../keyset-scan.ts";
import { lifecycleOfMessage, type PlanCache } from "../lifecycles/plan-cache.ts";
import type { ReadConnection } from "../read-connection.ts";
import { knownSkews } from "../retention/time-marks.ts";
import { knownPosition } from "./apply-sql.ts";
import { type EventPage, eventPage, scanEvents } from "./event-page.ts";
import { pageBytesMax, storedEvent } from "./event-rows.ts";
import { heldFindings } from "./held-findings.ts";
import { type RunOf, readInstance } from "./message-instance.ts";
import { countCandidates, scanMessages } from "./message-list.ts";
import {
  lookedAtMax,
  namesIn,
  namesOf,
  rankOf,
  Summaries,
  stagesIn,
  stagesOf,
  summaryOf,
} from "./summaries.ts";

export interface MessageQueriesOptions extends DatabaseAddress {
  /** Rows that one page of a list looks at. */
  readonly scanMax?: number;
}

export class MessageQueries {
  readonly #connection: ReadConnection;
  readonly #plans: PlanCache;
  readonly #summaries: Summaries;
  readonly #scanMax: number;

  constructor(connection: ReadConnection, plans: PlanCache, options: Pick<MessageQueriesOptions, "scanMax">) {
    this.#connection = connection;
    this.#plans = plans;
    this.#summaries = new Summaries(connection, plans);
    this.#scanMax = options.scanMax ?? scanMaxDefault;
  }

  /** See `Reader.get`. */
  async get({ appId, messageId, order = "oldest", ...page }: MessageRead): Promise<MessageAnswer> {
    const key = { appId, messageId };
    const { limit = messageEventsMax, cursor, bytesMax = pageBytesMax } = page;
    const asked = { order, limit, cursor, bytesMax };
    const [found] = await this.#connection.read([
      {
        sql: "SELECT id, event_count FROM messages WHERE message_id = ? AND app_id = ?",
        args: [messageId, appId],
      },
    ]);
    const id = Number(found?.[0]?.id ?? 0);
    const count = Number(found?.[0]?.event_count ?? 0);
    const scan = scanEvents(id, asked);
    const [position, message, rows = [], staged, names, lifecycle, held, instance, projection] =
      await this.#connection.read([
        knownPosition(this.#connection.journalId),
        { sql: "SELECT event_count FROM messages WHERE id = ?", args: [id] },
        eventPage(scan, asked),
        stagesOf(id, count),
        namesOf(id, count),
        lifecycleOfMessage(id, appId),
        heldFindings(id),
        { sql: "SELECT lifecycle, times FROM instances WHERE message = ?", args: [id] },
        "SELECT watermark, seq, (SELECT skews FROM clock) AS skews FROM projection",
      ]);
    const asOfSeq = Number(position?.[0]?.seq ?? 0);
    const stages = stagesIn(staged);
    // There is none, or retention has taken it between the two reads.
    if (stages.length === 0) return { asOfSeq };
    const eventCount = Number(message?.[0]?.event_count);
    // Of one that the projector has passed and does not follow there is no more to say than lists do.
    const unfollowed = instance?.length === 0 && id <= Number(projection?.[0]?.seq ?? 0);
    const [plan] = unfollowed ? [] : this.#connection.decode(lifecycle, (row) => this.#plans.of(row));
    // Of a message with more events than are looked at, what the projector knows of the others, a moment ago.
    const known =
      count > lookedAtMax && instance?.[0]?.lifecycle === lifecycle?.[0]?.id ? instance?.[0]?.times : null;
    const watermark = Number(projection?.[0]?.watermark ?? 0);
    const read =
      plan &&
      (await readInstance(this.#connection, {
        ...{ message: id, plan, stages, known, held: held ?? [], upTo: asOfSeq },
        skews: knownSkews(projection?.[0]),
      }));
    const state =
      read &&
      ({ ...read.state, version: Number(lifecycle?.[0]?.version), watermark } satisfies LifecycleInstance);
    const status = state && {
      state: state.state,
      ...(state.overdueSince !== undefined && { overdueSince: state.overdueSince }),
    };
    const summary = summaryOf(key, { eventCount, stages, names: namesIn(names), status, plan });
    return {
      message: {
        ...summary,
        ...eventsOf(key, rows, scan, asked, { rank: rankOf(plan), runOf: read?.runOf }),
        ...(state && { instance: state }),
      },
      asOfSeq,
    };
  }

  /** See `Reader.list`. */
  async list(query: MessageQuery): Promise<MessagePage> {
    const count = countCandidates(query, this.#scanMax);
    const [counted] = count === undefined ? [] : await this.#connection.read([count]);
    const few = counted?.[0]?.few === 1;
    const which = Number(counted?.[0]?.which ?? 0);
    const direct = few || query.messageId !== undefined;
    const queries = direct ? [query] : await divideByApp(this.#connection, query);
    const scans = queries.map((one) => scanMessages(one, { few, which }, this.#scanMax));
    const { rows, next, others } = await readMergedPage(this.#connection, scans, query.limit, () => [
      knownPosition(this.#connection.journalId),
    ]);
    const { messages, count: shown } = await this.#summaries.of(rows);
    return {
      messages,
      ...(shown < rows.length ? { nextCursor: scans[0]!.cursorAt(rows[shown - 1]!) } : next),
      asOfSeq: Number(others[0]?.[0]?.seq ?? 0),
    };
  }
}

/** A page's events in the order asked for, and the cursor of the next page. */
function eventsOf(
  key: MessageKey,
  rows: readonly Row[],
  scan: KeysetScan,
  { order }: EventPage,
  { rank = () => -1, runOf }: { rank: Rank | undefined; runOf: RunOf | undefined },
) {
  const events = rows
    .map((row) => ({ ...storedEvent(key, row), ...(runOf && { run: runOf(Number(row.seq)) }) }))
    .sort(compareRanked(rank));
  const last = rows.at(-1);
  const more = last !== undefined && Number(last.total) > rows.length;
  return {
    events: order === "oldest" ? events : events.reverse(),
    ...(more && { nextCursor: scan.cursorAt(last) }),
  };
}
