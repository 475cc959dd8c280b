/** Restores a backup into an empty data directory, or into none: all of it or nothing. */
import { mkdir, readdir, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { isChange } from "../core/journal.ts";
import { Database } from "../db/database.ts";
import { fileUrl } from "../db/database-address.ts";
import { examineDatabase } from "../db/integrity/examine.ts";
import { DirectoryLock } from "../directory/directory-lock.ts";
import { beginRestore, finishRestore } from "../directory/unfinished-restore.ts";
import { syncDirectory } from "../directory/whole-files.ts";
import { decodeRecord } from "../journal/journal-format.ts";
import { SegmentedJournal } from "../journal/segmented-journal.ts";
import { readArchive } from "./archive-reader.ts";
import { databaseName, journalPrefix, keysName, type Manifest } from "./manifest.ts";
import { RestoredFile } from "./restored-file.ts";
import { cutJournal, type Until, untilProblem } from "./until.ts";

export interface RestoreOptions {
  /** Of the backup, from its first byte. */
  readonly chunks: AsyncIterable<Uint8Array>;
  readonly directory: string;
  /** Default: the end of the backup. */
  readonly until?: Until;
  /** The newest schema that this Mars knows. */
  readonly schemaVersionMax: number;
}

export interface Restored {
  readonly manifest: Manifest;
  /** Of the last event that was restored. */
  readonly seq: number;
  /** Events of it that wait in the journal: the first start stores them. */
  readonly waiting: number;
}

const segment = /^journal\/\d{16}-\d{8}\.segment$/;
/** A mounted file system has it from the start. */
const lostAndFound = "lost+found";

/**
 * Restores, and then reads all of it: the checksums of the file, the database by SQLite's own check, every event of the journal,
 * and whether the two join.
 *
 * @throws with nothing left in the directory: for a backup that is damaged or of a newer Mars, a directory that is not empty or in
 * use, a point that the backup does not have
 */
export async function restore({
  chunks,
  directory,
  until,
  schemaVersionMax,
}: RestoreOptions): Promise<Restored> {
  const made = await mkdir(directory, { recursive: true, mode: 0o700 });
  await assertEmpty(directory);
  const lock = new DirectoryLock();
  await lock.take(directory);
  try {
    await beginRestore(directory);
    const journal = join(directory, "journal");
    await mkdir(journal, { mode: 0o700 });
    const manifest = await extract(chunks, directory);
    if (manifest.schema_version > schemaVersionMax)
      throw new Error(
        `the backup has schema version ${manifest.schema_version}, this Mars knows versions up to ${schemaVersionMax}: upgrade it`,
      );
    const problem = until === undefined ? undefined : untilProblem(until, manifest);
    if (problem !== undefined) throw new Error(problem);
    const seq = until === undefined ? manifest.seq : await cutJournal(journal, until, manifest);
    await checkDatabase(join(directory, databaseName), manifest);
    const waiting = await checkJournal(journal, manifest, seq);
    for (const path of [journal, directory]) await syncDirectory(path);
    await finishRestore(directory);
    if (made !== undefined) await syncDirectory(dirname(made));
    lock.release();
    return { manifest, seq, waiting };
  } catch (error) {
    lock.release();
    await empty(directory);
    if (made !== undefined) await rm(made, { recursive: true, force: true });
    throw error;
  }
}

async function assertEmpty(directory: string): Promise<void> {
  const names = (await readdir(directory)).filter((name) => name !== lostAndFound);
  if (names.length === 0) return;
  if (names.includes("lock.db")) {
    const lock = new DirectoryLock();
    await lock.take(directory);
    lock.release();
  }
  throw new Error(`${directory} is not empty: a backup is restored into a new or an empty directory`);
}

async function empty(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    if (name !== lostAndFound) await rm(join(directory, name), { recursive: true, force: true });
  }
}

async function extract(chunks: AsyncIterable<Uint8Array>, directory: string): Promise<Manifest> {
  let file: RestoredFile | undefined;
  try {
    return await readArchive(chunks, async (name) => {
      if (name !== databaseName && name !== keysName && !segment.test(name))
        throw new Error(`the backup has a file ${JSON.stringify(name)}, which this Mars does not know`);
      const path = name.startsWith(journalPrefix)
        ? join(directory, "journal", basename(name))
        : join(directory, name);
      file = await RestoredFile.create(path);
      return file;
    });
  } catch (error) {
    // It may be closed already, which is as good.
    await file?.close().catch(() => undefined);
    throw error;
  }
}

async function checkDatabase(
  path: string,
  { journal_id, snapshot_seq, schema_version }: Manifest,
): Promise<void> {
  const url = fileUrl(path);
  const problems = await examineDatabase(url);
  if (problems.length > 0) throw new Error(problems.join("; "));
  const database = new Database({ url, authToken: "", timeoutMs: 0, pragmas: ["busy_timeout = 5000"] });
  try {
    const { rows } = await database.execute({
      sql: "SELECT (SELECT seq FROM positions WHERE journal_id = ?) AS seq, (SELECT max(version) FROM migrations) AS version",
      args: [journal_id],
    });
    const row = rows[0];
    const [seq, version] = [row?.seq, row?.version];
    if (Number(seq ?? 0) === snapshot_seq && version === schema_version) return;
    throw new Error(
      `${path} is at seq ${seq} and schema version ${version}, its manifest says ${snapshot_seq} and ${schema_version}`,
    );
  } finally {
    database.close();
  }
}

/** Writes its mark as well. @returns how many events it has */
async function checkJournal(
  directory: string,
  { journal_id, snapshot_seq }: Manifest,
  seq: number,
): Promise<number> {
  const journal = new SegmentedJournal({ directory, bytesMax: Number.MAX_SAFE_INTEGER });
  try {
    const { id, lastSeq, firstSeq } = await journal.open();
    const joins = lastSeq === 0 ? snapshot_seq === 0 : firstSeq === snapshot_seq + 1;
    if (id !== journal_id || lastSeq !== seq || !joins)
      throw new Error(
        `the journal ${id} has seq ${firstSeq} to ${lastSeq}, and not those of ${journal_id} behind ${snapshot_seq} up to ${seq}`,
      );
    let events = 0;
    for await (const record of journal.read(snapshot_seq)) {
      const entry = decodeRecord(record);
      if (!isChange(entry)) events += entry.length;
    }
    return events;
  } finally {
    await journal.close();
  }
}
