/**
 * Reads overdue stages by hop, of messages with some values of attributes. No counts are kept of these: a bounded number of overdue
 * stages is counted. Runs on a query thread.
 */
import type { InStatement } from "@libsql/client";
import type { AttributeFilter } from "../../core/attributes.ts";
import type { Micros } from "../../core/event.ts";
import { funnelBySql, statisticsSql } from "../../gen/sql.ts";
import {
  attributedOverdueMax,
  type OverdueGroup,
  type OverdueGroupPage,
  type OverdueGroupQuery,
  type OverdueTriage,
  overdueAges,
} from "../../lifecycle/overdue-groups.ts";
import { addAttributes, addMessagesWith, rareAttribute } from "../attributes/attribute-conditions.ts";
import { Conditions } from "../conditions.ts";
import { formatCursor, parseCursor } from "../cursor.ts";
import type { ReadConnection } from "../read-connection.ts";
import { rowsOf } from "../rows.ts";
import type { HopP99Cache } from "./hop-p99.ts";

/** A query of one app. */
export type AttributedGroupQuery = OverdueGroupQuery & {
  readonly appId: string;
  readonly attributes: readonly AttributeFilter[];
};

type FindingRow = readonly [
  app: number,
  stage: string,
  after: string,
  message: number,
  dueAt: Micros,
  /** 0 where nobody has acknowledged it. */
  triage: number,
];

/** A group with its number in `stages`. */
interface Counted {
  readonly id: number;
  readonly app: number;
  readonly first: FindingRow;
  readonly group: OverdueGroup;
}

const cursorKind = "overdue groups by attributes";
const minute = 60_000_000;

const isCounted: Readonly<Record<OverdueTriage, (row: FindingRow) => boolean>> = {
  any: () => true,
  none: ([, , , , , triage]) => triage === 0,
  acknowledged: ([, , , , , triage]) => triage !== 0,
};

/** See `FindingReader.overdueGroups`. */
export async function readAttributedGroups(
  connection: ReadConnection,
  p99s: HopP99Cache,
  query: AttributedGroupQuery,
): Promise<OverdueGroupPage> {
  const [rare] = await connection.read([rareAttribute(query, attributedOverdueMax)]);
  const which = rare?.[0] === undefined ? undefined : Number(rare[0].which);
  const [found, totals, stages = []] = await connection.read([
    findingStatement(query, which),
    overdueStatement(query.appId),
    { sql: funnelBySql.stages, args: [query.appId] },
  ]);
  const ids = new Map(
    stages.map(({ id, stage, after }) => [nameOf(String(stage), String(after)), Number(id)]),
  );
  const byHop = Map.groupBy(rowsOf<FindingRow>({ rows: found ?? [] }), ([, stage, after]) =>
    nameOf(stage, after),
  );
  const groups = [...byHop]
    .flatMap(([name, rows]) => countedOf(ids.get(name) ?? 0, rows, query) ?? [])
    .filter((group) => isBehind(group, query.cursor))
    .sort((a, b) => compare(keyOf(a), keyOf(b)));
  const page = groups.slice(0, query.limit);
  const last = page.at(-1);
  return {
    groups: await withDetails(connection, p99s, page, query.clock),
    ...(groups.length > page.length && last && { nextCursor: formatCursor(cursorKind, keyOf(last)) }),
    partial: which === undefined && Number(totals?.[0]?.count) > attributedOverdueMax,
  };
}

/** @param which the place of an attribute that few messages have */
function findingStatement(query: AttributedGroupQuery, which: number | undefined): InStatement {
  const where = new Conditions();
  if (which !== undefined) addMessagesWith(where, "f.message", query, which);
  else addAttributes(where, "f.message", query);
  const overdue = "app = (SELECT id FROM apps WHERE app_id = ?) AND kind = 'missing' AND retracted_at = 0";
  const latest = `(SELECT app, stage, after, message, due_at, triage FROM findings
    WHERE ${overdue} ORDER BY due_at DESC LIMIT ${attributedOverdueMax})`;
  // By the messages: the plus keeps SQLite from the index of what is overdue.
  if (which !== undefined) where.add(`+f.${overdue}`, query.appId);
  return {
    sql: `SELECT json_group_array(json_array(f.app, f.stage, f.after, f.message, f.due_at, f.triage)) AS rows
      FROM ${which === undefined ? latest : "findings"} f ${where.where()}`,
    args: which === undefined ? [query.appId, ...where.args] : where.args,
  };
}

/** How many stages of the app are overdue, from an index. */
function overdueStatement(appId: string): InStatement {
  return {
    sql: `SELECT count(*) AS count FROM (SELECT 1 FROM findings WHERE app = (SELECT id FROM apps WHERE app_id = ?)
      AND kind = 'missing' AND retracted_at = 0 LIMIT ${attributedOverdueMax + 1})`,
    args: [appId],
  };
}

function countedOf(
  id: number,
  all: readonly FindingRow[],
  { appId, triage, newSince, clock }: AttributedGroupQuery,
): Counted | undefined {
  const rows = all.filter(isCounted[triage]);
  const [head] = rows;
  if (head === undefined) return undefined;
  const [app, stage, after] = head;
  const since = (from: Micros) => {
    const whole = Math.floor(from / minute) * minute;
    return rows.reduce((count, [, , , , dueAt]) => (dueAt >= whole ? count + 1 : count), 0);
  };
  const younger = overdueAges.map(({ from }) => (from === 0 ? 0 : since(clock - from)));
  const first = rows.reduce((first, row) => (row[4] < first[4] ? row : first));
  return {
    ...{ id, app, first },
    group: {
      ...{ appId, stage, after },
      total: rows.length,
      fresh: since(newSince),
      acknowledged: all.length - all.filter(isCounted.none).length,
      ages: younger.map((count, index) => Math.max(0, (younger[index + 1] ?? rows.length) - count)),
    },
  };
}

/** With the names of their longest, and their normal times. */
async function withDetails(
  connection: ReadConnection,
  p99s: HopP99Cache,
  page: readonly Counted[],
  clock: Micros,
): Promise<OverdueGroup[]> {
  const messages = JSON.stringify(page.map(({ first: [, , , message] }) => message));
  const { rows } = await connection.execute({ sql: statisticsSql.messageNames, args: [messages] });
  const names = new Map(rows.map(({ id, message_id }) => [Number(id), String(message_id)]));
  const normal = await p99s.of(
    page.map(({ app, group: { stage, after } }) => ({ app, stage, after })),
    clock,
  );
  return page.map(({ first: [, , , message, dueAt], group }, index) => {
    const [messageId, normalP99] = [names.get(message), normal[index]];
    return {
      ...group,
      ...(messageId !== undefined && { longest: { messageId, dueAt } }),
      ...(normalP99 !== undefined && { normalP99 }),
    };
  });
}

/** The most new ones first, then the most. */
function keyOf({ id, group: { fresh, total } }: Pick<Counted, "id" | "group">): number[] {
  return [-fresh, -total, id];
}

function isBehind(counted: Counted, cursor: string | undefined): boolean {
  if (cursor === undefined) return true;
  const values = parseCursor(cursor, cursorKind, ["integer", "integer", "integer"]);
  return compare(keyOf(counted), values.map(Number)) > 0;
}

function compare(one: readonly number[], other: readonly number[]): number {
  const at = one.findIndex((value, index) => value !== other[index]);
  return at === -1 ? 0 : one[at]! - other[at]!;
}

function nameOf(stage: string, after: string): string {
  return JSON.stringify([after, stage]);
}
