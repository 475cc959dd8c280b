/**
 * Reads SQLite's index of a write-ahead log: which pages wait to be copied into the database file, and how far copying has come.
 * It is the file `<database>-shm`, which every connection maps.
 *
 * Layout and field names: https://www.sqlite.org/walformat.html#the_wal_index_file_format. Numbers are in the machine's
 * own order.
 */
import { closeSync, openSync, readSync, statSync } from "node:fs";

/** A state of the index; it changes with the next write or checkpoint. */
export interface WalIndex {
  /** The log's first salt: random at first, one more at each restart of the log. */
  readonly salt: number;
  /** Frames in the log. Each holds one page. */
  readonly frames: number;
  /** Of these, the first so many are in the database file. */
  readonly backfilled: number;
  /** The page of each frame, in their order. */
  readonly pages: Uint32Array;
}

const blockBytes = 32 * 1024;
/** Two copies of the header and what checkpoints keep of themselves; page numbers follow. */
const headerBytes = 136;
const headerPages = (blockBytes / 2 - headerBytes) / 4;
/** A block is page numbers and, behind them, a hash table of the same size. */
const blockPages = blockBytes / 2 / 4;

const [framesAt, saltAt, backfilledAt] = [16, 32, 96];
/** The number that the header begins with in every version so far. */
const version = 3_007_000;

/**
 * The index of one database. Its file stays open as long as it is the one at its path. Closing any handle of a file releases all
 * locks that the process has on it, SQLite's own included, and the next program to open the database would then truncate the
 * file while it is in use. https://www.sqlite.org/howtocorrupt.html section 2.2
 */
export class WalIndexFile {
  readonly #path: string;
  #file: { readonly handle: number; readonly inode: bigint } | undefined;

  constructor(database: string) {
    this.#path = `${database}-shm`;
  }

  /** @returns `undefined` where there is no log, or none that has begun */
  read(): WalIndex | undefined {
    const file = this.#current();
    if (file === undefined) return undefined;
    const header = Buffer.from(new ArrayBuffer(headerBytes));
    if (readSync(file, header, 0, headerBytes, 0) < headerBytes) return undefined;
    const number = (at: number) => new Uint32Array(header.buffer, header.byteOffset + at, 1)[0]!;
    if (number(0) === 0) return undefined;
    if (number(0) !== version) throw new Error(`${this.#path} has version ${number(0)}, not ${version}`);
    const frames = number(framesAt);
    return {
      // A copy of the log's own bytes, which have their first byte first.
      salt: header.readUInt32BE(saltAt),
      frames,
      backfilled: Math.min(number(backfilledAt), frames),
      pages: readPages(file, frames),
    };
  }

  /** To be called when no connection of this process uses the database any more. */
  close(): void {
    if (this.#file !== undefined) closeSync(this.#file.handle);
    this.#file = undefined;
  }

  #current(): number | undefined {
    const inode = statSync(this.#path, { bigint: true, throwIfNoEntry: false })?.ino;
    // SQLite deletes the file with its last connection; a deleted file has no locks.
    if (inode !== this.#file?.inode) this.close();
    if (inode === undefined) return undefined;
    this.#file ??= { handle: openSync(this.#path, "r"), inode };
    return this.#file.handle;
  }
}

function readPages(file: number, frames: number): Uint32Array {
  const pages = new Uint32Array(frames);
  const bytes = new Uint8Array(pages.buffer);
  for (let done = 0, block = 0; done < frames; block++) {
    const start = block * blockBytes + (block === 0 ? headerBytes : 0);
    const count = Math.min(frames - done, block === 0 ? headerPages : blockPages);
    if (readSync(file, bytes, done * 4, count * 4, start) < count * 4) {
      throw new Error(`the index of the write-ahead log ends before frame ${frames}`);
    }
    done += count;
  }
  return pages;
}
