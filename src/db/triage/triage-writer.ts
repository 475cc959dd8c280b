/** Writes marks on findings. The projector applies them: they are put into `revisits`. Runs on the store's thread. */
import type { Author } from "../../core/audit.ts";
import type { Micros } from "../../core/event.ts";
import type { Mark } from "../../core/mark.ts";
import { revisitsSql, triageSql } from "../../gen/sql.ts";
import type { FindingEnding } from "../../lifecycle/finding.ts";
import {
  type Markable,
  markAfter,
  type TriageAbout,
  type TriageChange,
  type TriageStore,
} from "../../lifecycle/triage.ts";
import { recordChange } from "../audit/audit-writer.ts";
import type { Database } from "../database.ts";
import { forRows, rowsOf } from "../rows.ts";

type Row = [
  id: number,
  message: number,
  dueAt: Micros,
  retractedAt: Micros,
  endedBy: FindingEnding | "",
  mark: string,
];

export class TriageWriter implements TriageStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** See `TriageStore` for both. */
  async markFindings(
    findings: readonly number[],
    change: TriageChange,
    { target, appId, selection }: TriageAbout,
    by: Author,
  ): Promise<number> {
    const rows = rowsOf<Row>(
      await this.#database.execute({ sql: triageSql.findings, args: [JSON.stringify(findings)] }),
    );
    const at = this.#database.now;
    const marked = rows.flatMap((row) => {
      const mark = markAfter(change, markableOf(row), { at, by });
      return mark === undefined ? [] : [{ row, mark }];
    });
    if (marked.length === 0) return 0;
    const { action, until } = change;
    const entry = { action, ...(until && { until }), ...selection, findings: marked.length };
    // Findings are not of the log. After a power cut that took them, too, the record would find none to mark.
    await this.#database.synced([
      ...forRows(
        triageSql.mark,
        marked
          .values()
          .map(({ row: [id], mark }) => JSON.stringify([id, mark === null ? "" : JSON.stringify(mark)])),
      ),
      { sql: revisitsSql.put, args: [JSON.stringify([...new Set(marked.map(({ row }) => row[1]))])] },
      ...recordChange(this.#database.now, by, { target, appId, new: entry }),
    ]);
    return marked.length;
  }

  async pendingMarks(findings: readonly number[]): Promise<{ pending: boolean; seq: number }> {
    const { rows } = await this.#database.execute({
      sql: triageSql.pending,
      args: [JSON.stringify(findings)],
    });
    return { pending: rows[0]?.pending === 1, seq: Number(rows[0]?.seq) };
  }
}

function markableOf([, , dueAt, retractedAt, endedBy, mark]: Row): Markable {
  return {
    dueAt,
    active: retractedAt === 0,
    endedBy: endedBy === "" ? undefined : endedBy,
    mark: mark === "" ? undefined : (JSON.parse(mark) as Mark),
  };
}
