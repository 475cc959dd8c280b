/**
 * Pages of one message's events, both ways, each by the index of their order: the last page of a million events costs what the
 * first one does. With a filter a page examines a bounded number of events. Runs on a query thread.
 */
import type { Row } from "@libsql/client";
import { compareRanked } from "../../core/fold.ts";
import type { MessageEventsPage, MessageEventsQuery } from "../../core/message-events.ts";
import { Conditions } from "../conditions.ts";
import { cursorKind, formatCursor } from "../cursor.ts";
import { KeysetScan, readPage } from "../keyset-scan.ts";
import { lifecycleOfMessage, type PlanCache } from "../lifecycles/plan-cache.ts";
import type { ReadConnection } from "../read-connection.ts";
import { knownPosition } from "./apply-sql.ts";
import { eventOrderKey } from "./event-page.ts";
import { eventBytes, pageBytesMax, storedEvent } from "./event-rows.ts";
import { rankOf } from "./summaries.ts";

const directions = { asc: "ASC", desc: "DESC" } as const;
const opposite = { asc: "desc", desc: "asc" } as const;

/** Beside those of the key. */
const columns =
  "e.seq, e.received_at, e.external_id, e.attributes, e.parent_id, e.duplicates, e.changed_seq, e.ahead, e.traceparent";

export class MessageEventQueries {
  readonly #connection: ReadConnection;
  readonly #plans: PlanCache;

  constructor(connection: ReadConnection, plans: PlanCache) {
    this.#connection = connection;
    this.#plans = plans;
  }

  /** See `MessageEventsReader.messageEvents`. */
  async messageEvents(query: MessageEventsQuery): Promise<MessageEventsPage> {
    const { appId, messageId, order, cursor } = query;
    const [found] = await this.#connection.read([
      { sql: "SELECT id FROM messages WHERE message_id = ? AND app_id = ?", args: [messageId, appId] },
    ]);
    const id = Number(found?.[0]?.id ?? 0);
    const back = cursor !== undefined && cursorKind(cursor) === kindOf(order, true);
    const scan = scanOf(id, query, back);
    const { rows, next, boundary, others } = await readPage(this.#connection, scan, () => [
      knownPosition(this.#connection.journalId),
      lifecycleOfMessage(id, appId),
    ]);
    const [plan] = this.#connection.decode(others[1], (row) => this.#plans.of(row));
    const shown = rows.slice(0, query.limit);
    const further = rows.length > shown.length ? scan.cursorAt(shown.at(-1)!) : next.nextCursor;
    const events = this.#connection
      .decode(shown, (row) => storedEvent({ appId, messageId }, row))
      .sort(compareRanked(rankOf(plan)));
    return {
      found: id !== 0,
      events: order === "asc" ? events : events.reverse(),
      ...cursorsOf(query, back, { near: shown[0] ?? boundary, further }),
      asOfSeq: Number(others[0]?.[0]?.seq ?? 0),
    };
  }
}

function kindOf(order: MessageEventsQuery["order"], back: boolean): string {
  return back ? `${order}-before` : order;
}

/** @param back towards the beginning of the order */
function scanOf(
  message: number,
  {
    order,
    event,
    since,
    until,
    limit,
    cursor,
    bytesMax = pageBytesMax,
  }: Omit<MessageEventsQuery, "cursor"> & { readonly cursor?: string | undefined },
  back: boolean,
): KeysetScan {
  const indexed = new Conditions();
  indexed.add("e.message = ?", message);
  if (since !== undefined) indexed.add("e.created_at >= ?", since);
  if (until !== undefined) indexed.add("e.created_at < ?", until);
  const filters = new Conditions();
  filters.addEqual("e.event", event);
  return new KeysetScan({
    kind: kindOf(order, back),
    cursor,
    columns,
    from: "events e",
    key: eventOrderKey,
    direction: directions[back ? opposite[order] : order],
    indexed,
    filters,
    // One more than the page has: whether there are others.
    limit: limit + 1,
    bytes: { sql: eventBytes, max: bytesMax },
  });
}

/**
 * @param back towards the beginning of the order
 * @param ends the first row of the scan, or of a page without events the last one examined, or `undefined` where there is none; and
 * the cursor behind the page in the direction of the scan
 */
function cursorsOf(
  query: MessageEventsQuery,
  back: boolean,
  { near, further }: { readonly near: Row | undefined; readonly further: string | undefined },
): Pick<MessageEventsPage, "nextCursor" | "previousCursor"> {
  const turned = query.cursor === undefined ? undefined : turnedCursor(query, back, near);
  const [nextCursor, previousCursor] = back ? [turned, further] : [further, turned];
  return { ...(nextCursor && { nextCursor }), ...(previousCursor && { previousCursor }) };
}

/** The cursor of the page on the other side. Behind all events that page is the one at the end. Without a cursor nothing is before a page. */
function turnedCursor(query: MessageEventsQuery, back: boolean, near: Row | undefined): string {
  if (near !== undefined) return scanOf(0, { ...query, cursor: undefined }, !back).cursorAt(near);
  const ascending = (query.order === "asc") !== back;
  const beyond = ascending ? Number.MAX_SAFE_INTEGER : Number.MIN_SAFE_INTEGER;
  return formatCursor(kindOf(query.order, !back), [beyond, "", "", ""]);
}
