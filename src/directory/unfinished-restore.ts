/** A file that says that a restore into a data directory was begun and has not ended: what is there may be a part of the data. */
import { constants } from "node:fs";
import { access, open, unlink } from "node:fs/promises";
import { join } from "node:path";
import { syncDirectory } from "./whole-files.ts";

export const unfinishedRestoreName = "restore-unfinished";

/** On disk when this resolves. */
export async function beginRestore(directory: string): Promise<void> {
  await (await open(join(directory, unfinishedRestoreName), "wx", 0o600)).close();
  await syncDirectory(directory);
}

/** To be called when all that was restored is on disk. */
export async function finishRestore(directory: string): Promise<void> {
  await unlink(join(directory, unfinishedRestoreName));
  await syncDirectory(directory);
}

/** Throws where a restore has not ended. */
export async function refuseUnfinished(directory: string): Promise<void> {
  try {
    await access(join(directory, unfinishedRestoreName), constants.F_OK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw error;
  }
  throw new Error(`a restore into ${directory} was not finished: empty the directory and restore again`);
}
