/**
 * An embedded database as it is at one moment, page by page, while Mars goes on writing to it: a read transaction on a connection
 * of its own. As long as it is open, no checkpoint can go beyond it, and the write-ahead log grows.
 *
 * The pages come through SQLite (`sqlite_dbpage`) and not from the file: what is in the log counts, and a file that another
 * handle opens and closes would lose SQLite's locks. https://www.sqlite.org/howtocorrupt.html section 2.2
 */
import { type Client, createClient, type Transaction } from "@libsql/client";
import { MarsError } from "../core/error.ts";
import { type DatabaseAddress, quarantineWarnings } from "./database-address.ts";
import { wrapDatabaseError } from "./database-error.ts";

export interface SnapshotState {
  /** Up to here it has the journal's events; 0 where it does not know the journal. */
  readonly seq: number;
  /** The steps of the schema. */
  readonly schemaVersion: number;
  readonly pages: number;
  readonly pageBytes: number;
}

/** Pages are read once, so few are kept. */
const cacheKiB = 2_048;

const stateSql = `SELECT
  (SELECT max(seq) FROM positions WHERE journal_id = ?1) AS seq,
  (SELECT max(version) FROM migrations) AS version,
  (SELECT page_count FROM pragma_page_count) AS pages,
  (SELECT page_size FROM pragma_page_size) AS page_bytes`;

/** A range of the virtual table would be looked for among all pages; a single page is found at once. */
const pagesSql = `WITH RECURSIVE numbers(number) AS (SELECT ?1 UNION ALL SELECT number + 1 FROM numbers WHERE number < ?2)
SELECT page.data FROM numbers CROSS JOIN sqlite_dbpage AS page WHERE page.pgno = numbers.number`;

export class Snapshot {
  readonly #client: Client;
  readonly #transaction: Transaction;
  readonly state: SnapshotState;

  private constructor(client: Client, transaction: Transaction, state: SnapshotState) {
    this.#client = client;
    this.#transaction = transaction;
    this.state = state;
  }

  /** @throws `MarsError` of the kinds of `database-error.ts`, and `corrupt` for a database with known damage */
  static async open({ url, quarantine }: DatabaseAddress, journalId: string): Promise<Snapshot> {
    if (quarantine !== undefined && quarantineWarnings(quarantine).length > 0)
      throw new MarsError("corrupt", "the database is damaged: restore an earlier backup");
    const client = createClient({ url, concurrency: 1 });
    try {
      for (const pragma of ["busy_timeout = 5000", "query_only = 1", `cache_size = -${cacheKiB}`])
        await client.execute(`PRAGMA ${pragma}`);
      const transaction = await client.transaction("deferred");
      // The transaction begins with its first read.
      const { rows } = await transaction.execute({ sql: stateSql, args: [journalId] });
      const row = rows[0];
      return new Snapshot(client, transaction, {
        seq: Number(row?.seq ?? 0),
        schemaVersion: Number(row?.version),
        pages: Number(row?.pages),
        pageBytes: Number(row?.page_bytes),
      });
    } catch (thrown) {
      client.close();
      throw wrapDatabaseError(thrown);
    }
  }

  /** @param first from 1 on */
  async read(first: number, count: number): Promise<Buffer> {
    try {
      const { rows } = await this.#transaction.execute({ sql: pagesSql, args: [first, first + count - 1] });
      if (rows.length !== count)
        throw new Error(`${rows.length} of ${count} pages from ${first} on are there`);
      return Buffer.concat(rows.map(({ data }) => new Uint8Array(data as ArrayBuffer)));
    } catch (thrown) {
      throw wrapDatabaseError(thrown);
    }
  }

  close(): void {
    this.#transaction.close();
    this.#client.close();
  }
}
