/**
 * Rows as JSON text, in both directions. The driver makes an object of every row, which takes longer than the statement
 * itself.
 */
import type { InStatement, InValue, ResultSet, Row, Value } from "@libsql/client";

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

/**
 * The same with names, as the driver's rows have them. Integers beyond 2^53 are clamped to it.
 *
 * @param names of the members of each row, in their order
 */
export function namedRows(rows: readonly Row[] | undefined, names: readonly string[]): Row[] {
  return rowsOf<Value[]>({ rows: [...(rows ?? [])] }).map((values) => {
    const row: Record<string, Value> = {};
    for (const [index, name] of names.entries()) row[name] = clamped(values[index] ?? null);
    return row as Row;
  });
}

/**
 * The same of one text of JSON, without changing a number.
 *
 * @returns `undefined` where JSON has lost digits of one
 */
export function exactRows(text: unknown, names: readonly string[]): Row[] | undefined {
  const rows: Row[] = [];
  for (const values of JSON.parse(String(text ?? "[]")) as Value[][]) {
    const row: Record<string, Value> = {};
    for (let at = 0; at < names.length; at++) {
      const value = values[at] ?? null;
      if (typeof value === "number" && !Number.isSafeInteger(value)) return undefined;
      row[names[at]!] = value;
    }
    rows.push(row as Row);
  }
  return rows;
}

function clamped(value: Value): Value {
  if (typeof value !== "number") return value;
  return Math.max(Number.MIN_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, value));
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
