/** Reads findings and their history. Every page examines a bounded number of rows. Runs on a query thread. */
import type { InStatement, Row } from "@libsql/client";
import { findingsSql } from "../../gen/sql.ts";
import type {
  FindingHistoryPage,
  FindingHistoryQuery,
  FindingPage,
  FindingQuery,
  OverduePage,
  OverdueQuery,
  OverdueStage,
} from "../../lifecycle/finding-query.ts";
import { divideByApp, readMergedPage } from "../app-pages.ts";
import {
  addAttributes,
  addMessagesWith,
  type ByAttributes,
  rareAttribute,
} from "../attributes/attribute-conditions.ts";
import { Conditions } from "../conditions.ts";
import { KeysetScan, scanMaxDefault } from "../keyset-scan.ts";
import { gapAround } from "../messages/position.ts";
import type { ReadConnection } from "../read-connection.ts";
import { findingOf } from "./finding-row.ts";
import { hopP99s } from "./hop-p99.ts";

/** Findings of one page of history, and changes that it examines. */
const historyFindings = 1_000;
const historySpan = 20_000;

const columns = `f.seq, f.run_number, f.kind, f.stage, f.after, f.version, f.started_at, f.due_at, f.raised_at, f.retracted_at, f.late_by,
  f.ended_by, f.imported, f.triage, f.mark,
  f.app, m.app_id, m.message_id, (
    SELECT o.value ->> 1
    FROM (
      SELECT owed FROM instances WHERE message = f.message AND run = f.run
      UNION ALL SELECT owed FROM runs WHERE message = f.message AND run = f.run
    ) i CROSS JOIN json_each(nullif(i.owed, '')) o
    WHERE o.value ->> 0 = f.stage) AS owed`;
/** The columns and tables of each page of findings. */
const overFindings = { columns, from: "findings f", join: "CROSS JOIN messages m ON m.id = f.message" };
/** The order of findings with one time. */
const idKey = { name: "id", sql: "f.id", type: "integer" } as const;
/** See the column `triage`. */
const markNumbers = { none: 0, acknowledged: 1, resolved: 2, ignored: 3 } as const;
const appNumber = "(SELECT id FROM apps WHERE app_id = ?)";

export class FindingQueries {
  readonly #connection: ReadConnection;
  readonly #scanMax: number;

  constructor(connection: ReadConnection, options: { readonly scanMax?: number }) {
    this.#connection = connection;
    this.#scanMax = options.scanMax ?? scanMaxDefault;
  }

  /** See `FindingReader.findings`. */
  async findings(query: FindingQuery): Promise<FindingPage> {
    const queries = query.messageId === undefined ? await divideByApp(this.#connection, query) : [query];
    const rare = query.messageId === undefined ? await this.#rareAttribute(query) : undefined;
    const { rows, next, others } = await readMergedPage(
      this.#connection,
      queries.map((one) => this.#scanFindings(one, rare)),
      query.limit,
      () => ["SELECT finding_seq FROM projection"],
    );
    return {
      findings: this.#connection.decode(rows, findingOf),
      ...next,
      asOfSeq: Number(others[0]?.[0]?.finding_seq ?? 0),
    };
  }

  #scanFindings(query: FindingQuery, rare: number | undefined): KeysetScan {
    const { appId, apps, messageId, kind, stage, state, triage, since, until, order } = query;
    // A few messages have few findings, and an index finds them: the plus keeps SQLite from scanning by time instead.
    const one = messageId !== undefined || rare !== undefined;
    const f = one ? "+f" : "f";
    const indexed = new Conditions();
    if (since !== undefined) indexed.add(`${f}.raised_at >= ?`, since);
    if (until !== undefined) indexed.add(`${f}.raised_at < ?`, until);
    if (appId !== undefined) indexed.add(`${f}.app = ${appNumber}`, appId);
    if (messageId !== undefined)
      indexed.add("f.message IN (SELECT id FROM messages WHERE message_id = ?)", messageId);
    const filters = new Conditions();
    filters.addApps("m.app_id", apps);
    if (rare !== undefined) addMessagesWith(indexed, "f.message", query, rare);
    else addAttributes(filters, "f.message", query);
    filters.addEqual("f.kind", kind);
    filters.addEqual("f.stage", stage);
    if (state === "current") filters.add("f.retracted_at = 0");
    if (state === "retracted") filters.add("f.retracted_at <> 0");
    const mark = triage === undefined || triage === "any" ? undefined : markNumbers[triage];
    // As the indexes of marks have it.
    if (mark !== undefined && mark > 0) (one ? filters : indexed).add("f.triage <> 0");
    filters.addEqual("f.triage", mark);
    if (triage === undefined && state !== "current") filters.add("f.ended_by NOT IN ('resolved', 'ignored')");
    return new KeysetScan({
      ...overFindings,
      kind: `findings ${order}`,
      cursor: query.cursor,
      key: [{ name: "at", sql: "f.raised_at", type: "integer" }, idKey],
      direction: order === "oldest" ? "ASC" : "DESC",
      indexed,
      filters,
      sorted: one,
      limit: query.limit,
      scanMax: this.#scanMax,
    });
  }

  /** The place of an attribute that few messages have. */
  async #rareAttribute(query: ByAttributes): Promise<number | undefined> {
    if (query.attributes === undefined) return undefined;
    const [rows] = await this.#connection.read([rareAttribute(query, this.#scanMax)]);
    return rows?.[0] && Number(rows[0].which);
  }

  /** See `FindingReader.findingHistory`. */
  async findingHistory({ appId, messageId, after, upTo }: FindingHistoryQuery): Promise<FindingHistoryPage> {
    // One message's findings are found by its number. All others are a scan of the changes, a range at a time.
    const one = messageId !== undefined;
    const rangeEnd: InStatement = {
      sql: findingsSql.rangeEnd,
      args: [after, upTo, historySpan - 1],
    };
    const [ends] = one ? [] : await this.#connection.read([rangeEnd]);
    const end = Number(ends?.[0]?.seq ?? upTo);
    const args = [after, end, appId ?? null, historyFindings];
    const [found, projection, gap] = await this.#connection.read([
      one
        ? { sql: findingsSql.historyOfMessage, args: [...args, messageId] }
        : { sql: findingsSql.historyOfRange, args },
      { sql: findingsSql.ends, args: [appId ?? ""] },
      gapAround("findings", after),
    ]);
    const findings = this.#connection.decode(found, findingOf);
    const last = found?.length === historyFindings ? found.at(-1) : undefined;
    // A replica of the database may lag behind the published findings: no further than this reader sees.
    const seen = Math.max(after, Math.min(end, Number(projection?.[0]?.finding_seq ?? 0)));
    return {
      findings,
      to: last === undefined ? seen : Number(last.seq),
      prunedTo: Math.max(Number(projection?.[0]?.findings_pruned ?? 0), Number(gap?.[0]?.seq ?? 0)),
    };
  }

  /** See `FindingReader.overdue`. */
  async overdue(query: OverdueQuery): Promise<OverduePage> {
    const queries = await divideByApp(this.#connection, query);
    const { clock, limit } = query;
    const { rows, next } = await readMergedPage(
      this.#connection,
      queries.map((one) => this.#scanOverdue(one)),
      limit,
    );
    return { overdue: await this.#overdueStages(rows, clock), ...next, clock };
  }

  #scanOverdue(query: OverdueQuery): KeysetScan {
    const { appId, apps, stage, after, dueSince, dueUntil, triage = "any", limit, cursor } = query;
    const indexed = new Conditions();
    indexed.add("f.kind = 'missing' AND f.retracted_at = 0");
    if (dueSince !== undefined) indexed.add("f.due_at >= ?", dueSince);
    if (dueUntil !== undefined) indexed.add("f.due_at < ?", dueUntil);
    if (appId !== undefined) indexed.add(`f.app = ${appNumber}`, appId);
    const filters = new Conditions();
    filters.addApps("m.app_id", apps);
    addAttributes(filters, "f.message", query);
    filters.addEqual("f.stage", stage);
    filters.addEqual("f.after", after);
    if (triage !== "any") filters.addEqual("f.triage", markNumbers[triage]);
    return new KeysetScan({
      ...overFindings,
      kind: "overdue",
      cursor,
      key: [{ name: "at", sql: "f.due_at", type: "integer" }, idKey],
      direction: "ASC",
      indexed,
      filters,
      limit,
      scanMax: this.#scanMax,
    });
  }

  async #overdueStages(rows: readonly Row[], clock: number): Promise<OverdueStage[]> {
    const known = rows.map((row) => ({ row, finding: findingOf(row) }));
    const hops = new Map(
      known.map(({ row, finding }) => {
        const hop = { app: Number(row.app), after: finding.after, stage: finding.stage };
        return [JSON.stringify(Object.values(hop)), hop];
      }),
    );
    const found = await hopP99s(this.#connection, [...hops.values()], clock);
    const p99s = new Map([...hops.keys()].map((key, index) => [key, found[index]]));
    return known.map(({ row, finding }): OverdueStage => {
      const p99 = p99s.get(JSON.stringify([Number(row.app), finding.after, finding.stage]));
      return {
        finding,
        startedAt: Number(row.started_at),
        ...(p99 !== undefined && { hopP99: p99 }),
      };
    });
  }
}
