/**
 * Permissions of the data directory and its files: other users of the machine must not read reported events, nor the secrets
 * of webhooks.
 */
import { constants } from "node:fs";
import { chmod, lstat, mkdir, open, stat } from "node:fs/promises";
import { dirname } from "node:path";
import type { Log } from "../core/ports.ts";
import { pathOf } from "../db/database-address.ts";
import { refuseUnfinished } from "./unfinished-restore.ts";
import { syncDirectory } from "./whole-files.ts";

/** Makes the directories, and makes the database's file readable by its owner alone: those beside it follow it. */
export async function prepareFiles(
  { dataDir, databaseUrl }: { readonly dataDir: string; readonly databaseUrl: string },
  log: Pick<Log, "warn">,
): Promise<void> {
  const database = databaseUrl.startsWith("file:") ? pathOf(databaseUrl) : undefined;
  await prepareDirectory(dataDir, log);
  await refuseUnfinished(dataDir);
  if (database === undefined) return;
  if (dirname(database) !== dataDir) await prepareDirectory(dirname(database), log);
  for (const suffix of ["", "-wal", "-shm"]) await makePrivate(`${database}${suffix}`, suffix === "");
}

/**
 * Makes a file readable by its owner alone. A file of another owner stays as it is.
 *
 * @param make whether to make it, empty, if it is not there
 */
export async function makePrivate(path: string, make: boolean): Promise<void> {
  try {
    if (make) await (await open(path, constants.O_RDWR | constants.O_CREAT, 0o600)).close();
    if (((await stat(path)).mode & 0o077) !== 0) await chmod(path, 0o600);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // These are reported when the file is opened.
    if (!["ENOENT", "EPERM", "EACCES", "EROFS"].includes(code ?? "")) throw error;
  }
}

/** A lock that leads elsewhere would lock that, and write to it. */
export async function refuseLink(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (found?.isSymbolicLink()) throw new Error(`${path} is a symbolic link: remove it`);
}

async function prepareDirectory(path: string, log: Pick<Log, "warn">): Promise<void> {
  try {
    const made = await mkdir(path, { recursive: true, mode: 0o700 });
    // A directory's name is on disk when its parent is.
    if (made !== undefined) await syncDirectory(dirname(path));
  } catch (cause) {
    throw new Error(`the directory ${path} cannot be made: ${(cause as Error).message}`, { cause });
  }
  if (((await stat(path)).mode & 0o007) !== 0) {
    log.warn("directory can be entered by every user of this machine", {
      event: "directory_open",
      directory: path,
    });
  }
}
