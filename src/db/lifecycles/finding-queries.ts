/** Questions to findings. Every page looks at a bounded number of rows, and then says where to go on. */
import type { InStatement, Row } from "@libsql/client";
import type { Finding, FindingKind } from "../../lifecycle/finding.ts";
import type {
  FindingHistoryPage,
  FindingHistoryQuery,
  FindingPage,
  FindingQuery,
  OverduePage,
  OverdueQuery,
  OverdueStage,
} from "../../lifecycle/queries.ts";
import { cover } from "../../statistics/buckets.ts";
import { Histogram } from "../../statistics/histogram.ts";
import { gapAround } from "../messages/position.ts";
import type { ReadConnection } from "../read-connection.ts";
import { Conditions, planWalk, scanMaxDefault, type Walk } from "../walk.ts";

/** Findings of one page of history, and changes that it looks at. */
const historyFindings = 1_000;
const historySpan = 20_000;
/** What an overdue message's age is compared with. */
const hopSpan = 7 * 86_400_000_000;

const columns = `f.seq, f.kind, f.stage, f.after, f.version, f.started_at, f.due_at, f.raised_at, f.retracted_at, f.late_by,
  f.app, m.app_id, m.message_id`;
/** What every walk over findings has in common. */
const overFindings = {
  columns,
  from: "findings f",
  join: "CROSS JOIN messages m ON m.id = f.message",
  id: "f.id",
};
const appNumber = "(SELECT id FROM apps WHERE app_id = ?)";

export class FindingQueries {
  readonly #connection: ReadConnection;
  readonly #scanMax: number;

  constructor(connection: ReadConnection, options: { readonly scanMax?: number }) {
    this.#connection = connection;
    this.#scanMax = options.scanMax ?? scanMaxDefault;
  }

  /** See `LifecycleReader.findings`. */
  async findings(query: FindingQuery): Promise<FindingPage> {
    const { appId, messageId, kind, stage, state, since, until, order } = query;
    const few = messageId !== undefined;
    const walked = few ? "+f" : "f";
    const along = new Conditions();
    if (since !== undefined) along.add(`${walked}.raised_at >= ?`, since);
    if (until !== undefined) along.add(`${walked}.raised_at < ?`, until);
    if (appId !== undefined) along.add(`${walked}.app = ${appNumber}`, appId);
    if (few) along.add("f.message IN (SELECT id FROM messages WHERE message_id = ?)", messageId);
    const filters = new Conditions();
    if (kind !== undefined) filters.add("f.kind = ?", kind);
    if (stage !== undefined) filters.add("f.stage = ?", stage);
    if (state === "current") filters.add("f.retracted_at = 0");
    if (state === "retracted") filters.add("f.retracted_at <> 0");
    const walk = planWalk({
      ...overFindings,
      kind: `findings ${order}`,
      cursor: query.cursor,
      at: "f.raised_at",
      direction: order === "oldest" ? "ASC" : "DESC",
      along,
      filters,
      few,
      limit: query.limit,
      scanMax: this.#scanMax,
    });
    const { rows, nextCursor, projection } = await this.#walk(walk);
    return {
      findings: this.#connection.decode(rows, findingOf),
      ...nextCursor,
      asOfSeq: Number(projection?.finding_seq ?? 0),
    };
  }

  /** See `LifecycleReader.findingHistory`. */
  async findingHistory({ appId, messageId, after, upTo }: FindingHistoryQuery): Promise<FindingHistoryPage> {
    // One message's findings are found by its number. All others are a walk along the changes, a stretch at a time.
    const one = messageId !== undefined;
    const stretch: InStatement = {
      sql: `SELECT seq FROM findings WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT 1 OFFSET ${historySpan - 1}`,
      args: [after, upTo],
    };
    const [edge] = one ? [] : await this.#connection.read([stretch]);
    const end = Number(edge?.[0]?.seq ?? upTo);
    const from = one
      ? "messages m CROSS JOIN findings f ON f.message = m.id"
      : "findings f CROSS JOIN messages m ON m.id = f.message";
    const [found, projection, gap] = await this.#connection.read([
      {
        sql: `SELECT f.id, ${columns} FROM ${from} WHERE ${one ? "+" : ""}f.seq > ?1 AND ${one ? "+" : ""}f.seq <= ?2
          AND (?3 IS NULL OR m.app_id = ?3) AND ${one ? "m.message_id = ?4" : "?4 IS NULL"}
          ORDER BY f.seq LIMIT ${historyFindings}`,
        args: [after, end, appId ?? null, messageId ?? null],
      },
      {
        sql: `SELECT finding_seq, max(findings_pruned,
          coalesce((SELECT finding_seq FROM pruned_apps WHERE app_id = ?), 0)) AS findings_pruned FROM projection`,
        args: [appId ?? ""],
      },
      gapAround("findings", after),
    ]);
    const findings = this.#connection.decode(found, findingOf);
    const last = found?.length === historyFindings ? found.at(-1) : undefined;
    // A copy of the database may lag behind what was published: no further than this reader saw itself.
    const seen = Math.max(after, Math.min(end, Number(projection?.[0]?.finding_seq ?? 0)));
    return {
      findings,
      to: last === undefined ? seen : Number(last.seq),
      prunedTo: Math.max(Number(projection?.[0]?.findings_pruned ?? 0), Number(gap?.[0]?.seq ?? 0)),
    };
  }

  /** See `LifecycleReader.overdue`. */
  async overdue({ appId, stage, clock, limit, cursor }: OverdueQuery): Promise<OverduePage> {
    const along = new Conditions();
    along.add("f.kind = 'missing' AND f.retracted_at = 0");
    if (appId !== undefined) along.add(`f.app = ${appNumber}`, appId);
    const filters = new Conditions();
    if (stage !== undefined) filters.add("f.stage = ?", stage);
    const walk = planWalk({
      ...overFindings,
      kind: "overdue",
      cursor,
      at: "f.due_at",
      direction: "ASC",
      along,
      filters,
      limit,
      scanMax: this.#scanMax,
    });
    const { rows, nextCursor } = await this.#walk(walk);
    return { overdue: await this.#overdueStages(rows, clock), ...nextCursor, clock };
  }

  async #walk(walk: Walk) {
    const [edges] = walk.edge === undefined ? [] : await this.#connection.read([walk.edge]);
    const edge = edges?.[0];
    const [rows = [], projection] = await this.#connection.read([
      walk.page(edge),
      "SELECT finding_seq FROM projection",
    ]);
    const nextCursor = walk.nextCursor(rows, edge);
    return { rows, nextCursor: nextCursor === undefined ? {} : { nextCursor }, projection: projection?.[0] };
  }

  async #overdueStages(rows: readonly Row[], clock: number): Promise<OverdueStage[]> {
    const p99s = new Map<string, number | undefined>();
    const stages: OverdueStage[] = [];
    for (const row of rows) {
      const finding = findingOf(row);
      const hop = JSON.stringify([row.app, finding.after, finding.stage]);
      if (!p99s.has(hop)) p99s.set(hop, await this.#hopP99(Number(row.app), finding, clock));
      const hopP99 = p99s.get(hop);
      stages.push({
        finding,
        startedAt: Number(row.started_at),
        ...(hopP99 !== undefined && { hopP99 }),
      });
    }
    return stages;
  }

  async #hopP99(app: number, { after, stage }: Finding, clock: number): Promise<number | undefined> {
    const ranges = cover(lastWhole(clock));
    const results = await this.#connection.read(
      ranges.map(({ span, from, to }) => ({
        sql: `SELECT histogram FROM latencies
          WHERE stage = (SELECT id FROM stages WHERE app = ?1 AND after = ?2 AND stage = ?3) AND span = ?4 AND start >= ?5 AND start < ?6`,
        args: [app, after, stage, span, from, to],
      })),
    );
    const all = new Histogram();
    this.#connection.decode(results.flat(), (row) => all.mergeText(String(row.histogram)));
    return all.count === 0 ? undefined : all.percentiles([99])[0]?.value;
  }
}

/** The last seven days by the hour, so that few histograms are read. */
function lastWhole(clock: number) {
  const hour = 3_600_000_000;
  const until = Math.ceil(clock / hour) * hour;
  return { since: until - hopSpan, until };
}

function findingOf(row: Row): Finding {
  return {
    seq: Number(row.seq),
    id: Number(row.id),
    appId: String(row.app_id),
    messageId: String(row.message_id),
    kind: row.kind as FindingKind,
    stage: String(row.stage),
    after: String(row.after),
    version: Number(row.version),
    dueAt: Number(row.due_at),
    raisedAt: Number(row.raised_at),
    ...(row.retracted_at !== 0 && { retractedAt: Number(row.retracted_at) }),
    lateBy: Number(row.late_by),
  };
}
