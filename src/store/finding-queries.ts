/** Questions to findings. Every page looks at a bounded number of rows, and then says where to go on. */
import type { InValue, Row } from "@libsql/client";
import type { Finding, FindingKind } from "../lifecycle/finding.ts";
import type {
  FindingHistoryPage,
  FindingHistoryQuery,
  FindingPage,
  FindingQuery,
  OverduePage,
  OverdueQuery,
  OverdueStage,
} from "../lifecycle/queries.ts";
import { cover } from "./buckets.ts";
import { formatCursor, parseCursor } from "./cursor.ts";
import { Histogram } from "./histogram.ts";
import { lifecyclesById, type Plans } from "./plans.ts";
import type { Reads } from "./reads.ts";

/** Findings that one page looks at. */
const scanMax = 10_000;
/** Findings of one page of history, and changes that it looks at. */
const historyFindings = 1_000;
const historySpan = 20_000;
/** What an overdue message's age is compared with. */
const hopSpan = 7 * 86_400_000_000;

const columns = `f.id, f.seq, f.kind, f.stage, f.due_at, f.raised_at, f.retracted_at, f.late_by, f.lifecycle, f.app,
  m.app_id, m.message_id`;
const joined = "findings f CROSS JOIN messages m ON m.id = f.message";

export class FindingQueries {
  readonly #reads: Reads;
  readonly #plans: Plans;

  constructor(reads: Reads, plans: Plans) {
    this.#reads = reads;
    this.#plans = plans;
  }

  /** See `LifecycleReader.findings`. */
  async findings(query: FindingQuery): Promise<FindingPage> {
    const newest = query.order === "newest";
    const kind = `findings ${query.order}`;
    const [after] = query.cursor === undefined ? [undefined] : parseCursor(query.cursor, kind, [0] as const);
    const past = newest ? "<" : ">";
    const order = `ORDER BY f.id ${newest ? "DESC" : "ASC"}`;
    // Findings are numbered as they are raised. One that is raised anew keeps its number, and is found by its new time.
    const walk: string[] = [];
    const args: InValue[] = [];
    const add = (sql: string, ...values: InValue[]) => {
      walk.push(sql);
      args.push(...values);
    };
    if (after !== undefined) add(`f.id ${past} ?`, after);
    if (query.messageId !== undefined && query.appId !== undefined) {
      add(
        "f.message = (SELECT id FROM messages WHERE message_id = ? AND app_id = ?)",
        query.messageId,
        query.appId,
      );
    } else if (query.messageId !== undefined) {
      add("f.message IN (SELECT id FROM messages WHERE message_id = ?)", query.messageId);
    } else if (query.appId !== undefined) {
      add("f.app = (SELECT id FROM apps WHERE app_id = ?)", query.appId);
    }
    const where = walk.length === 0 ? "" : `WHERE ${walk.join(" AND ")}`;
    const filters: string[] = [];
    const filterArgs: InValue[] = [];
    const filter = (sql: string, ...values: InValue[]) => {
      filters.push(sql);
      filterArgs.push(...values);
    };
    if (query.kind !== undefined) filter("f.kind = ?", query.kind);
    if (query.stage !== undefined) filter("f.stage = ?", query.stage);
    if (query.state === "current") filter("f.retracted_at = 0");
    if (query.state === "retracted") filter("f.retracted_at <> 0");
    if (query.since !== undefined) filter("f.raised_at >= ?", query.since);
    if (query.until !== undefined) filter("f.raised_at < ?", query.until);
    const [edge, found, tracking] = await this.#reads.read([
      { sql: `SELECT f.id FROM findings f ${where} ${order} LIMIT 1 OFFSET ${scanMax - 1}`, args },
      {
        sql: `SELECT ${columns} FROM (SELECT * FROM findings f ${where} ${order} LIMIT ${scanMax}) f
          CROSS JOIN messages m ON m.id = f.message
          ${filters.length === 0 ? "" : `WHERE ${filters.join(" AND ")}`} ${order} LIMIT ${query.limit}`,
        args: [...args, ...filterArgs],
      },
      "SELECT finding_seq FROM tracking",
    ]);
    const rows = found ?? [];
    const end = rows.length === query.limit ? rows.at(-1)?.id : edge?.[0]?.id;
    return {
      findings: await this.#findings(rows),
      ...(end !== undefined && { nextCursor: formatCursor(kind, [Number(end)]) }),
      asOfSeq: Number(tracking?.[0]?.finding_seq ?? 0),
    };
  }

  /** See `LifecycleReader.findingHistory`. */
  async findingHistory({ appId, messageId, after, upTo }: FindingHistoryQuery): Promise<FindingHistoryPage> {
    const [edge] = await this.#reads.read([
      {
        sql: `SELECT seq FROM findings WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT 1 OFFSET ${historySpan - 1}`,
        args: [after, upTo],
      },
    ]);
    const end = Number(edge?.[0]?.seq ?? upTo);
    const [found, tracking] = await this.#reads.read([
      {
        sql: `SELECT ${columns} FROM ${joined} WHERE f.seq > ?1 AND f.seq <= ?2
          AND (?3 IS NULL OR m.app_id = ?3) AND (?4 IS NULL OR m.message_id = ?4)
          ORDER BY f.seq LIMIT ${historyFindings}`,
        args: [after, end, appId ?? null, messageId ?? null],
      },
      "SELECT findings_pruned FROM tracking",
    ]);
    const findings = await this.#findings(found ?? []);
    const last = findings.at(-1);
    return {
      findings,
      to: last !== undefined && findings.length === historyFindings ? last.seq : end,
      prunedTo: Number(tracking?.[0]?.findings_pruned ?? 0),
    };
  }

  /** See `LifecycleReader.overdue`. */
  async overdue(query: OverdueQuery): Promise<OverduePage> {
    const place =
      query.cursor === undefined ? undefined : parseCursor(query.cursor, "overdue", [0, 0] as const);
    const args: InValue[] = place === undefined ? [] : [...place];
    const conditions = ["f.kind = 'missing' AND f.retracted_at = 0"];
    if (place !== undefined) conditions.push("(f.due_at, f.id) > (?, ?)");
    if (query.appId !== undefined) {
      conditions.push("f.app = (SELECT id FROM apps WHERE app_id = ?)");
      args.push(query.appId);
    }
    if (query.stage !== undefined) {
      conditions.push("f.stage = ?");
      args.push(query.stage);
    }
    const [found, tracking] = await this.#reads.read([
      {
        sql: `SELECT ${columns} FROM ${joined} WHERE ${conditions.join(" AND ")}
          ORDER BY f.due_at, f.id LIMIT ${query.limit}`,
        args,
      },
      "SELECT clock FROM tracking",
    ]);
    const rows = found ?? [];
    const clock = Number(tracking?.[0]?.clock ?? 0);
    const last = rows.at(-1);
    return {
      overdue: await this.#overdueStages(rows, clock),
      ...(last !== undefined &&
        rows.length === query.limit && {
          nextCursor: formatCursor("overdue", [Number(last.due_at), Number(last.id)]),
        }),
      clock,
    };
  }

  async #overdueStages(rows: readonly Row[], clock: number): Promise<OverdueStage[]> {
    const plans = await this.#plansOf(rows);
    const p99s = new Map<string, number | undefined>();
    const stages: OverdueStage[] = [];
    for (const row of rows) {
      const finding = findingOf(row, plans.get(Number(row.lifecycle)));
      const within = plans
        .get(Number(row.lifecycle))
        ?.plan?.stages.find(({ name }) => name === finding.stage)?.within;
      const hop = JSON.stringify([row.app, finding.after, finding.stage]);
      if (!p99s.has(hop)) p99s.set(hop, await this.#hopP99(Number(row.app), finding, clock));
      const hopP99 = p99s.get(hop);
      stages.push({
        finding,
        startedAt: finding.dueAt - (within ?? 0),
        ...(hopP99 !== undefined && { hopP99 }),
      });
    }
    return stages;
  }

  async #hopP99(app: number, { after, stage }: Finding, clock: number): Promise<number | undefined> {
    const ranges = cover(lastWhole(clock));
    const results = await this.#reads.read(
      ranges.map(({ span, from, to }) => ({
        sql: `SELECT histogram FROM latencies
          WHERE stage = (SELECT id FROM stages WHERE app = ?1 AND after = ?2 AND stage = ?3) AND span = ?4 AND start >= ?5 AND start < ?6`,
        args: [app, after, stage, span, from, to],
      })),
    );
    const all = new Histogram();
    for (const row of results.flat()) all.mergeText(String(row.histogram));
    return all.count === 0 ? undefined : all.percentiles([99])[0]?.value;
  }

  async #findings(rows: readonly Row[]): Promise<Finding[]> {
    const plans = await this.#plansOf(rows);
    return rows.map((row) => findingOf(row, plans.get(Number(row.lifecycle))));
  }

  async #plansOf(rows: readonly Row[]) {
    if (rows.length === 0) return new Map<number, KnownLifecycle>();
    const ids = [...new Set(rows.map(({ lifecycle }) => Number(lifecycle)))];
    const [found] = await this.#reads.read([lifecyclesById(JSON.stringify(ids))]);
    return new Map(
      (found ?? []).map((row) => [
        Number(row.id),
        { version: Number(row.version), plan: this.#plans.of(row) },
      ]),
    );
  }
}

interface KnownLifecycle {
  readonly version: number;
  readonly plan: ReturnType<Plans["of"]>;
}

/** The last seven days by the hour, so that few histograms are read. */
function lastWhole(clock: number) {
  const hour = 3_600_000_000;
  const until = Math.ceil(clock / hour) * hour;
  return { since: until - hopSpan, until };
}

function findingOf(row: Row, lifecycle: KnownLifecycle | undefined): Finding {
  const stage = String(row.stage);
  return {
    seq: Number(row.seq),
    id: Number(row.id),
    appId: String(row.app_id),
    messageId: String(row.message_id),
    kind: row.kind as FindingKind,
    stage,
    after: lifecycle?.plan?.stages.find(({ name }) => name === stage)?.after ?? "",
    version: lifecycle?.version ?? 0,
    dueAt: Number(row.due_at),
    raisedAt: Number(row.raised_at),
    ...(row.retracted_at !== 0 && { retractedAt: Number(row.retracted_at) }),
    lateBy: Number(row.late_by),
  };
}
