/**
 * Reads messages, one or a list. Runs on a query thread.
 *
 * Every answer names the seq it is as of, read in the same transaction. Every query costs a bounded amount of work:
 * a list page examines a bounded number of messages, and its cursor goes on from there.
 */
import type { Row } from "@libsql/client";
import type { MessageKey, StoredEvent } from "../../core/event.ts";
import { compareRanked, type Rank } from "../../core/fold.ts";
import { messagePageToJson, messageToJson } from "../../core/json.ts";
import type { Message, MessageAnswer, MessagePage, MessageQuery, MessageRead } from "../../core/query.ts";
import { type AppRights, appRights } from "../../core/rights.ts";
import type { LifecycleInstance } from "../../core/state.ts";
import { divideByApp, readMergedPage } from "../app-pages.ts";
import type { DatabaseAddress } from "../database-address.ts";
import { scanMaxDefault } from "../keyset-scan.ts";
import type { PlanCache } from "../lifecycles/plan-cache.ts";
import type { ReadConnection } from "../read-connection.ts";
import { knownSkews } from "../retention/time-marks.ts";
import { knownPosition } from "./apply-sql.ts";
import { storedEvent } from "./event-rows.ts";
import { type RunOf, readInstance } from "./message-instance.ts";
import { countCandidates, scanMessages } from "./message-list.ts";
import { MessageRowQueries } from "./message-rows.ts";
import { rankOf, Summaries, summaryOf } from "./summaries.ts";

export interface MessageQueriesOptions extends DatabaseAddress {
  /** Rows that one page of a list looks at. */
  readonly scanMax?: number;
}

export class MessageQueries {
  readonly #connection: ReadConnection;
  readonly #rows: MessageRowQueries;
  readonly #summaries: Summaries;
  readonly #scanMax: number;

  constructor(connection: ReadConnection, plans: PlanCache, options: Pick<MessageQueriesOptions, "scanMax">) {
    this.#connection = connection;
    this.#rows = new MessageRowQueries(connection, plans);
    this.#summaries = new Summaries(connection, plans);
    this.#scanMax = options.scanMax ?? scanMaxDefault;
  }

  /** See `Reader.messageJson`. */
  async json(asked: MessageRead): Promise<string | undefined> {
    const { message, asOfSeq } = await this.get(asked);
    if (message === undefined) return undefined;
    const shown = asked.apps === undefined ? message : readable(message, appRights(asked.apps));
    return JSON.stringify(messageToJson(shown, asOfSeq));
  }

  /** A message with its events; without one where none of them is stored. */
  async get(asked: MessageRead): Promise<MessageAnswer> {
    const key = { appId: asked.appId, messageId: asked.messageId };
    const rows = await this.#rows.read(asked);
    const { asOfSeq, id, plan, stages, known, held } = rows;
    // There is none, or retention has taken it between two reads.
    if (stages.length === 0) return { asOfSeq };
    const read =
      plan &&
      (await readInstance(this.#connection, {
        ...{ message: id, plan, stages, known, held, upTo: asOfSeq },
        skews: knownSkews(rows.clock),
      }));
    const { version, watermark } = rows;
    const state = read && ({ ...read.state, version, watermark } satisfies LifecycleInstance);
    const status = state && {
      state: state.state,
      ...(state.overdueSince !== undefined && { overdueSince: state.overdueSince }),
    };
    const summary = summaryOf(key, { ...rows, status });
    return {
      message: {
        ...summary,
        events: eventsOf(key, rows.events, asked, { rank: rankOf(plan), runOf: read?.runOf }),
        ...(rows.nextCursor !== undefined && { nextCursor: rows.nextCursor }),
        ...(state && { instance: state }),
      },
      asOfSeq,
    };
  }

  /** See `Reader.listJson`. */
  async listJson(query: MessageQuery): Promise<string> {
    return JSON.stringify(messagePageToJson(await this.list(query)));
  }

  /** A page of messages: see `MessageQuery`. */
  async list(query: MessageQuery): Promise<MessagePage> {
    const { rows, next, cursorAt, asOfSeq } = await this.listRows(query);
    const { messages, count: shown } = await this.#summaries.of(rows);
    return {
      messages,
      ...(shown < rows.length ? { nextCursor: cursorAt(rows[shown - 1]!) } : next),
      asOfSeq,
    };
  }

  /** The rows of `messages` of a page: see `scanMessages`. `next` is empty where it was the last, `cursorAt` goes on behind a row. */
  async listRows(query: MessageQuery) {
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
    const cursorAt = (row: Row) => scans[0]!.cursorAt(row);
    return { rows, next, cursorAt, asOfSeq: Number(others[0]?.[0]?.seq ?? 0) };
  }
}

/** The message without the ids of those of other apps that the caller may not read. */
function readable(message: Message, { mayApp }: AppRights): Message {
  const { instance } = message;
  if (instance === undefined) return message;
  const stages = instance.stages.map(({ doneBy, ...stage }) => ({
    ...stage,
    ...(doneBy !== undefined && mayApp(doneBy.appId) && { doneBy }),
  }));
  return { ...message, instance: { ...instance, stages } };
}

/** A page's events in the order asked for. */
function eventsOf(
  key: MessageKey,
  rows: readonly Row[],
  { order = "oldest" }: Pick<MessageRead, "order">,
  { rank = () => -1, runOf }: { rank: Rank | undefined; runOf: RunOf | undefined },
): StoredEvent[] {
  const events = rows
    .map((row) => ({ ...storedEvent(key, row), ...(runOf && { run: runOf(Number(row.seq)) }) }))
    .sort(compareRanked(rank));
  return order === "oldest" ? events : events.reverse();
}
