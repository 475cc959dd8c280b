/** Migrates a database to the schema of this Mars: forward only, one transaction a step. */
import { createHash } from "node:crypto";
import type { Row } from "@libsql/client";
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

/**
 * Applies the steps that are not applied yet. Each is recorded with a hash of its SQL, so that a database made by
 * another text of the same step is refused here, instead of failing later for want of a column.
 *
 * @param what names the database in messages
 * @param report called before and after each step of a database that has a schema already: with many messages a step takes minutes
 * @throws `UnknownSchemaError`
 */
export async function migrate(
  database: Database,
  migrations: readonly Migration[],
  what: string,
  report: (step: MigrationStep) => void = () => undefined,
): Promise<void> {
  await database.execute(
    "CREATE TABLE IF NOT EXISTS migrations (version INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at TEXT NOT NULL, hash TEXT NOT NULL) STRICT",
  );
  const { rows: applied } = await database.execute("SELECT * FROM migrations ORDER BY version");
  assertKnown(applied, migrations, what);
  for (const [index, migration] of migrations.slice(applied.length).entries()) {
    const step = { step: applied.length + index + 1, of: migrations.length, name: migration.name };
    const began = performance.now();
    if (applied.length > 0) report(step);
    await database.script(migration.sql, {
      // Of two nodes that start together the second one's insert fails, and its step with it.
      sql: "INSERT INTO migrations (version, name, applied_at, hash) VALUES (?, ?, ?, ?)",
      args: [
        migrations.indexOf(migration) + 1,
        migration.name,
        new Date().toISOString(),
        hashOf(migration.sql),
      ],
    });
    if (applied.length > 0) report({ ...step, tookMs: Math.round(performance.now() - began) });
  }
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
