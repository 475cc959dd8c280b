/** What SQLite reads for a statement, as `EXPLAIN QUERY PLAN` has it. */
import { type Client, createClient, type InArgs, type InStatement } from "@libsql/client";

/** Tables whose rows are bounded, each by a limit of its own, and those that one transaction fills and empties. */
const boundedTables = new Set([
  ...["alert_cursor", "clock", "lease", "audit_size", "sqlite_sequence", "positions", "pruned", "projection"],
  ...["alert_rules", "alert_sinks", "alert_silences", "alert_former_sinks"],
  ...["alert_calendars", "alert_looks", "alert_arrivals"],
  ...["gaps", "marks", "set_aside", "erasures"],
  ...["aliases", "event_changes", "attribute_changes", "attribute_names", "remains", "revisits"],
  ...["former_names", "views", "declared", "sources"],
  ...["broker_collectors", "broker_pauses", "broker_refused"],
  // Of versions of lifecycles that join apps.
  ...["linked_events", "journeys_by_message"],
]);

/** Indexes of rows that wait to be deleted, and one whose rows are counted before a list reads them (`countCandidates`). */
const boundedIndexes = new Set([
  "rates_none",
  "overdue_ages_none",
  "stages_unnamed",
  "backfills_running",
  "instances_overdue",
  "instances_app_overdue",
]);

export class QueryPlans {
  readonly #client: Client;

  constructor(url: string) {
    this.#client = createClient({ url });
  }

  /**
   * The steps that read a table which grows from one end to the other. A step that reads an index in its order and ends
   * at a LIMIT is among them, unless `limited`.
   */
  async scans(statement: InStatement, limited = false): Promise<string[]> {
    const { sql, args } = typeof statement === "string" ? { sql: statement, args: undefined } : statement;
    const filled: InArgs = args ?? placeholders(sql);
    const { rows } = await this.#client.execute({ sql: `EXPLAIN QUERY PLAN ${sql}`, args: filled });
    const steps = rows.map(({ parent, detail }) => ({ parent: Number(parent), detail: String(detail) }));
    // A query that sorts reads all rows before it returns the first one.
    const sorting = new Set(
      steps
        .filter(({ detail }) => detail.startsWith("USE TEMP B-TREE FOR ORDER BY"))
        .map(({ parent }) => parent),
    );
    const stops = ({ parent }: { parent: number }) =>
      limited && /\bLIMIT\b/.test(sql) && !sorting.has(parent);
    return steps
      .filter((step) => step.detail.startsWith("SCAN ") && !stops(step))
      .map(({ detail }) => detail)
      .filter((detail) => !isBounded(detail, sql));
  }

  close(): void {
    this.#client.close();
  }
}

/** A value for each of `?1`, `?2` and so on. A plan does not depend on them. */
function placeholders(sql: string): number[] {
  const numbers = [...sql.matchAll(/\?(\d+)/g)].map(([, digits]) => Number(digits));
  return new Array<number>(Math.max(0, ...numbers)).fill(0);
}

/** SQLite shows a table's alias where it has one. */
function isBounded(detail: string, sql: string): boolean {
  if (/ VIRTUAL TABLE |^SCAN (\(subquery-\d+\)|CONSTANT ROW)/.test(detail)) return true;
  const [, name = "", index] = /^SCAN (\S+)(?: USING (?:COVERING )?INDEX (\w+))?/.exec(detail) ?? [];
  if (index !== undefined && boundedIndexes.has(index)) return true;
  const tables = [...sql.matchAll(new RegExp(`(?:\\b(\\w+)|\\)) (?:AS )?${name}\\b`, "g"))].map(
    ([, table]) => table,
  );
  // The rows of a subquery or of a common table expression are those of its own steps.
  const isCommon = (table: string) =>
    new RegExp(`\\b${table} (\\([^)]*\\) )?AS (NOT )?(MATERIALIZED )?\\(`).test(sql);
  return [name, ...tables].some(
    (table) => table === undefined || boundedTables.has(table) || isCommon(table),
  );
}
