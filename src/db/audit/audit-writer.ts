/** Writes the audit: a statement for each change, part of the transaction that makes it. Runs on the store's thread. */
import type { InStatement } from "@libsql/client";
import {
  type AuditSize,
  type Author,
  auditBytesMax,
  auditShownBytesMax,
  type Change,
} from "../../core/audit.ts";
import type { Micros } from "../../core/event.ts";
import { auditSql } from "../../gen/sql.ts";
import type { Database } from "../database.ts";

/** Entries that one step of retention deletes, and that one new entry may push out. The largest entry takes as much as 130 of the smallest. */
const pruneRows = 500;

/** Who has made the change that a statement records. */
const authors = new WeakMap<object, Author>();

/**
 * The statements that record a change. To be run behind those that make it, in one transaction.
 *
 * @param at see `Database.now`
 * @param by `undefined` for Mars itself, whose changes are not recorded
 */
export function recordChange(at: Micros, by: Author | undefined, change: Change): InStatement[] {
  if (by === undefined) return [];
  const { target, appId = "" } = change;
  const args = [JSON.stringify(by), at, target, appId, shown(change.old), shown(change.new)];
  const insert = { sql: auditSql.insert, args };
  authors.set(insert, by);
  return [insert, { sql: auditSql.dropOldest, args: [auditBytesMax, pruneRows] }, auditSql.countDropped];
}

/** The authors of the changes that are recorded by these statements. */
export function authorsIn(statements: readonly InStatement[]): Author[] {
  return statements.flatMap((one) => {
    const by = typeof one === "object" ? authors.get(one) : undefined;
    return by === undefined ? [] : [by];
  });
}

/** Deletes entries from before this time, so many at most. @returns how full the audit is, and whether there may be more to delete */
export async function pruneAudit(
  database: Database,
  before: Micros,
): Promise<AuditSize & { readonly more: boolean }> {
  const [pruned, size] = await database.batch(
    [{ sql: auditSql.prune, args: [before, pruneRows] }, "SELECT bytes, dropped FROM audit_size"],
    "write",
  );
  const row = size?.rows[0];
  return {
    bytes: Number(row?.bytes),
    dropped: Number(row?.dropped),
    more: pruned?.rowsAffected === pruneRows,
  };
}

/** JSON; of a text that is too long the beginning, as JSON that says so. */
function shown(value: object | undefined): string {
  if (value === undefined) return "";
  const text = JSON.stringify(value);
  const bytes = Buffer.byteLength(text);
  if (bytes <= auditShownBytesMax) return text;
  // Half of it, since each quote in it becomes two characters. A character that is cut in two is left out.
  const half = Buffer.from(text).subarray(0, auditShownBytesMax / 2);
  const beginning = new TextDecoder().decode(half, { stream: true });
  return JSON.stringify({ truncated: true, bytes, beginning });
}
