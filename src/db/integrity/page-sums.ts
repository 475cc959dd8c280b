/**
 * A checksum of each page of a database file, in a log beside it, the newest last.
 *
 *     record   kind u32, count u32, crc32 u32, then `count` numbers (u32)
 *
 * Numbers are little-endian. The log is never synced while Mars runs: after a loss of power the sums are rebuilt
 * (`PageCheck`). It is written again, short, when most of it is out of date.
 */
import { closeSync, fsyncSync, ftruncateSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { crc32 } from "node:zlib";

/** A page and its checksum, one after the other, of many pages. */
const kindSums = 1;
/** Pages without a valid sum: they are about to be written. */
const kindChanged = 2;
/** The writer's own note, the last of which counts. */
const kindNote = 3;

const headBytes = 12;
/** The log is written again when it is this many times as long as it need be, and longer than `rewriteBytesMin`. */
const rewriteFactor = 4;
const rewriteBytesMin = 1024 * 1024;
/** Numbers in one record at most; a longer list is cut. */
const recordNumbersMax = 65_536;

export class PageSums {
  readonly #path: string;
  #file: number;
  #bytes: number;
  /** By page, from 1 on; 0 for a page whose sum is not known. */
  #sums: Uint32Array;
  #last = 0;
  /** The writer's last note; empty in a new log. */
  #note: readonly number[] = [];

  private constructor(path: string, file: number, bytes: number) {
    this.#path = path;
    this.#file = file;
    this.#bytes = bytes;
    this.#sums = new Uint32Array(1024);
  }

  /** Reads the log, or begins one. Throws for a log that is damaged. */
  static open(path: string): PageSums {
    let log: Buffer;
    try {
      log = readFileSync(path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      log = Buffer.alloc(0);
    }
    const sums = new PageSums(path, openSync(path, "a", 0o600), log.length);
    try {
      sums.#replay(log);
    } catch (error) {
      closeSync(sums.#file);
      throw error;
    }
    return sums;
  }

  /** Begins an empty log in the place of any other. */
  static create(path: string): PageSums {
    return new PageSums(path, openSync(path, "w", 0o600), 0);
  }

  get note(): readonly number[] {
    return this.#note;
  }

  /** The last page that has a sum. */
  get lastPage(): number {
    return this.#last;
  }

  /** The checksum of a page; 0 where it is not known. */
  sumOf(page: number): number {
    return this.#sums[page] ?? 0;
  }

  /** The sum of a page's bytes; never 0. */
  static sumOfBytes(bytes: Uint8Array): number {
    return crc32(bytes) || 1;
  }

  /** @param pairs pages and sums, one after the other */
  add(pairs: readonly number[]): void {
    this.#write(kindSums, pairs);
    this.#takeSums(pairs);
    if (this.#bytes > Math.max(rewriteBytesMin, rewriteFactor * 8 * this.#last)) this.#rewrite();
  }

  forget(pages: readonly number[]): void {
    this.#write(kindChanged, pages);
    for (const page of pages) this.#put(page, 0);
  }

  putNote(note: readonly number[]): void {
    this.#write(kindNote, note);
    this.#note = note;
  }

  sync(): void {
    fsyncSync(this.#file);
  }

  /** Empties the file, so that no later start uses old sums. Those in memory stay. */
  drop(): void {
    ftruncateSync(this.#file);
    this.#bytes = 0;
  }

  close(): void {
    closeSync(this.#file);
  }

  #replay(log: Buffer): void {
    for (let at = 0; at < log.length; ) {
      if (log.length - at < headBytes) throw new Error(`${this.#path} is damaged at byte ${at}`);
      const kind = log.readUInt32LE(at);
      const count = log.readUInt32LE(at + 4);
      const end = at + headBytes + count * 4;
      if (end > log.length || checksum(log, at, end) !== log.readUInt32LE(at + 8)) {
        throw new Error(`${this.#path} is damaged at byte ${at}`);
      }
      const numbers = Array.from({ length: count }, (_, index) =>
        log.readUInt32LE(at + headBytes + index * 4),
      );
      if (kind === kindSums) this.#takeSums(numbers);
      else if (kind === kindChanged) for (const page of numbers) this.#put(page, 0);
      else if (kind === kindNote) this.#note = numbers;
      else throw new Error(`${this.#path} has a record of kind ${kind}, which this Mars does not know`);
      at = end;
    }
  }

  #takeSums(pairs: readonly number[]): void {
    for (let i = 0; i + 1 < pairs.length; i += 2) this.#put(pairs[i]!, pairs[i + 1]!);
  }

  #put(page: number, sum: number): void {
    if (page >= this.#sums.length) {
      const grown = new Uint32Array(Math.max(page + 1, this.#sums.length * 2));
      grown.set(this.#sums);
      this.#sums = grown;
    }
    this.#sums[page] = sum;
    if (page > this.#last && sum !== 0) this.#last = page;
  }

  #write(kind: number, numbers: readonly number[]): void {
    for (let from = 0; from === 0 || from < numbers.length; from += recordNumbersMax) {
      this.#append(this.#file, record(kind, numbers.slice(from, from + recordNumbersMax)));
    }
  }

  #append(file: number, bytes: Buffer): void {
    for (let written = 0; written < bytes.length; ) {
      written += writeSync(file, bytes, written, bytes.length - written);
    }
    this.#bytes += bytes.length;
  }

  /** It is renamed over the old log when it is complete: a crash leaves one of the two. */
  #rewrite(): void {
    const path = `${this.#path}.new`;
    const file = openSync(path, "w", 0o600);
    this.#bytes = 0;
    try {
      const pairs: number[] = [];
      for (let page = 1; page <= this.#last; page++) {
        const sum = this.#sums[page]!;
        if (sum !== 0) pairs.push(page, sum);
        if (pairs.length >= recordNumbersMax || page === this.#last) {
          this.#append(file, record(kindSums, pairs.splice(0)));
        }
      }
      this.#append(file, record(kindNote, this.#note));
      renameSync(path, this.#path);
    } catch (error) {
      closeSync(file);
      throw error;
    }
    closeSync(this.#file);
    this.#file = file;
  }
}

function record(kind: number, numbers: readonly number[]): Buffer {
  const bytes = Buffer.allocUnsafe(headBytes + numbers.length * 4);
  bytes.writeUInt32LE(kind, 0);
  bytes.writeUInt32LE(numbers.length, 4);
  for (const [index, number] of numbers.entries()) bytes.writeUInt32LE(number, headBytes + index * 4);
  bytes.writeUInt32LE(checksum(bytes, 0, bytes.length), 8);
  return bytes;
}

/** Over the record but for the checksum itself. */
function checksum(bytes: Buffer, at: number, end: number): number {
  return crc32(bytes.subarray(at + headBytes, end), crc32(bytes.subarray(at, at + 8)));
}
