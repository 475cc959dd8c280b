/**
 * Pages of the rows of several apps, in one order. Each app's rows are scanned by an index of that app, and merged: a key for
 * a few apps among thousands would otherwise read the rows of all to find its own.
 */
import type { InStatement, Row } from "@libsql/client";
import { appIdBytesMax } from "../core/limits.ts";
import { prefixBounds } from "./conditions.ts";
import { type KeysetScan, readPage, type Statement } from "./keyset-scan.ts";
import type { ReadConnection } from "./read-connection.ts";

/** More apps than this are one scan with a filter. */
const appsMax = 20;

/**
 * Divides a query by the apps that its patterns name.
 *
 * @returns one query for each app; the query itself where it has no patterns, or where these name more apps than are merged
 */
export async function divideByApp<
  Query extends { readonly appId?: string; readonly apps?: readonly string[] },
>(connection: ReadConnection, query: Query): Promise<Query[]> {
  const { apps: patterns, ...rest } = query;
  const apps = patterns && (await appsNamed(connection, patterns));
  if (apps === undefined) return [query];
  // No app has the empty id: what names no app has no rows, and no scan.
  return (apps.length === 0 ? [""] : apps).map((appId) => ({ ...rest, appId }) as unknown as Query);
}

/** The apps that the patterns name, those by a prefix as far as they have messages; `undefined` for more than are merged. */
async function appsNamed(
  connection: ReadConnection,
  patterns: readonly string[],
): Promise<string[] | undefined> {
  const apps = new Set(patterns.filter((pattern) => !pattern.endsWith("*")));
  for (const pattern of patterns) {
    if (apps.size > appsMax) return undefined;
    if (!pattern.endsWith("*")) continue;
    const [rows = []] = await connection.read([appsWithPrefix(pattern.slice(0, -1))]);
    for (const { app_id } of rows) apps.add(String(app_id));
  }
  return apps.size > appsMax ? undefined : [...apps];
}

/** From app to app by the index, without their rows: a `DISTINCT` would read all of its entries. */
function appsWithPrefix(prefix: string): InStatement {
  const [first, last] = prefixBounds(prefix, appIdBytesMax);
  return {
    sql: `WITH RECURSIVE apps (app_id) AS (
        SELECT min(app_id) FROM messages WHERE app_id >= ?1 AND app_id <= ?2
        UNION ALL
        SELECT (SELECT min(app_id) FROM messages WHERE app_id > apps.app_id AND app_id <= ?2)
        FROM apps WHERE apps.app_id IS NOT NULL)
      SELECT app_id FROM apps WHERE app_id IS NOT NULL LIMIT ${appsMax + 1}`,
    args: [first, last],
  };
}

export interface MergedPage {
  readonly rows: Row[];
  readonly next: { readonly nextCursor?: string };
  /** The rows of the other statements, read with the first page: what they say holds for all of them. */
  readonly others: Row[][];
}

/** One page of all scans together. They are alike but for their apps, and there is at least one. */
export async function readMergedPage(
  connection: ReadConnection,
  scans: readonly KeysetScan[],
  limit: number,
  others: (page: Statement) => InStatement[] = () => [],
): Promise<MergedPage> {
  const [first, ...more] = scans;
  if (first === undefined) throw new Error("there is nothing to scan");
  const page = await readPage(connection, first, others);
  if (more.length === 0) return page;
  const pages = [{ ...page, end: first.endOf(page.rows, page.boundary) }];
  for (const scan of more) {
    const next = await readPage(connection, scan);
    pages.push({ ...next, end: scan.endOf(next.rows, next.boundary) });
  }
  // Behind the first end that any of them has come to, not all rows are known.
  const ends = pages.flatMap(({ end }) => (end === undefined ? [] : [end])).sort(first.compare);
  const known = pages
    .flatMap(({ rows }) => rows)
    .sort(first.compare)
    .filter((row) => ends[0] === undefined || first.compare(row, ends[0]) <= 0);
  const rows = known.slice(0, limit);
  const end = known.length > limit ? rows.at(-1) : ends[0];
  return {
    rows,
    next: end === undefined ? {} : { nextCursor: first.cursorAt(end) },
    others: page.others,
  };
}
