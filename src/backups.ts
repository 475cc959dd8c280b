/** Connects backups with the parts of a running Mars that they copy. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Backups, type BackupsOptions } from "./backup/backups.ts";
import { keysName } from "./backup/manifest.ts";
import type { Config } from "./config/config.ts";
import type { Author } from "./core/audit.ts";
import type { DatabaseAddress } from "./db/database.ts";
import { startBackupThread } from "./threads.ts";

export interface OpenBackupsOptions
  extends Pick<BackupsOptions, "journal" | "acknowledged" | "version" | "log"> {
  readonly config: Pick<Config, "dataDir">;
  readonly database: DatabaseAddress;
  readonly store: { recordBackup(by: Author, seq: number): Promise<void> };
}

export function createBackups({ config, database, store, ...options }: OpenBackupsOptions): Backups {
  return new Backups({
    ...options,
    ...(database.url.startsWith("file:") && { start: () => startBackupThread(database) }),
    readKeys: () => readIfThere(join(config.dataDir, keysName)),
    audit: (by, seq) => store.recordBackup(by, seq),
  });
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
