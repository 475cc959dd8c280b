/** Brings a database to the schema this Mars knows: forward only, one transaction a step, never past it. */
import type { Database } from "./database.ts";

/** A step of the schema; its version is its place in the list, counted from 1. */
export interface Migration {
  readonly name: string;
  readonly sql: string;
}

/** Thrown for a database that a newer Mars has written: this one would not understand what it finds there. */
export class NewerDatabaseError extends Error {
  override readonly name = "NewerDatabaseError";
}

/**
 * Applies the steps that are not applied yet.
 *
 * @param what names the database in messages
 */
export async function migrate(
  database: Database,
  migrations: readonly Migration[],
  what: string,
): Promise<void> {
  await database.execute(
    "CREATE TABLE IF NOT EXISTS migrations (version INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at TEXT NOT NULL) STRICT",
  );
  const applied = await database.execute("SELECT coalesce(max(version), 0) AS version FROM migrations");
  const version = Number(applied.rows[0]?.version);
  if (version > migrations.length) {
    throw new NewerDatabaseError(
      `${what} has schema version ${version}, this Mars knows versions up to ${migrations.length}: it was written by a newer Mars; upgrade this one`,
    );
  }
  for (const [index, { name, sql }] of migrations.entries()) {
    if (index < version) continue;
    await database.script(sql, {
      // Two nodes that start at once: the second one's insert fails, and its step with it.
      sql: "INSERT INTO migrations (version, name, applied_at) VALUES (?, ?, ?)",
      args: [index + 1, name, new Date().toISOString()],
    });
  }
}
