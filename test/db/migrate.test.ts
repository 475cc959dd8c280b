import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Database } from "../../src/db/database.ts";
import { type MigrateOptions, type MigrationStep, migrate } from "../../src/db/migrate.ts";
import { storeSchema } from "../../src/gen/schema.ts";
import { storeMigrations } from "../../src/gen/sql.ts";

test("each step that a database needs is named before it begins and when it has ended; a new database needs all of them, and names none", async () => {
  const directory = mkdtempSync(join(tmpdir(), "mars-migrate-"));
  const url = `file:${directory}/messages.db`;
  const database = new Database({ url, authToken: "", timeoutMs: 1_000, pragmas: [] });
  try {
    const steps: MigrationStep[] = [];
    const migrateTo = (count: number) =>
      migrate(database, storeMigrations.slice(0, count), url, { report: (step) => steps.push(step) });
    const { length } = storeMigrations;
    await migrateTo(length - 2);
    expect(steps).toEqual([]);
    await migrateTo(length);
    expect(steps).toEqual([
      { step: length - 1, of: length, name: storeMigrations[length - 2]!.name },
      { step: length - 1, of: length, name: storeMigrations[length - 2]!.name, tookMs: expect.any(Number) },
      { step: length, of: length, name: storeMigrations[length - 1]!.name },
      { step: length, of: length, name: storeMigrations[length - 1]!.name, tookMs: expect.any(Number) },
    ]);
  } finally {
    database.close();
    rmSync(directory, { recursive: true });
  }
});

test("a new database that has its schema in one script is as one that has had every step", async () => {
  const directory = mkdtempSync(join(tmpdir(), "mars-migrate-"));
  const made = async (name: string, options: MigrateOptions) => {
    const url = `file:${directory}/${name}`;
    const database = new Database({ url, authToken: "", timeoutMs: 1_000, pragmas: [] });
    try {
      await migrate(database, storeMigrations, url, options);
      const read = async (sql: string) => (await database.execute(sql)).rows;
      const schema = await read("SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY rowid");
      const tables = schema.filter(({ type }) => type === "table");
      const rows = await Promise.all(tables.map(({ name }) => read(`SELECT * FROM ${name}`)));
      return {
        schema,
        rows: Object.fromEntries(tables.map(({ name }, index) => [String(name), rows[index] ?? []])),
      };
    } finally {
      database.close();
    }
  };
  try {
    const [steps, whole] = [await made("steps.db", {}), await made("whole.db", { whole: storeSchema })];
    expect(whole.schema).toEqual(steps.schema);
    const [{ migrations, ...rows }, { migrations: expected, ...expectedRows }] = [whole.rows, steps.rows];
    const at = expect.stringMatching(/^\d{4}-.*Z$/);
    expect(migrations).toEqual(expected!.map((row) => ({ ...row, applied_at: at })));
    // Every database draws its own.
    const drawn = {
      alert_cursor: [{ ...expectedRows.alert_cursor![0]!, origin: expect.stringMatching(/^\w{16}$/) }],
    };
    expect(rows).toEqual({ ...expectedRows, ...drawn });
    expect(rows.alert_cursor![0]!.origin).not.toBe(expectedRows.alert_cursor![0]!.origin);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
