import { afterAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { sqlModule } from "../../../scripts/generate/sql-module.ts";

const root = mkdtempSync(join(tmpdir(), "mars-sql-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let projects = 0;

/** The module of a project with these files. */
async function generate(files: Readonly<Record<string, string>>): Promise<Record<string, unknown>> {
  const project = join(root, String(++projects));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(project, path)), { recursive: true });
    writeFileSync(join(project, path), text);
  }
  const module = join(project, "sql.ts");
  writeFileSync(module, sqlModule.text(project));
  return import(module);
}

test("a migration is kept to the byte, in the order of names", async () => {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the text of a file.
  const first = "-- why\n\nCREATE TABLE a (x TEXT DEFAULT '`${y}\\n');\n";
  const { storeMigrations } = await generate({
    "migrations/store/0002_b.sql": "SELECT 2;",
    "migrations/store/0001_a.sql": first,
  });
  expect(storeMigrations).toEqual([
    { name: "0001_a", sql: first },
    { name: "0002_b", sql: "SELECT 2;" },
  ]);
});

test("a file of statements is a constant, without comments, indents and semicolons", async () => {
  const module = await generate({
    "src/db/set-aside.sql": `-- Of the file.

-- name: first
-- Of the statement.
SELECT 'a;  b'
  -- Between.
  FROM x;

-- name: second
SELECT 2;
`,
  });
  expect(module.setAsideSql).toEqual({ first: "SELECT 'a;  b' FROM x", second: "SELECT 2" });
});

const name = "-- name: one\n";
for (const [what, files] of Object.entries({
  "SQL before the first name": { "src/a.sql": `SELECT 1;\n${name}SELECT 1;` },
  "a name that is none": { "src/a.sql": "-- name: not one\nSELECT 1;" },
  "two statements of one name": { "src/a.sql": `${name}SELECT 1;\n${name}SELECT 2;` },
  "two statements under one name": { "src/a.sql": `${name}SELECT 1;\nSELECT 2;` },
  "a statement without an end": { "src/a.sql": `${name}SELECT 1` },
  "a text over the end of its line": { "src/a.sql": `${name}SELECT 'a\nb';` },
  "two files of one constant": { "src/a.sql": `${name}SELECT 1;`, "src/db/a.sql": `${name}SELECT 1;` },
})) {
  test(`${what} is an error that names the file`, async () => {
    await expect(generate(files)).rejects.toThrow(/src\/(db\/)?a\.sql/);
  });
}
