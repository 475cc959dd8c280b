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
  return inParts(sql, rows, "[", "]");
}

/** As `forRows`, of the entries of a JSON object: `"<key>":<value>`. */
export function forEntries(sql: string, entries: Iterable<string>): InStatement[] {
  return inParts(sql, entries, "{", "}");
}

function inParts(sql: string, parts: Iterable<string>, open: string, close: string): InStatement[] {
  const statements: InStatement[] = [];
  let some: string[] = [];
  let chars = 0;
  for (const part of parts) {
    if (chars > parameterCharsMax) {
      statements.push({ sql, args: [`${open}${some.join(",")}${close}`] });
      some = [];
      chars = 0;
    }
    some.push(part);
    chars += part.length + 1;
  }
  if (some.length > 0) statements.push({ sql, args: [`${open}${some.join(",")}${close}`] });
  return statements;
}

/** Blanks by their number; more than a number has characters. */
const blanks = Array.from({ length: 18 }, (_, count) => " ".repeat(count));

/** An integer at a fixed place of a key. @param chars that it has at least, 17 for any safe integer */
export function padded(n: number, chars: number): string {
  const text = String(n);
  return `${blanks[chars - text.length]}${text}`;
}
