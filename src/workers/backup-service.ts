/**
 * One backup: reads the database as it is when `open` is called, and makes the bytes of the file, a few megabytes a call. Runs in
 * `backup-worker.ts`, one backup in each thread.
 */

import { ArchiveWriter } from "../backup/archive-writer.ts";
import { frameBytesMax } from "../backup/frames.ts";
import { databaseName, type Manifest } from "../backup/manifest.ts";
import type { DatabaseAddress } from "../db/database-address.ts";
import { Snapshot, type SnapshotState } from "../db/snapshot.ts";
import { collectGarbage } from "../runtime/garbage.ts";

export type BackupService = ReturnType<typeof createBackupService>;

export function createBackupService(address: DatabaseAddress) {
  let snapshot: Snapshot | undefined;
  let writer: ArchiveWriter | undefined;
  let pagesRead = 0;
  const opened = () => {
    if (snapshot === undefined || writer === undefined) throw new Error("the backup was not opened");
    return { snapshot, writer };
  };
  return {
    /** To be called first. @param seconds when the backup is begun, since 1970 */
    async open(journalId: string, seconds: number): Promise<SnapshotState> {
      snapshot = await Snapshot.open(address, journalId);
      writer = new ArchiveWriter(seconds);
      return snapshot.state;
    },
    /** The next pages. @returns bytes of the file; `undefined` behind the last ones */
    async database(): Promise<Uint8Array | undefined> {
      const { snapshot, writer } = opened();
      const { pages, pageBytes } = snapshot.state;
      if (pagesRead === pages) return undefined;
      const head =
        pagesRead === 0 ? writer.begin({ name: databaseName, bytes: pages * pageBytes }) : undefined;
      const count = Math.min(pages - pagesRead, frameBytesMax / pageBytes);
      const bytes = writer.write(await snapshot.read(pagesRead + 1, count));
      pagesRead += count;
      return head === undefined ? bytes : Buffer.concat([head, bytes]);
    },
    /** Ends the transaction: from now on the write-ahead log can be emptied. */
    closeDatabase(): void {
      snapshot?.close();
      collectGarbage();
    },
    file(name: string, bytes: Uint8Array): Uint8Array {
      return opened().writer.file(name, Buffer.from(bytes));
    },
    end(manifest: Omit<Manifest, "parts">): Uint8Array {
      return opened().writer.end(manifest);
    },
    close(): void {
      snapshot?.close();
      collectGarbage();
    },
  };
}
