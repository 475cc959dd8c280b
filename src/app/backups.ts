/** Connects backups with the parts of a running Mars that they copy. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Backups, type BackupsOptions } from "../backup/backups.ts";
import { keysName } from "../backup/manifest.ts";
import { BackupSchedule } from "../backup/schedule.ts";
import { createFileTarget } from "../backup/targets/file-target.ts";
import { createS3Target } from "../backup/targets/s3-target.ts";
import type { BackupTarget } from "../backup/targets/target.ts";
import type { Config } from "../config/config.ts";
import type { Author } from "../core/audit.ts";
import type { MarsError } from "../core/error.ts";
import type { Log } from "../core/ports.ts";
import type { DatabaseAddress } from "../db/database-address.ts";
import type { Stats } from "../runtime/stats.ts";
import { startBackupThread } from "../threads.ts";

export interface CreateBackupsOptions extends Pick<BackupsOptions, "journal" | "acknowledged" | "version"> {
  readonly config: Config;
  readonly log: Log;
  readonly database: DatabaseAddress;
  readonly store: { recordBackup(by: Author, seq: number): Promise<void> };
}

/** Backups on demand, and those that Mars makes by itself where the settings say so. */
export interface AllBackups {
  begin: Backups["begin"];
  readonly stats: Stats["backup"];
  /** For those who look after Mars; empty while there is none. */
  warnings(): string[];
  /** Begins with those that Mars makes by itself. */
  start(): void;
  /** Ends the backup that runs, and refuses others. */
  close(reason: MarsError): void;
  /** To be called behind `close`. */
  stop(): Promise<void>;
}

export function createBackups({ config, database, store, ...options }: CreateBackupsOptions): AllBackups {
  const backups = new Backups({
    ...options,
    ...(database.url.startsWith("file:") && { start: () => startBackupThread(database) }),
    readKeys: () => readIfThere(join(config.dataDir, keysName)),
    audit: (by, seq) => store.recordBackup(by, seq),
  });
  const { backupUrl, backupEveryMs, backupKeep } = config;
  const schedule =
    backupUrl === ""
      ? undefined
      : new BackupSchedule({
          target: targetOf(config),
          url: backupUrl,
          everyMs: backupEveryMs,
          keep: backupKeep,
          begin: () => backups.begin(),
          log: options.log,
        });
  return {
    begin: (by) => backups.begin(by),
    get stats() {
      return { ...backups.stats, schedule: schedule?.stats ?? null };
    },
    warnings: () => schedule?.warnings() ?? [],
    start: () => schedule?.start(),
    close: (reason) => backups.close(reason),
    stop: async () => schedule?.stop(),
  };
}

function targetOf(config: Config): BackupTarget {
  const { backupUrl: url } = config;
  if (url.startsWith("file:")) return createFileTarget(url.slice("file:".length));
  return createS3Target({
    url,
    endpoint: config.backupS3Endpoint,
    region: config.backupS3Region,
    keyId: config.backupS3KeyId,
    secret: config.backupS3Secret,
    token: config.backupS3Token,
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
