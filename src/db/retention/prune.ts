/**
 * Retention of messages, a bounded step at a time: ingest waits for one step at most.
 *
 * A message is deleted as a whole, when none of its events was reported within the retention time and nothing is owed any more:
 * its deadlines have been judged, its findings could be read for as long, and an incident that counts it for four times as long.
 * Its age comes from its place in the sequence, not from a clock (`time-marks.ts`).
 *
 * The row of the message is deleted in one transaction with all that leads to it, so no reader sees a part of it. Events of a very
 * large message are left then, which later steps delete; an event that arrives meanwhile begins another message.
 */
import type { InStatement, Row } from "@libsql/client";
import type { PruneQuery, PruneScope, PruneStep } from "../../core/retention.ts";
import { attributesSql, overdueAgesSql, pruneSql } from "../../gen/sql.ts";
import type { Database } from "../database.ts";
import { markBefore } from "./time-marks.ts";
import { messageHash, type Tombstones } from "./tombstones.ts";

/** Messages that one step looks at, and events that it deletes. */
const stepMessages = 500;
const stepEvents = 5_000;
/** How much longer than others a message stays that an open incident counts. */
export const incidentTimes = 4;
/** A bound on deadlines ahead of now: `within` and `grace` have 30 days each, at most. */
const owedAhead = 60 * 86_400_000_000;

/** The bounds of a step: how far the sequences were when what is old was received. */
interface Cut {
  readonly seq: number;
  readonly findingSeq: number;
  /** The same for what an incident counts. */
  readonly incidentSeq: number;
  readonly owedUntil: number;
}

/** See `Store.prune`. */
export async function pruneStep(
  database: Database,
  tombstones: Tombstones,
  query: PruneQuery,
): Promise<PruneStep> {
  const { elapsed, keepFor, scope } = query;
  const [left, mark, early] = await database.batch(
    [
      "SELECT EXISTS (SELECT 1 FROM remains) AS some",
      markBefore(elapsed - keepFor),
      markBefore(elapsed - incidentTimes * keepFor),
    ],
    "read",
  );
  if (left?.rows[0]?.some === 1) {
    const [deleted] = await database.batch([...deleteEvents], "write");
    return { messages: 0, events: deleted?.rowsAffected ?? 0, kept: [], next: scope, oldTo: 0 };
  }
  const row = mark?.rows[0];
  if (row === undefined) return { messages: 0, events: 0, kept: [], next: null, oldTo: 0 };
  const cut: Cut = {
    seq: Number(row.seq),
    findingSeq: Number(row.finding_seq),
    incidentSeq: Number(early?.rows[0]?.finding_seq ?? 0),
    owedUntil: query.latest + owedAhead,
  };
  return pruneBefore(database, tombstones, cut, query);
}

async function pruneBefore(
  database: Database,
  tombstones: Tombstones,
  cut: Cut,
  { elapsed, keepFor, scope }: PruneQuery,
): Promise<PruneStep> {
  const asked = await nextMessages(database, scope, cut.seq);
  const { rows } = await database.execute({
    sql: pruneSql.candidates,
    args: [
      JSON.stringify(asked.messages.map(({ id }) => id)),
      ...argsOf(cut),
      stepEvents + 1,
      scope.kind === "app" ? keepFor : -1,
    ],
  });
  const byId = new Map(rows.map((row) => [Number(row.id), row]));
  // Whole messages: as many as the step may delete, or one that alone is more.
  let events = 0;
  const count = asked.messages.findIndex(({ id }, index) => {
    const row = byId.get(id);
    if (row?.old === 1) events += Number(row.events);
    return events > stepEvents && index > 0;
  });
  const step = count < 0 ? asked.messages : asked.messages.slice(0, count);
  const next = count < 0 ? asked.next : step.at(-1)!.goOn(asked.messages.slice(count));
  const examined = step.map(({ id }) => byId.get(id)).filter((row) => row !== undefined);
  const gone = examined.filter((row) => row.old === 1);
  const kept = examined.filter((row) => row.old !== 1).map(({ id }) => Number(id));
  if (gone.length === 0) return { messages: 0, events: 0, kept, next, oldTo: cut.seq };

  const ids = JSON.stringify(gone.map(({ id }) => Number(id)));
  const buried = gone.map((row) => ({
    id: Number(row.id),
    hash: messageHash(String(row.app_id), String(row.message_id)),
    updatedAt: Number(row.updated_at),
  }));
  const results = await database.batch(
    [
      { sql: pruneSql.insertRemains, args: [ids, ...argsOf(cut)] },
      { sql: pruneSql.recordPruned, args: [cut.seq] },
      pruneSql.countExpired,
      pruneSql.expireIncidents,
      overdueAgesSql.subtractRemains,
      overdueAgesSql.deleteEmpty,
      tombstones.bury(buried, elapsed + keepFor),
      attributesSql.deleteRemains,
      attributesSql.forgetRemains,
      pruneSql.deleteMessages,
      pruneSql.countInstances,
      pruneSql.deleteInstances,
      pruneSql.deleteRuns,
      pruneSql.deleteFindings,
      ...deleteEvents,
    ],
    "write",
  );
  return {
    messages: results[0]?.rowsAffected ?? 0,
    events: results.at(-2)?.rowsAffected ?? 0,
    kept,
    next,
    oldTo: cut.seq,
  };
}

/** A message to be examined, and the scope of a step that goes on behind it, with the messages that were asked for and are left. */
interface Asked {
  readonly id: number;
  goOn(left: readonly Asked[]): PruneScope;
}

/** The messages of a step, and the scope of the step after it. */
async function nextMessages(
  database: Database,
  scope: PruneScope,
  oldTo: number,
): Promise<{ readonly messages: readonly Asked[]; readonly next: PruneScope | null }> {
  if (scope.kind === "messages") {
    const goOn = (left: readonly Asked[]): PruneScope => ({
      kind: "messages",
      ids: [...left.map(({ id }) => id), ...rest],
    });
    const messages = scope.ids.slice(0, stepMessages).map((id) => ({ id, goOn }));
    const rest = scope.ids.slice(stepMessages);
    return { messages, next: rest.length === 0 ? null : { kind: "messages", ids: rest } };
  }
  const { rows } = await database.execute(
    scope.kind === "range"
      ? { sql: pruneSql.nextInRange, args: [scope.after, oldTo, stepMessages] }
      : {
          sql: pruneSql.nextOfApp,
          args: [scope.appId, scope.createdAt, scope.after, stepMessages],
        },
  );
  const behind = (row: Row): PruneScope =>
    scope.kind === "range"
      ? { kind: "range", after: Number(row.id) }
      : { ...scope, createdAt: Number(row.created_at), after: Number(row.id) };
  const last = rows.at(-1);
  return {
    messages: rows
      .filter(({ id }) => Number(id) <= oldTo)
      .map((row) => ({ id: Number(row.id), goOn: () => behind(row) })),
    next: last === undefined || rows.length < stepMessages ? null : behind(last),
  };
}

function argsOf({ seq, findingSeq, incidentSeq, owedUntil }: Cut): number[] {
  return [seq, findingSeq, incidentSeq, owedUntil];
}

/** Deletes events of deleted messages, and forgets the messages that have none left. */
export const deleteEvents: readonly InStatement[] = [
  { sql: pruneSql.deleteEvents, args: [stepEvents] },
  pruneSql.deleteRemains,
];
