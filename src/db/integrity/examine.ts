/** Checks an embedded database that no Mars uses. */
import { existsSync } from "node:fs";
import { Database } from "../database.ts";
import { pathOf } from "../database-address.ts";
import { PageCheck } from "./page-check.ts";

/** Bound on the findings of SQLite's own check. */
const integrityMax = 100;
const stepPages = 4_096;

/**
 * Compares every page with its checksum. Where all match, SQLite then checks that tables and indexes agree, which takes some
 * seconds a gigabyte, and that no row refers to one that is not there.
 *
 * @param url `file:` and the path
 * @returns a sentence for each fault; none where there is no fault, or no database
 * @throws `MarsError` of the kinds of `database-error.ts`
 */
export async function examineDatabase(url: string): Promise<string[]> {
  const path = pathOf(url);
  if (!existsSync(path)) return [];
  const database = new Database({ url, authToken: "", timeoutMs: 0, pragmas: ["busy_timeout = 5000"] });
  const pages = new PageCheck(path);
  try {
    // This opens the write-ahead log, whose index the check of the pages needs.
    await database.execute("SELECT count(*) FROM sqlite_schema");
    pages.open();
    let step = pages.step(stepPages);
    // A file of a start that failed may have no page, and so no round.
    while (step.rounds === 0 && step.pages > 0) step = pages.step(stepPages);
    if (step.damaged === 0) return await checkIntegrity(database, path);
    const owners = await ownersOf(database, pages.damagedPages);
    return step.places.map((place, index) => {
      const owner = owners.get(pages.damagedPages[index] ?? 0);
      return `${place}: not as it was written${owner === undefined ? "" : `, a page of ${owner}`}`;
    });
  } finally {
    pages.finish();
    database.close();
    pages.close();
  }
}

async function checkIntegrity(database: Database, path: string): Promise<string[]> {
  const { rows } = await database.execute(`PRAGMA integrity_check(${integrityMax})`);
  const found = rows.map(({ integrity_check }) => String(integrity_check)).filter((line) => line !== "ok");
  const astray = await database.execute("SELECT * FROM pragma_foreign_key_check LIMIT 100");
  const broken = astray.rows.map(({ table, rowid, parent }) => `row ${rowid} of ${table} has no ${parent}`);
  return [...found, ...broken].map((line) => `${path}: ${line}`);
}

/** The table or index of each page, as far as the damage lets SQLite read it. */
async function ownersOf(database: Database, pages: readonly number[]): Promise<ReadonlyMap<number, string>> {
  try {
    const { rows } = await database.execute({
      sql: "SELECT pageno, name FROM dbstat WHERE pageno IN (SELECT value FROM json_each(?))",
      args: [JSON.stringify(pages)],
    });
    return new Map(rows.map(({ pageno, name }) => [Number(pageno), String(name)]));
  } catch {
    // The damage that stops SQLite here is in the list of pages already.
    return new Map();
  }
}
