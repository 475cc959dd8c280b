import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Database } from "../../src/db/database.ts";
import { type MigrationStep, migrate } from "../../src/db/migrate.ts";
import { storeMigrations } from "../../src/gen/sql.ts";

test("each step that a database needs is named before it begins and when it has ended; a new database needs all of them, and names none", async () => {
  const directory = mkdtempSync(join(tmpdir(), "mars-migrate-"));
  const url = `file:${directory}/messages.db`;
  const database = new Database({ url, authToken: "", timeoutMs: 1_000, pragmas: [] });
  try {
    const steps: MigrationStep[] = [];
    const migrateTo = (count: number) =>
      migrate(database, storeMigrations.slice(0, count), url, (step) => steps.push(step));
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
