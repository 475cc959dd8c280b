/**
 * The journal's file: group commits appended, read back and dropped. Runs in `journal-worker.ts`.
 *
 * `synchronous=FULL` makes a commit return only after the fsync of the write-ahead log: this is the moment behind
 * every success answer. The exclusive lock keeps a second Mars out of the data directory, and being alone needs no
 * shared memory. The last group is never dropped: it remembers the last seq.
 */
import type { Row } from "@libsql/client";
import type { JournalGroup, JournalState } from "../event/ports.ts";
import { Database } from "./database.ts";
import { migrate } from "./migrate.ts";
import { journalMigrations } from "./migrations.ts";

/** What one `read` looks at, and what one `trim` drops: it takes time in which nothing can be appended. */
const readGroupsMax = 512;
const trimGroupsMax = 64;
const trimBytesMax = 8 * 1024 * 1024;

export class JournalFile {
  readonly #database: Database;
  readonly #path: string;
  /** Whether the last append failed. */
  #suspect = false;

  constructor(path: string) {
    this.#path = path;
    this.#database = new Database({
      // The driver decodes the path of a URL.
      url: `file:${path.replace(/[%?#]/g, encodeURIComponent)}`,
      authToken: "",
      timeoutMs: 0,
      pragmas: [
        "locking_mode = EXCLUSIVE",
        "journal_mode = WAL",
        "synchronous = FULL",
        "journal_size_limit = 67108864",
      ],
    });
  }

  async open(): Promise<JournalState> {
    try {
      await migrate(this.#database, journalMigrations, `the journal ${this.#path}`);
    } catch (error) {
      if (isBusy(error)) {
        throw new Error(
          `${this.#path} is in use by another process: is Mars already running on this directory?`,
        );
      }
      throw error;
    }
    const [, identity, range] = await this.#database.batch(
      [
        {
          sql: "INSERT INTO identity (id) SELECT ? WHERE NOT EXISTS (SELECT 1 FROM identity)",
          args: [crypto.randomUUID()],
        },
        "SELECT id FROM identity",
        `SELECT coalesce(min(first_seq), 0) AS first, coalesce(max(last_seq), 0) AS last,
           coalesce(sum(octet_length(body)), 0) AS bytes FROM groups`,
      ],
      "write",
    );
    return {
      id: String(identity?.rows[0]?.id),
      firstSeq: Number(range?.rows[0]?.first),
      lastSeq: Number(range?.rows[0]?.last),
      bytes: Number(range?.rows[0]?.bytes),
    };
  }

  /** Resolves when the group is on disk. */
  async append(group: JournalGroup): Promise<void> {
    const insert = {
      sql: "INSERT INTO groups (first_seq, last_seq, body) VALUES (?, ?, ?)",
      args: [group.firstSeq, group.lastSeq, group.body],
    };
    // A failed commit may have left its group in the log all the same. It was refused, and its seqs are used again.
    const refused = { sql: "DELETE FROM groups WHERE first_seq >= ?", args: [group.firstSeq] };
    const suspect = this.#suspect;
    this.#suspect = true;
    await (suspect ? this.#database.batch([refused, insert], "write") : this.#database.execute(insert));
    this.#suspect = false;
  }

  /** The groups from the one that holds `fromSeq` on: as many as fit in `bytesMax`, at least one if there is one. */
  async read(fromSeq: number, bytesMax: number): Promise<JournalGroup[]> {
    const sizes = await this.#database.execute({
      sql: `SELECT first_seq, octet_length(body) AS bytes FROM groups
        WHERE first_seq >= (SELECT coalesce(max(first_seq), 0) FROM groups WHERE first_seq <= ?1) AND last_seq >= ?1
        ORDER BY first_seq LIMIT ${readGroupsMax}`,
      args: [fromSeq],
    });
    const { firstSeq, lastFirstSeq } = take(sizes.rows, bytesMax);
    const { rows } = await this.#database.execute({
      sql: "SELECT first_seq, last_seq, body FROM groups WHERE first_seq BETWEEN ? AND ? ORDER BY first_seq",
      args: [firstSeq, lastFirstSeq],
    });
    return rows.map((row) => ({
      firstSeq: Number(row.first_seq),
      lastSeq: Number(row.last_seq),
      body: String(row.body),
    }));
  }

  /**
   * Drops groups whose events up to `upTo` the store has on its disk, a bounded number at a time.
   *
   * @returns the bytes dropped, and whether a further call would drop more
   */
  async trim(upTo: number): Promise<{ bytes: number; more: boolean }> {
    const sizes = await this.#database.execute({
      sql: `SELECT first_seq, octet_length(body) AS bytes FROM groups
        WHERE first_seq <= ?1 AND last_seq <= ?1 AND first_seq < (SELECT max(first_seq) FROM groups)
        ORDER BY first_seq LIMIT ${trimGroupsMax}`,
      args: [upTo],
    });
    const { lastFirstSeq, bytes, count } = take(sizes.rows, trimBytesMax);
    if (count === 0) return { bytes, more: false };
    await this.#database.execute({ sql: "DELETE FROM groups WHERE first_seq <= ?", args: [lastFirstSeq] });
    return { bytes, more: count < sizes.rows.length || count === trimGroupsMax };
  }

  close(): void {
    this.#database.close();
  }
}

/** The first of the groups, by their sizes, up to the one with which they reach `bytesMax`. */
function take(sizes: readonly Row[], bytesMax: number) {
  let bytes = 0;
  let count = 0;
  for (const row of sizes) {
    if (bytes >= bytesMax) break;
    bytes += Number(row.bytes);
    count++;
  }
  const firstSeq = Number(sizes[0]?.first_seq ?? 0);
  return { firstSeq, lastFirstSeq: Number(sizes[count - 1]?.first_seq ?? -1), bytes, count };
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && /SQLITE_BUSY|database is locked/.test(`${error.message}`);
}
