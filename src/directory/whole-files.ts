/** The journal's file operations: whole writes, whole reads, names that are on disk. */
import { constants } from "node:fs";
import { type FileHandle, open, rename, stat } from "node:fs/promises";

/**
 * Flags of a file whose writes are on disk when they return. Throws where the platform has none, for then a success
 * answer would mean nothing.
 */
export function durableFlags(): number {
  // Undefined on platforms without it, and `|` would make a zero of that.
  const { O_DSYNC, O_NOFOLLOW } = constants as Partial<typeof constants>;
  if (!O_DSYNC) throw new Error("this platform has no O_DSYNC: Mars cannot make events durable on it");
  return constants.O_RDWR | O_DSYNC | (O_NOFOLLOW ?? 0);
}

/** Throws when the disk is full; some bytes may be written then. */
export async function writeAll(file: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let written = 0; written < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, written, bytes.length - written, position + written);
    if (bytesWritten === 0) throw new Error("the disk takes no more");
    written += bytesWritten;
  }
}

/** Up to `length` bytes at `position`; fewer at the file's end. */
export async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(length);
  let read = 0;
  while (read < length) {
    const { bytesRead } = await file.read(bytes, read, length - read, position + read);
    if (bytesRead === 0) break;
    read += bytesRead;
  }
  return bytes.subarray(0, read);
}

/** A file's name is on disk when its directory is. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, constants.O_RDONLY);
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** Put behind the name of what is set aside. */
export const damagedSuffix = ".damaged";

/** Renames a damaged file and keeps those that have been set aside under its name before. Rejects where there is no such file. */
export async function putAside(path: string): Promise<void> {
  for (let number = 1; ; number++) {
    const aside = `${path}${number === 1 ? "" : `.${number}`}${damagedSuffix}`;
    if (await isFree(aside)) return rename(path, aside);
  }
}

async function isFree(path: string): Promise<boolean> {
  try {
    await stat(path);
    return false;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return true;
    throw error;
  }
}

/** Whether `path` is the name of the open file, and the file has not become shorter than `bytes`. */
export async function isStillThere(file: FileHandle, path: string, bytes = 0): Promise<boolean> {
  try {
    const [there, held] = await Promise.all([stat(path), file.stat()]);
    return there.ino === held.ino && there.dev === held.dev && held.size >= bytes;
  } catch (error) {
    // Nothing has that name any more. Any other failure says nothing about the file.
    const { code } = error as NodeJS.ErrnoException;
    return code !== "ENOENT" && code !== "ENOTDIR";
  }
}
