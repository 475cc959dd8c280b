/**
 * Finds the findings that a call of triage concerns. Of one finding, message or group an index knows all; any other selection is
 * a scan, a bounded number of rows at a time. Runs on a query thread.
 */
import type { InStatement, Row } from "@libsql/client";
import type { Mark } from "../../core/mark.ts";
import { nowMicros } from "../../core/time.ts";
import type { FindingEnding, FindingKind } from "../../lifecycle/finding.ts";
import {
  markAfter,
  type TriageFinding,
  type TriagePage,
  type TriageQuery,
  triageCountMax,
  triageMax,
} from "../../lifecycle/triage.ts";
import { addAttributes } from "../attributes/attribute-conditions.ts";
import { Conditions } from "../conditions.ts";
import { KeysetScan, readPage } from "../keyset-scan.ts";
import type { ReadConnection } from "../read-connection.ts";

const columns =
  "f.id, f.kind, f.stage, f.after, f.due_at, f.retracted_at, f.ended_by, f.mark, m.app_id, m.message_id";
const appNumber = "(SELECT id FROM apps WHERE app_id = ?)";
/** Rows that one page of a scan examines. */
const scanMax = 5_000;
/** The caller is not known here, and makes no difference to whether a mark changes. */
const nobody = { who: "", name: "" };

export class TriageQueries {
  readonly #connection: ReadConnection;

  constructor(connection: ReadConnection) {
    this.#connection = connection;
  }

  /** See `TriageReader`. */
  async triageFindings(query: TriageQuery): Promise<TriagePage> {
    if (isDirect(query)) return this.#direct(query);
    const { rows, next } = await readPage(this.#connection, scanOf(query));
    return { findings: this.#connection.decode(rows, (row) => findingOf(row, query)), ...next };
  }

  async #direct(query: TriageQuery): Promise<TriagePage> {
    const where = directConditions(query);
    const [rows = []] = await this.#connection.read([
      {
        sql: `SELECT ${columns} FROM findings f CROSS JOIN messages m ON m.id = f.message ${where.where()}
          LIMIT ${triageMax + 1}`,
        args: where.args,
      },
    ]);
    const findings = this.#connection.decode(rows, (row) => findingOf(row, query));
    if (rows.length <= triageMax) return { findings };
    const [counted] = await this.#connection.read([countStatement(where)]);
    return { findings, count: Number(counted?.[0]?.count) };
  }
}

function countStatement(where: Conditions): InStatement {
  return {
    sql: `SELECT count(*) AS count FROM (SELECT 1 FROM findings f ${where.where()} LIMIT ${triageCountMax + 1})`,
    args: where.args,
  };
}

/**
 * Findings by their ids, those of one message, or those that are active of one app, kind and stage. By attributes few of a large group may be
 * meant, for which it is scanned.
 */
function isDirect({ findings, messageId, appId, kind, stage, change, attributes }: TriageQuery): boolean {
  const whole = change.action !== "clear" && attributes === undefined;
  const group = whole && appId !== undefined && kind !== undefined && stage !== undefined;
  return findings !== undefined || messageId !== undefined || group;
}

function directConditions(query: TriageQuery): Conditions {
  const { findings, appId, apps, messageId, kind, stage } = query;
  const where = new Conditions();
  if (findings !== undefined) {
    where.add("f.id IN (SELECT value FROM json_each(?))", JSON.stringify(findings));
    where.addApps("m.app_id", apps);
    if (appId !== undefined) where.add("m.app_id = ?", appId);
  } else if (messageId !== undefined) {
    where.add(
      "f.message = (SELECT id FROM messages WHERE message_id = ? AND app_id = ?)",
      messageId,
      appId ?? "",
    );
  } else {
    // The condition on the stage is that of the index `findings_group`.
    where.add(`f.app = ${appNumber} AND f.kind = ? AND f.stage = ? AND f.stage <> ''`, appId!, kind!, stage!);
  }
  if (query.change.action === "clear") where.add("+f.mark <> ''");
  else if (findings === undefined) where.add("f.retracted_at = 0");
  return addFilters(where, query);
}

/** By the marks, by when what is missing was due, or by when the others were raised. */
function scanOf(query: TriageQuery): KeysetScan {
  const { appId, apps, kind, stage, since, until, dueUntil, dueSince, dueBefore, change, cursor } = query;
  const indexed = new Conditions();
  const filters = new Conditions();
  if (appId !== undefined) indexed.add(`f.app = ${appNumber}`, appId);
  filters.addApps("m.app_id", apps);
  const cleared = change.action === "clear";
  const byDue = kind === "missing" && !cleared;
  if (byDue) {
    indexed.add("f.kind = 'missing' AND f.retracted_at = 0");
    if (dueUntil !== undefined) indexed.add("f.due_at <= ?", dueUntil);
    if (dueSince !== undefined) indexed.add("f.due_at >= ?", dueSince);
    if (dueBefore !== undefined) indexed.add("f.due_at < ?", dueBefore);
    if (since !== undefined) filters.add("f.raised_at >= ?", since);
    if (until !== undefined) filters.add("f.raised_at < ?", until);
  } else {
    if (cleared) indexed.add("f.triage <> 0");
    else filters.add("f.retracted_at = 0");
    filters.addEqual("f.kind", kind);
    if (since !== undefined) indexed.add("f.raised_at >= ?", since);
    if (until !== undefined) indexed.add("f.raised_at < ?", until);
    if (dueUntil !== undefined) filters.add("f.due_at <= ?", dueUntil);
    if (dueSince !== undefined) filters.add("f.due_at >= ?", dueSince);
    if (dueBefore !== undefined) filters.add("f.due_at < ?", dueBefore);
  }
  filters.addEqual("f.stage", stage);
  addRest(filters, query);
  return new KeysetScan({
    kind: byDue ? "triage by due" : "triage",
    cursor,
    columns,
    from: "findings f",
    join: "CROSS JOIN messages m ON m.id = f.message",
    key: [
      { name: "at", sql: byDue ? "f.due_at" : "f.raised_at", type: "integer" },
      { name: "own_id", sql: "f.id", type: "integer" },
    ],
    direction: "ASC",
    indexed,
    filters,
    limit: triageMax + 1,
    scanMax,
  });
}

function addFilters(where: Conditions, query: TriageQuery): Conditions {
  const { kind, stage, since, until, dueUntil, dueSince, dueBefore } = query;
  if (kind !== undefined) where.add("+f.kind = ?", kind);
  if (stage !== undefined) where.add("+f.stage = ?", stage);
  if (since !== undefined) where.add("+f.raised_at >= ?", since);
  if (until !== undefined) where.add("+f.raised_at < ?", until);
  if (dueUntil !== undefined) where.add("+f.due_at <= ?", dueUntil);
  if (dueSince !== undefined) where.add("+f.due_at >= ?", dueSince);
  if (dueBefore !== undefined) where.add("+f.due_at < ?", dueBefore);
  return addRest(where, query);
}

function addRest(where: Conditions, query: TriageQuery): Conditions {
  const { after, versions, acknowledged } = query;
  if (acknowledged !== undefined) where.add("+f.triage = ?", acknowledged ? 1 : 0);
  if (after !== undefined) where.add("+f.after = ?", after);
  if (versions !== undefined)
    where.add("f.version IN (SELECT value FROM json_each(?))", JSON.stringify(versions));
  addAttributes(where, "f.message", query);
  return where;
}

function findingOf(row: Row, { change }: TriageQuery): TriageFinding {
  const dueAt = Number(row.due_at);
  const finding = {
    dueAt,
    active: row.retracted_at === 0,
    endedBy: row.ended_by === "" ? undefined : (row.ended_by as FindingEnding),
    mark: row.mark === "" ? undefined : (JSON.parse(String(row.mark)) as Mark),
  };
  return {
    id: Number(row.id),
    appId: String(row.app_id),
    messageId: String(row.message_id),
    kind: row.kind as FindingKind,
    stage: String(row.stage),
    after: String(row.after),
    dueAt,
    changes: markAfter(change, finding, { at: nowMicros(), by: nobody }) !== undefined,
  };
}
