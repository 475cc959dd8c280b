/** What SQLite reads for a statement, as `EXPLAIN QUERY PLAN` has it. */
import { type Client, createClient, type InArgs, type InStatement } from "@libsql/client";

/** Tables whose rows are bounded, each by a limit of its own, and those that one transaction fills and empties. */
const boundedTables = new Set([
  ...["alert_cursor", "clock", "lease", "positions", "pruned", "projection"],
  ...["alert_rules", "alert_sinks", "alert_silences", "gaps", "marks", "set_aside"],
  ...["aliases", "event_changes", "remains"],
]);

/** Indexes of rows that wait to be deleted. */
const boundedIndexes = new Set(["rates_none", "stages_unnamed"]);

export class QueryPlans {
  readonly #client: Client;

  constructor(url: string) {
    this.#client = createClient({ url });
  }

  /**
   * The steps that read a table which grows from one end to the other. A step that reads an index in its order and ends
   * at a LIMIT is among them.
   */
  async scans(statement: InStatement): Promise<string[]> {
    const { sql, args } = typeof statement === "string" ? { sql: statement, args: undefined } : statement;
    const filled: InArgs = args ?? placeholders(sql);
    const { rows } = await this.#client.execute({ sql: `EXPLAIN QUERY PLAN ${sql}`, args: filled });
    return rows
      .map(({ detail }) => String(detail))
      .filter((detail) => detail.startsWith("SCAN ") && !isBounded(detail, sql));
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
  // A subquery's rows are those of its own steps.
  return boundedTables.has(name) || tables.some((table) => table === undefined || boundedTables.has(table));
}
