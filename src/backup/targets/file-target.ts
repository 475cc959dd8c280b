/** Backups in a directory. */
import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { partSuffix, writeBackupFile } from "../backup-file.ts";
import { type BackupTarget, isBackupName } from "./target.ts";

/** @param directory made, for its owner alone, if it is not there */
export function createFileTarget(directory: string): BackupTarget {
  const names = async (is: (name: string) => boolean) => {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    return (await readdir(directory)).filter(is).sort();
  };
  return {
    list: () => names(isBackupName),
    write: async (name, pieces) => writeBackupFile(join(directory, name), pieces),
    delete: (name) => rm(join(directory, name), { force: true }),
    async clean() {
      const isPart = (name: string) =>
        name.endsWith(partSuffix) && isBackupName(name.slice(0, -partSuffix.length));
      for (const name of await names(isPart)) await rm(join(directory, name), { force: true });
    },
  };
}
