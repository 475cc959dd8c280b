/**
 * What SQLite's index of a write-ahead log says of it: which pages wait to be copied into the database file, and how far
 * the copying has come. It is the file `<database>-shm`, which every connection maps.
 *
 * Layout and field names: https://www.sqlite.org/walformat.html#the_wal_index_file_format. Numbers are in the machine's
 * own order.
 */
import { closeSync, openSync, readSync } from "node:fs";

/** A state of the index; it changes with the next write or checkpoint. */
export interface WalIndex {
  /** The log's first salt: random at first, one more each time the log begins anew. */
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

/** @returns `undefined` where there is no log, or none that has begun */
export function readWalIndex(database: string): WalIndex | undefined {
  let file: number;
  try {
    file = openSync(`${database}-shm`, "r");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  try {
    const header = Buffer.from(new ArrayBuffer(headerBytes));
    if (readSync(file, header, 0, headerBytes, 0) < headerBytes) return undefined;
    const number = (at: number) => new Uint32Array(header.buffer, header.byteOffset + at, 1)[0]!;
    if (number(0) === 0) return undefined;
    if (number(0) !== version) throw new Error(`${database}-shm has version ${number(0)}, not ${version}`);
    const frames = number(framesAt);
    return {
      // A copy of the log's own bytes, which have their first byte first.
      salt: header.readUInt32BE(saltAt),
      frames,
      backfilled: Math.min(number(backfilledAt), frames),
      pages: readPages(file, frames),
    };
  } finally {
    closeSync(file);
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
