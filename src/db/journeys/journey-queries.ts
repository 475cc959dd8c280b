/**
 * Reads journeys: their messages, a page of their events, and the history of their topics. Runs on a query thread.
 *
 * The cost is bounded: of a journey so many messages are looked at, and of each as many events as a page can have.
 */
import type { Row } from "@libsql/client";
import type { StoredEvent } from "../../core/event.ts";
import { compareRanked, type Rank } from "../../core/fold.ts";
import type { Journey, JourneyQuery } from "../../core/journey.ts";
import { journeyToJson } from "../../core/json.ts";
import type { HistoryPage, HistoryQuery } from "../../core/query.ts";
import { microsMin } from "../../core/time.ts";
import { historySql, journeysSql } from "../../gen/sql.ts";
import { formatCursor, parseCursor } from "../cursor.ts";
import type { PlanCache } from "../lifecycles/plan-cache.ts";
import { knownPosition } from "../messages/apply-sql.ts";
import { keyOf, pageBytesMax, publishedEvent, storedEvent } from "../messages/event-rows.ts";
import { gapAround } from "../messages/position.ts";
import { prunedTo } from "../messages/pruned.ts";
import { rankOf, Summaries } from "../messages/summaries.ts";
import type { ReadConnection } from "../read-connection.ts";
import { namedRows } from "../rows.ts";
import { compareKeys, journeyMembers, type Member, memberRows, membersOf } from "./members.ts";

/** Events that are examined for a page, of all messages together. */
const examinedMax = 20_000;
/** Events of one page of history, and the most of a journey that are read as a whole. */
const historyEvents = 1_000;
const wholeEvents = 5_000;

/** Of the statement `events`. */
const eventColumns = [
  ...["n", "total", "seq", "event", "created_at", "received_at", "event_id", "external_id"],
  ...["attributes", "parent_id", "duplicates", "detail", "ahead", "traceparent"],
];

const kind = "journey";
const keyTypes = ["integer", "text", "text", "text", "text", "text"] as const;

export class JourneyQueries {
  readonly #connection: ReadConnection;
  readonly #summaries: Summaries;

  constructor(connection: ReadConnection, plans: PlanCache) {
    this.#connection = connection;
    this.#summaries = new Summaries(connection, plans);
  }

  /** See `JourneyReader.journeyJson`. */
  async journeyJson(query: JourneyQuery): Promise<string | undefined> {
    const journey = await this.journey(query);
    if (journey.messages.length === 0) return undefined;
    return JSON.stringify(journeyToJson(query.externalId, journey));
  }

  /** The messages of a journey and a page of their events; none where there is no such journey. */
  async journey({
    externalId,
    apps,
    limit,
    cursor,
    bytesMax = pageBytesMax,
  }: JourneyQuery): Promise<Journey> {
    const after = cursor === undefined ? undefined : parseCursor(cursor, kind, keyTypes);
    const [position, joined] = await this.#connection.read([
      knownPosition(this.#connection.journalId),
      journeyMembers(externalId),
    ]);
    const asOfSeq = Number(position?.[0]?.seq ?? 0);
    const found = memberRows(joined);
    const { members: began, more } = membersOf(found, apps);
    const members = began.toSorted(compareKeys);
    if (members.length === 0) return { messages: [], events: [], asOfSeq };
    const ids = new Set(members.map(({ id }) => id));
    const shown = found
      .filter((row) => ids.has(Number(row.id)))
      .sort((a, b) => compareKeys(keyOf(a), keyOf(b)));
    const { messages, count, plans } = await this.#summaries.of(shown);
    const size = pageSize(members, limit);
    const [createdAt = microsMin, appId = "", messageId = "", ...names] = after ?? [];
    const sides = members.map((one) => (after === undefined ? 1 : compareKeys(one, { appId, messageId })));
    const [page] = await this.#connection.read([
      {
        sql: journeysSql.events,
        args: [
          JSON.stringify(members.map(({ id }, n) => [id, n, Math.sign(sides[n]!)])),
          createdAt,
          ...(names.length === 0 ? ["", "", ""] : names),
          ...[size + 1, asOfSeq, size, bytesMax],
        ],
      },
    ]);
    const rows = namedRows(page, eventColumns);
    const last = rows.at(-1);
    return {
      messages,
      ...((more || count < members.length) && { partial: true as const }),
      events: eventsOf(rows, members, (id) => rankOf(plans.get(id))),
      ...(last !== undefined && Number(last.total) > rows.length && { nextCursor: cursorAt(last, members) }),
      asOfSeq,
    };
  }

  /** See `Reader.history`, for the topic of a journey. */
  async history({ topic, after, upTo }: HistoryQuery): Promise<HistoryPage> {
    const [position, pruned, gap, joinedRows, byMessageId = []] = await this.#connection.read([
      knownPosition(this.#connection.journalId),
      prunedTo(topic),
      gapAround("events", after),
      journeyMembers(topic.externalId ?? ""),
      journeysSql.byMessageId,
    ]);
    const seen = Math.min(upTo, Number(position?.[0]?.seq ?? 0));
    const { members } = membersOf(memberRows(joinedRows));
    const whole = members.reduce((sum, { eventCount }) => sum + eventCount, 0) <= wholeEvents;
    const end = whole ? seen : await this.#rangeEnd(after, seen);
    const sql = whole ? journeysSql.historyOfMembers : journeysSql.historyOfRange;
    const joined = JSON.stringify(members.map((one) => [one.id, one.joined]));
    const read = { sql, args: [after, end, joined, historyEvents, pageBytesMax] };
    const [rows = []] = members.length === 0 || end <= after ? [] : await this.#connection.read([read]);
    const last = rows.at(-1);
    const full = last !== undefined && (rows.length === historyEvents || Number(last.bytes) >= pageBytesMax);
    const to = full ? Number(last.place) : end;
    return {
      events: rows.map(publishedEvent),
      to,
      prunedTo: Math.max(Number(pruned?.[0]?.seq ?? 0), Number(gap?.[0]?.seq ?? 0)),
      journey: {
        messages: members.filter((one) => one.joined <= to),
        byMessageId: byMessageId.map((row) => String(row.app_id)),
      },
    };
  }

  async #rangeEnd(after: number, upTo: number): Promise<number> {
    const [rows] = await this.#connection.read([
      { sql: historySql.rangeEnd, args: [after, upTo, examinedMax - 1] },
    ]);
    return Number(rows?.[0]?.seq);
  }
}

/** How many events a page can have without too many being examined: each message may have all of them. */
function pageSize(members: readonly Member[], limit: number): number {
  const examined = (size: number) =>
    members.reduce((sum, { eventCount }) => sum + Math.min(eventCount, size + 1), 0);
  let size = limit;
  while (size > 1 && examined(size) > examinedMax) size = Math.ceil(size / 2);
  return size;
}

function eventsOf(
  rows: readonly Row[],
  members: readonly Member[],
  rank: (message: number) => Rank | undefined,
): StoredEvent[] {
  const events = rows.map((row) => {
    const { id, appId, messageId } = members[Number(row.n)]!;
    return { id, event: storedEvent({ appId, messageId }, row) };
  });
  return events
    .sort(
      (a, b) =>
        a.event.createdAt - b.event.createdAt ||
        compareKeys(a.event, b.event) ||
        compareRanked(rank(a.id) ?? unranked)(a.event, b.event),
    )
    .map(({ event }) => event);
}

const unranked: Rank = () => -1;

function cursorAt(row: Row, members: readonly Member[]): string {
  const { appId, messageId } = members[Number(row.n)]!;
  const names = [row.event, row.event_id, row.detail].map(String);
  return formatCursor(kind, [Number(row.created_at), appId, messageId, ...names]);
}
