/**
 * Rows as JSON text, in both directions. The driver makes an object of every row, which takes longer than the statement
 * itself.
 */
import type { InStatement, InValue, ResultSet } from "@libsql/client";

/** Characters of one parameter. A libSQL server refuses one of 5,000,000 bytes, and most characters are one. */
const parameterCharsMax = 1_000_000;

/** A statement whose rows `rowsOf` decodes. */
export function asRows(columns: string, from: string, args: InValue[]): InStatement {
  return { sql: `SELECT json_group_array(json_array(${columns})) AS rows FROM (${from})`, args };
}

/** @param result of a statement of `asRows` */
export function rowsOf<Row>(result: Pick<ResultSet, "rows"> | undefined): Row[] {
  return JSON.parse(String(result?.rows[0]?.rows ?? "[]")) as Row[];
}

/** As many statements as the rows need, each with one parameter: a JSON array of some of them. */
export function forRows(sql: string, rows: Iterable<string>): InStatement[] {
  const statements: InStatement[] = [];
  let some: string[] = [];
  let chars = 0;
  for (const row of rows) {
    if (chars > parameterCharsMax) {
      statements.push({ sql, args: [`[${some.join(",")}]`] });
      some = [];
      chars = 0;
    }
    some.push(row);
    chars += row.length + 1;
  }
  if (some.length > 0) statements.push({ sql, args: [`[${some.join(",")}]`] });
  return statements;
}
