/**
 * The module that has the text of every `.sql` file: a form of text that each runtime and bundler can import.
 *
 * A migration is kept as it is, for databases know it by a hash of its text. A file of statements becomes a constant:
 * `apply.sql` becomes `applySql`, and a line `-- name: insertEvents` begins its property `insertEvents`. Comments and
 * indents are left out of statements: the driver parses the text at every call.
 */
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { Glob } from "bun";
import type { GeneratedFile } from "./generated-file.ts";
import { literal } from "./literal.ts";

const head = `/** Written by npm run generate from migrations/ and the .sql files of src/. Edit those. */
`;

export const sqlModule: GeneratedFile = {
  path: "src/gen/sql.ts",
  text(root) {
    const migrations = list(root, "migrations/store/*.sql").map((path) => {
      const sql = readFileSync(join(root, path), "utf8");
      return `  { name: ${JSON.stringify(basename(path, ".sql"))}, sql: ${literal(sql)} },\n`;
    });
    const names = new Map<string, string>();
    const statements = list(root, "src/**/*.sql").map((path) => {
      const name = constantOf(path);
      const other = names.get(name);
      if (other !== undefined) throw new Error(`${path} and ${other} would both become ${name}: rename one`);
      names.set(name, path);
      const properties = parseStatements(path, readFileSync(join(root, path), "utf8")).map(
        ([property, sql]) => `  ${property}: ${literal(sql)},\n`,
      );
      return `\n/** ${path} */\nexport const ${name} = {\n${properties.join("")}} as const;\n`;
    });
    return `${head}
/** migrations/store/, in order. */
export const storeMigrations = [
${migrations.join("")}] as const;
${statements.join("")}`;
  },
};

/** @throws for a statement without a name, and for a text that joining its lines would change */
function parseStatements(path: string, text: string): [name: string, sql: string][] {
  const [comment = "", ...parts] = text.split(/^-- name: /m);
  if (withoutComments(comment) !== "") throw new Error(`${path} has SQL before its first "-- name:" line`);
  const statements = parts.map((part): [string, string] => {
    const [name = "", ...lines] = part.split("\n");
    if (!/^[a-z]\w*$/.test(name)) throw new Error(`${path}: ${name} is no name in camel case`);
    if (lines.some((line) => !isComment(line) && line.split("'").length % 2 === 0))
      throw new Error(`${path}: a text of ${name} goes over the end of its line`);
    const sql = withoutComments(lines.join("\n"));
    if (sql.replaceAll(/'[^']*'/g, "").indexOf(";") !== sql.replaceAll(/'[^']*'/g, "").length - 1)
      throw new Error(`${path}: ${name} must be one statement, with a ; at its end`);
    return [name, sql.slice(0, -1)];
  });
  const names = new Set(statements.map(([name]) => name));
  if (names.size < statements.length) throw new Error(`${path} has two statements of one name`);
  return statements;
}

function withoutComments(text: string): string {
  return text
    .split("\n")
    .filter((line) => !isComment(line))
    .map((line) => line.trim())
    .filter((line) => line !== "")
    .join(" ");
}

function isComment(line: string): boolean {
  return line.trimStart().startsWith("--");
}

/** `src/db/set-aside/set-aside.sql` → `setAsideSql`. */
function constantOf(path: string): string {
  const words = basename(path, ".sql").replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
  return `${words}Sql`;
}

function list(root: string, pattern: string): string[] {
  return [...new Glob(pattern).scanSync(root)].sort();
}
