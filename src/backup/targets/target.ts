/** A place where scheduled backups are kept. */
export interface BackupTarget {
  /** Names of the complete backups there, the oldest first. */
  list(): Promise<string[]>;
  /** Rejects, and leaves no backup of that name, where the pieces cannot be read to their end or written. @returns bytes */
  write(name: string, pieces: AsyncIterable<Uint8Array>): Promise<number>;
  delete(name: string): Promise<void>;
  /** Removes what backups that were cut off have left. */
  clean(): Promise<void>;
}

/** So names sort by time. Other files of the place are left alone. */
const named = /^mars-(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z\.tar\.zst$/;

export function backupName(time: Date): string {
  return `mars-${time.toISOString().replace(/[-:]|\.\d+/g, "")}.tar.zst`;
}

export function isBackupName(name: string): boolean {
  return named.test(name);
}

/** When the backup of that name was begun, in milliseconds since 1970. */
export function timeOfName(name: string): number {
  return Date.parse(name.replace(named, "$1-$2-$3T$4:$5:$6Z"));
}
