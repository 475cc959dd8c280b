/** `mars doctor`: what is wrong with the files of a Mars that does not run. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Config } from "../config/config.ts";
import { pathOf } from "../db/database-address.ts";
import { examineDatabase } from "../db/integrity/examine.ts";
import { DirectoryLock } from "../directory/directory-lock.ts";
import { kindOf } from "../journal/journal-format.ts";
import { SegmentedJournal } from "../journal/segmented-journal.ts";

/**
 * Reads the whole journal and, where it is embedded, the whole database. Nothing of them is changed, and none is made
 * but the file of the lock.
 *
 * @returns a sentence for each thing that is wrong
 * @throws where a Mars runs on the data directory, it cannot be read, or neither journal nor database is there: a wrong path
 *   must not pass for a sound Mars
 */
export async function examine({ dataDir, databaseUrl, journalBytesMax }: Config): Promise<string[]> {
  const journal = join(dataDir, "journal");
  const database = databaseUrl.startsWith("file:") ? databaseUrl : undefined;
  if (!existsSync(journal) && (database === undefined || !existsSync(pathOf(database))))
    throw new Error(`${dataDir} holds no data of Mars`);
  const lock = new DirectoryLock();
  await lock.take(dataDir);
  try {
    const problems = existsSync(journal) ? await examineJournal(journal, journalBytesMax) : [];
    if (database !== undefined) problems.push(...(await attempt(() => examineDatabase(database))));
    return problems;
  } finally {
    lock.release();
  }
}

async function examineJournal(directory: string, bytesMax: number): Promise<string[]> {
  const journal = new SegmentedJournal({
    ...{ directory, bytesMax },
    look: (seq, beginning) => kindOf(beginning, seq),
  });
  try {
    return await attempt(async () => {
      const { firstSeq, damaged } = await journal.open();
      for await (const _ of journal.read(firstSeq - 1, readBytes));
      return damaged === 0 ? [] : [`${directory}: ${damaged} damaged files were put aside there`];
    });
  } finally {
    await journal.close();
  }
}

const readBytes = 8 * 1024 * 1024;

/** A file that cannot be read is a problem, too. */
async function attempt(look: () => Promise<string[]>): Promise<string[]> {
  try {
    return await look();
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)];
  }
}
