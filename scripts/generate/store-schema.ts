/**
 * The module that has the schema of a new database as one script: what all migrations leave. Applying them one by one takes
 * longer than any other part of a first start, for each change of a table reads the whole schema again.
 */
import { Database } from "bun:sqlite";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Glob } from "bun";
import type { GeneratedFile } from "./generated-file.ts";
import { literal } from "./literal.ts";

/** What differs from database to database, with the expression that its migration has for it. */
const drawn: Readonly<Record<string, string>> = { "alert_cursor.origin": "lower(hex(randomblob(8)))" };

type Row = Readonly<Record<string, string | number | null>>;

export const storeSchema: GeneratedFile = {
  path: "src/gen/schema.ts",
  text(root) {
    const [one, other] = [migrated(root), migrated(root)];
    const made = one
      .query(
        "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY rowid",
      )
      .all() as { readonly sql: string }[];
    const statements = [...made.map(({ sql }) => sql), ...rowsOf(one, other)];
    return `/** Written by npm run generate from migrations/. Edit those. */

/** The schema of a new database, with its first rows: what all of \`storeMigrations\` leave. */
export const storeSchema = ${literal(statements.map((sql) => `${sql};\n`).join(""))};
`;
  },
};

function migrated(root: string): Database {
  const database = new Database(":memory:");
  for (const path of [...new Glob("migrations/store/*.sql").scanSync(root)].sort())
    database.run(readFileSync(join(root, path), "utf8"));
  return database;
}

/** @throws where rows differ in what is not `drawn` */
function rowsOf(one: Database, other: Database): string[] {
  const tables = one
    .query(
      "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY rowid",
    )
    .all() as { readonly name: string }[];
  return tables.flatMap(({ name }) => {
    const [rows, others] = [one, other].map((of) => of.query(`SELECT * FROM ${name}`).all() as Row[]);
    return rows!.map((row, index) => {
      const values = Object.entries(row).map(([column, value]) => {
        const expression = drawn[`${name}.${column}`];
        if (expression === undefined && value !== others![index]?.[column])
          throw new Error(`${name}.${column} is another in every database: add it to \`drawn\``);
        return expression ?? valueText(value);
      });
      return `INSERT INTO ${name} (${Object.keys(row).join(", ")}) VALUES (${values.join(", ")})`;
    });
  });
}

function valueText(value: string | number | null): string {
  return typeof value === "string" ? `'${value.replaceAll("'", "''")}'` : String(value ?? "NULL");
}
