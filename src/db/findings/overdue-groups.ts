/**
 * Reads overdue stages by hop, from counts that the projector keeps: the cost goes by the number of hops with something overdue,
 * not by the number of messages. Runs on a query thread.
 */
import type { InStatement, Row } from "@libsql/client";
import type { Micros } from "../../core/event.ts";
import { overdueGroupsSql } from "../../gen/sql.ts";
import {
  groupsMax,
  type OverdueGroup,
  type OverdueGroupPage,
  type OverdueGroupQuery,
  type OverdueTriage,
  overdueAges,
} from "../../lifecycle/overdue-groups.ts";
import { cover } from "../../statistics/buckets.ts";
import { Conditions } from "../conditions.ts";
import { formatCursor, parseCursor } from "../cursor.ts";
import type { ReadConnection } from "../read-connection.ts";
import { readAttributedGroups } from "./attributed-groups.ts";
import { type AppHop, HopP99Cache } from "./hop-p99.ts";

const cursorKind = "overdue groups";
const day = 86_400_000_000;
/** No stage is due that long after now. */
const farAhead = 100_000 * day;
/** Groups whose ages and examples are read together. */
const groupsAtOnce = 50;

/** What counts, of the columns `count` and `acknowledged`. */
const counted: Readonly<Record<OverdueTriage, string>> = {
  any: "count",
  none: "count - acknowledged",
  acknowledged: "acknowledged",
};

export class OverdueGroupQueries {
  readonly #connection: ReadConnection;
  readonly #p99s: HopP99Cache;

  constructor(connection: ReadConnection) {
    this.#connection = connection;
    this.#p99s = new HopP99Cache(connection);
  }

  /** See `FindingReader.overdueGroups`. */
  async overdueGroups(query: OverdueGroupQuery): Promise<OverdueGroupPage> {
    const { limit, clock, detailed = limit, appId, attributes } = query;
    if (appId !== undefined && attributes !== undefined) {
      return readAttributedGroups(this.#connection, this.#p99s, { ...query, appId, attributes });
    }
    const [rows = []] = await this.#connection.read([groupStatement(query)]);
    const page = rows.slice(0, limit);
    const groups: OverdueGroup[] = [];
    const full = page.slice(0, detailed);
    for (let from = 0; from < full.length; from += groupsAtOnce) {
      const some = full.slice(from, from + groupsAtOnce);
      const hops = some.map(hopOf);
      const [ages = [], longest = []] = await this.#connection.read([
        ageStatement(some, query),
        longestStatement(hops, query.triage),
      ]);
      const agesById = new Map(ages.map((row) => [row.id, row]));
      const longestByHop = new Map(longest.map((row) => [Number(row.hop), row]));
      const p99s = await this.#p99s.of(hops, clock);
      for (const [index, row] of some.entries()) {
        const normalP99 = p99s[index];
        groups.push({
          ...countsOf(row),
          ages: agesOf(Number(row.total), agesById.get(row.id)),
          ...longestOf(longestByHop.get(index)),
          ...(normalP99 !== undefined && { normalP99 }),
        });
      }
    }
    groups.push(...page.slice(detailed).map((row) => ({ ...countsOf(row), ages: [] })));
    const last = page.at(-1);
    return {
      groups,
      ...(rows.length > limit && last && { nextCursor: formatCursor(cursorKind, keyOf(last)) }),
      partial: Number(rows[0]?.known ?? 0) > groupsMax,
    };
  }
}

/** The groups in order, one more than the limit. They are few, so they are sorted. */
function groupStatement({ appId, apps, triage, newSince, limit, cursor }: OverdueGroupQuery): InStatement {
  const ofApps = new Conditions();
  ofApps.addEqual("app_id", appId);
  ofApps.addApps("app_id", apps);
  const shown = new Conditions();
  shown.add("total > 0");
  if (cursor !== undefined) {
    const values = parseCursor(cursor, cursorKind, ["integer", "integer", "integer"]);
    shown.add("(fresh, total, -g.id) < (?, ?, -?)", ...values);
  }
  const columns = "a.stage AS id, s.app, s.after, s.stage, a.count, a.acknowledged";
  const known =
    ofApps.size === 0
      ? `SELECT ${columns} FROM overdue_ages a CROSS JOIN stages s ON s.id = a.stage WHERE a.span = 0`
      : `SELECT ${columns} FROM stages s CROSS JOIN overdue_ages a ON a.span = 0 AND a.stage = s.id
          WHERE s.app IN (SELECT id FROM apps ${ofApps.where()})`;
  return {
    sql: `SELECT g.*, apps.app_id FROM (
        SELECT id, app, after, stage, acknowledged, ${counted[triage]} AS total, ${sumSince("k.id", newSince, triage)} AS fresh,
          count(*) OVER () AS known
        FROM (${known} LIMIT ${groupsMax + 1}) k
      ) g CROSS JOIN apps ON apps.id = g.app
      ${shown.where()} ORDER BY fresh DESC, total DESC, g.id LIMIT ${limit + 1}`,
    args: [...ofApps.args, ...shown.args],
  };
}

/** Of each group how many were due within each of `overdueAges`, as columns `since1` and so on. */
function ageStatement(groups: readonly Row[], { triage, clock }: OverdueGroupQuery): InStatement {
  const columns = overdueAges
    .slice(1)
    .map(({ from }, index) => `${sumSince("j.value", clock - from, triage)} AS since${index + 1}`);
  return {
    sql: `SELECT j.value AS id, ${columns.join(", ")} FROM json_each(?) j`,
    args: [JSON.stringify(groups.map(({ id }) => id))],
  };
}

function agesOf(total: number, row: Row | undefined): number[] {
  const since = overdueAges.map((_, index) => (index === 0 ? 0 : Number(row?.[`since${index}`] ?? 0)));
  return since.map((younger, index) => Math.max(0, (since[index + 1] ?? total) - younger));
}

/** The sum of what was due from there on, by whole minutes; an expression. */
function sumSince(stage: string, since: Micros, triage: OverdueTriage): string {
  const minute = 60_000_000;
  const from = Math.floor(since / minute) * minute;
  const ranges = cover({ since: from, until: (Math.floor(from / day) + 2) * day }).map(
    ({ span, from, to }) => ({
      span,
      from,
      to: span === day ? farAhead : to,
    }),
  );
  const sums = ranges.map(
    ({ span, from, to }) =>
      `coalesce((SELECT sum(${counted[triage]}) FROM overdue_ages
        WHERE span = ${span} AND stage = ${stage} AND start >= ${from} AND start < ${to}), 0)`,
  );
  return sums.join(" + ");
}

function countsOf(row: Row): Omit<OverdueGroup, "ages"> {
  return {
    appId: String(row.app_id),
    stage: String(row.stage),
    after: String(row.after),
    total: Number(row.total),
    fresh: Number(row.fresh),
    acknowledged: Number(row.acknowledged),
  };
}

function hopOf({ app, after, stage }: Row): AppHop {
  return { app: Number(app), after: String(after), stage: String(stage) };
}

function longestStatement(hops: readonly AppHop[], triage: OverdueTriage): InStatement {
  const marks = triage === "any" ? [0, 1] : [triage === "none" ? 0 : 1];
  const rows = hops.map(({ app, stage, after }) => [app, stage, after]);
  return { sql: overdueGroupsSql.longest, args: [JSON.stringify(rows), JSON.stringify(marks)] };
}

function longestOf(row: Row | undefined): Pick<OverdueGroup, "longest"> {
  if (row === undefined) return {};
  return { longest: { messageId: String(row.message_id), dueAt: Number(row.due_at) } };
}

function keyOf(row: Row): number[] {
  return [Number(row.fresh), Number(row.total), Number(row.id)];
}
