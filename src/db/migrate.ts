/** Migrates a database to the schema of this Mars: forward only, one transaction a step. A new database has the whole in one. */
import { createHash } from "node:crypto";
import type { InStatement, Row } from "@libsql/client";
import type { Database } from "./database.ts";

/** A step of the schema; its version is its place in the list, counted from 1. */
export interface Migration {
  readonly name: string;
  readonly sql: string;
}

/** Thrown for a database whose schema this Mars does not know. */
export class UnknownSchemaError extends Error {
  override readonly name = "UnknownSchemaError";
}

/** A step that begins, or has ended. */
export interface MigrationStep {
  readonly step: number;
  readonly of: number;
  readonly name: string;
  /** How long it took; absent where it begins. */
  readonly tookMs?: number;
}

export interface MigrateOptions {
  /** What all steps leave in a new database, as one script. Each step reads the whole schema again, so this takes a quarter of the time. */
  readonly whole?: string;
  /** Called before and after each step of a database that has a schema already: with many messages a step takes minutes. */
  readonly report?: (step: MigrationStep) => void;
}

/**
 * Applies the steps that are not applied yet. Each is recorded with a hash of its SQL, so that a database made by
 * another text of the same step is refused here, instead of failing later for want of a column.
 *
 * @param what names the database in messages
 * @throws `UnknownSchemaError`
 */
export async function migrate(
  database: Database,
  migrations: readonly Migration[],
  what: string,
  { whole, report = () => undefined }: MigrateOptions = {},
): Promise<void> {
  await database.execute(
    "CREATE TABLE IF NOT EXISTS migrations (version INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at TEXT NOT NULL, hash TEXT NOT NULL) STRICT",
  );
  const { rows: applied } = await database.execute("SELECT * FROM migrations ORDER BY version");
  assertKnown(applied, migrations, what);
  // Of two nodes that start together the second one's insert fails, and its step with it.
  if (applied.length === 0 && whole !== undefined) return database.script(whole, record(migrations, 0));
  for (const [index, migration] of migrations.slice(applied.length).entries()) {
    const step = { step: applied.length + index + 1, of: migrations.length, name: migration.name };
    const began = performance.now();
    if (applied.length > 0) report(step);
    await database.script(migration.sql, record([migration], step.step - 1));
    if (applied.length > 0) report({ ...step, tookMs: Math.round(performance.now() - began) });
  }
}

/** Records that steps are applied. @param before the steps that came before them */
function record(applied: readonly Migration[], before: number): InStatement {
  const at = new Date().toISOString();
  const rows = applied.map(({ name, sql }, index) => [before + index + 1, name, at, hashOf(sql)]);
  return {
    sql: "INSERT INTO migrations (version, name, applied_at, hash) SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each(?)",
    args: [JSON.stringify(rows)],
  };
}

function assertKnown(applied: readonly Row[], migrations: readonly Migration[], what: string): void {
  const version = Number(applied.at(-1)?.version ?? 0);
  if (version > migrations.length) {
    throw new UnknownSchemaError(
      `${what} has schema version ${version}, this Mars knows versions up to ${migrations.length}: it was written by a newer Mars; upgrade this one`,
    );
  }
  for (const [index, { name, sql }] of migrations.slice(0, version).entries()) {
    if (applied[index]?.hash === hashOf(sql)) continue;
    throw new UnknownSchemaError(
      `${what} was written by an earlier, unreleased Mars (its schema step ${name} is another): start with a new data directory or an empty database`,
    );
  }
}

function hashOf(sql: string): string {
  return createHash("sha256").update(sql).digest("hex");
}
