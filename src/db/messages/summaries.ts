/**
 * Summaries of messages, from their events. Cost and size of each are bounded, however many events its message has.
 */
import type { Row } from "@libsql/client";
import type { MessageKey } from "../../core/event.ts";
import { compareText, type Rank, summarize } from "../../core/fold.ts";
import type { MessageSummary } from "../../core/query.ts";
import { messageStates } from "../../core/state.ts";
import { summariesSql } from "../../gen/sql.ts";
import type { Plan } from "../../lifecycle/plan.ts";
import type { PlanCache } from "../lifecycles/plan-cache.ts";
import type { ReadConnection } from "../read-connection.ts";
import { namedRows } from "../rows.ts";
import { foldedMax, foldRead, lookedAtMax, type MessageNames, type StageTimes } from "./event-fold.ts";
import { keyOf } from "./event-rows.ts";

/** Events that a page looks at for its summaries, and at one time; one with more has fewer messages. */
const pageEventsMax = 5 * lookedAtMax;
/** UTF-16 units of the summaries on a page. */
const pageCharsMax = 1024 * 1024;

/** How a message stands with its lifecycle. */
export type MessageStatus = Pick<MessageSummary, "state" | "overdueSince">;

/** The rows of a summary. */
export interface SummaryRows {
  readonly eventCount: number;
  readonly stages: readonly StageTimes[];
  readonly names: readonly MessageNames[];
  readonly status: MessageStatus | undefined;
  readonly plan: Plan | undefined;
}

/** Folds the rows of one message; at most 256 stages and external ids are listed. */
export function summaryOf(key: MessageKey, rows: SummaryRows): MessageSummary {
  const { eventCount, status } = rows;
  return summarize(key, {
    stages: rows.stages.map(({ event, first, last, ahead }) => ({ event, first, last, skewed: ahead })),
    externalIds: distinct(rows.names.map(({ externalId }) => externalId)),
    parentId: distinct(rows.names.map(({ parentId }) => parentId)).sort(compareText)[0] ?? "",
    eventCount,
    partial: eventCount > lookedAtMax,
    status,
    rank: rankOf(rows.plan),
  });
}

/** `undefined` where a message goes by no lifecycle. */
export function rankOf(plan: Plan | undefined): Rank | undefined {
  return plan && ((event) => plan.ranks.get(event) ?? -1);
}

/** The summaries of a page. */
export class Summaries {
  readonly #connection: ReadConnection;
  readonly #plans: PlanCache;

  constructor(connection: ReadConnection, plans: PlanCache) {
    this.#connection = connection;
    this.#plans = plans;
  }

  /**
   * @param rows of `messages`, in the order of the page
   * @returns the summaries, and of how many of the rows: fewer than there are where a page's bounds are reached; and by the messages'
   * numbers the plans that they go by
   */
  async of(
    rows: readonly Row[],
  ): Promise<{ messages: MessageSummary[]; count: number; plans: ReadonlyMap<number, Plan> }> {
    const messages: MessageSummary[] = [];
    const plans = new Map<number, Plan>();
    let [count, events, chars] = [0, 0, 0];
    while (count < rows.length) {
      for (const [row, message, plan] of await this.#read(nextRead(rows, count))) {
        events += Math.min(Number(row.event_count), lookedAtMax);
        chars += message === undefined ? 0 : charsOf(message);
        if (count > 0 && (events > pageEventsMax || chars > pageCharsMax)) return { messages, count, plans };
        if (message !== undefined) messages.push(message);
        if (plan !== undefined) plans.set(Number(row.id), plan);
        count += 1;
      }
    }
    return { messages, count, plans };
  }

  async #read(
    rows: readonly Row[],
  ): Promise<(readonly [Row, (MessageSummary | undefined)?, (Plan | undefined)?])[]> {
    const ids = [JSON.stringify(rows.map((row) => row.id))];
    const events = rows.reduce((sum, { event_count }) => sum + Number(event_count), 0);
    const read = foldRead(
      rows.map(({ id }) => Number(id)),
      events,
    );
    const [found, ahead = [], ...folded] = await this.#connection.read([
      { sql: summariesSql.instances, args: ids },
      { sql: summariesSql.ahead, args: ids },
      ...read.statements,
    ]);
    const folds = read.of(folded);
    const instances = namedRows(found, instanceColumns);
    const plans = await this.#plans.read(
      this.#connection,
      instances.map((row) => Number(row.lifecycle)),
    );
    const instancesById = new Map(instances.map((row) => [row.message, row]));
    const aheadIds = new Set(ahead.map((row) => row.id));
    return rows.map((row) => {
      const fold = folds.get(Number(row.id));
      // Retention may have taken the message between the two reads.
      if (fold === undefined) return [row];
      const instance = instancesById.get(row.id);
      const plan = instance && plans.get(Number(instance.lifecycle));
      const summary = summaryOf(keyOf(row), {
        eventCount: Number(row.event_count),
        stages: fold.stages,
        names: fold.names,
        status: aheadIds.has(row.id) ? { state: "open" } : statusOf(instance),
        plan,
      });
      return [row, summary, plan];
    });
  }
}

const instanceColumns = ["message", "lifecycle", "state", "overdue_since"];

function distinct(texts: readonly string[]): string[] {
  return [...new Set(texts)].filter((text) => text !== "");
}

/** The messages of one read: several with `foldedMax` events together, or one with more. */
function nextRead(rows: readonly Row[], start: number): readonly Row[] {
  let events = 0;
  let end = start;
  for (; end < rows.length; end++) {
    const count = Number(rows[end]!.event_count);
    events += count;
    if (end > start && events > foldedMax) break;
  }
  return rows.slice(start, end);
}

function charsOf({ appId, messageId, stages, externalIds, parentId }: MessageSummary): number {
  const texts = [...stages, ...externalIds, parentId];
  return texts.reduce((sum, text) => sum + text.length + 3, 300 + appId.length + messageId.length);
}

/** @param row of `instances`; `undefined` where the message goes by no lifecycle */
function statusOf(row: Row | undefined): MessageStatus | undefined {
  if (row === undefined) return undefined;
  const since = Number(row.overdue_since);
  return { state: messageStates[Number(row.state)]!, ...(since !== 0 && { overdueSince: since }) };
}
