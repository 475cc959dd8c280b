/** Writes a backup to a file that has its name only once all of it is there and on disk. */
import { open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { syncDirectory, writeAll } from "../directory/whole-files.ts";
import { SealCheck } from "./frames.ts";

/** Behind the name of a file that is not complete. */
export const partSuffix = ".part";

/**
 * Replaces a file of that name. Leaves nothing of its own where it fails.
 *
 * @returns its bytes
 * @throws what reading throws; `DamagedBackup` where the pieces end before the backup does
 */
export async function writeBackupFile(path: string, pieces: AsyncIterable<Uint8Array>): Promise<number> {
  const part = path + partSuffix;
  await rm(part, { force: true });
  const file = await open(part, "wx", 0o600);
  try {
    const seal = new SealCheck();
    let at = 0;
    for await (const piece of pieces) {
      seal.add(piece);
      await writeAll(file, Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength), at);
      at += piece.byteLength;
    }
    seal.end();
    await file.sync();
    await file.close();
    await rename(part, path);
    await syncDirectory(dirname(path));
    return at;
  } catch (error) {
    // It may be closed already, which is as good.
    await file.close().catch(() => undefined);
    await rm(part, { force: true });
    throw error;
  }
}
