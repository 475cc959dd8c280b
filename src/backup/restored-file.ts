/** Writes files of a restore, each readable by its owner alone and on disk when it is complete. */
import { type FileHandle, open } from "node:fs/promises";
import { writeAll } from "../directory/whole-files.ts";
import type { EntryTarget } from "./archive-reader.ts";

/** Replaces what is there. */
export async function writeDurably(path: string, bytes: Buffer): Promise<void> {
  const file = await open(path, "w", 0o600);
  try {
    await writeAll(file, bytes, 0);
    await file.datasync();
  } finally {
    await file.close();
  }
}

/** A new file, which gets its bytes piece by piece. */
export class RestoredFile implements EntryTarget {
  readonly #file: FileHandle;
  #at = 0;

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  static async create(path: string): Promise<RestoredFile> {
    return new RestoredFile(await open(path, "wx", 0o600));
  }

  async write(bytes: Buffer): Promise<void> {
    await writeAll(this.#file, bytes, this.#at);
    this.#at += bytes.length;
  }

  async end(): Promise<void> {
    await this.#file.datasync();
    await this.close();
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}
