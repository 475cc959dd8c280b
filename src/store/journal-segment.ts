/**
 * One file of the journal. It is opened with `O_DSYNC`: a write returns when its bytes, and all that is needed to find
 * them again, are on disk. That is the moment behind every success answer.
 */
import { constants } from "node:fs";
import { type FileHandle, open, unlink } from "node:fs/promises";
import { dirname } from "node:path";
import type { JournalGroup } from "../event/ports.ts";
import {
  bodyOf,
  decodeHeader,
  encodeHeader,
  encodeRecord,
  headAt,
  headerBytes,
  isWhole,
  type SegmentHeader,
} from "./journal-record.ts";

/**
 * Zeros written ahead of small groups. Writing over them changes nothing about the file but its contents, and takes half
 * as long as making it longer, which the file system has to write down as well.
 */
const fillBytes = 256 * 1024;
/** A group of this size is not worth it. */
const fillForBytes = fillBytes / 8;

/** A stretch of groups, and where the next one begins. */
export interface SegmentRead {
  readonly groups: JournalGroup[];
  readonly next: number;
}

export class JournalSegment {
  readonly path: string;
  readonly header: SegmentHeader;
  readonly #file: FileHandle;
  /** Where the next record goes: behind the last whole one. */
  #end: number;
  /** The length of the file. */
  #filled: number;
  #lastSeq: number;

  private constructor(path: string, file: FileHandle, header: SegmentHeader, filled: number) {
    this.path = path;
    this.#file = file;
    this.header = header;
    this.#end = headerBytes;
    this.#filled = filled;
    this.#lastSeq = header.after;
  }

  /** Makes a new segment; it is on disk, and so is its name, when this resolves. Nothing is left of it on failure. */
  static async create(path: string, header: SegmentHeader): Promise<JournalSegment> {
    // What may be there was never finished: a whole segment would have been opened.
    const flags = constants.O_RDWR | constants.O_CREAT | constants.O_TRUNC | constants.O_DSYNC;
    const file = await open(path, flags, 0o600);
    try {
      await writeAll(file, encodeHeader(header), 0);
      await syncDirectory(dirname(path));
    } catch (error) {
      await file.close();
      await unlink(path).catch(() => undefined);
      throw error;
    }
    return new JournalSegment(path, file, header, headerBytes);
  }

  /** Opens a segment of an earlier run; `undefined` for one whose making was cut short. */
  static async open(path: string): Promise<JournalSegment | undefined> {
    const file = await open(path, constants.O_RDWR | constants.O_DSYNC);
    try {
      const header = decodeHeader(await readAt(file, 0, headerBytes));
      if (header !== undefined) {
        const { size } = await file.stat();
        return new JournalSegment(path, file, header, size);
      }
    } catch (error) {
      await file.close();
      throw error;
    }
    await file.close();
    return undefined;
  }

  /** The last seq that was given out by its end; the one before it while it is empty. */
  get lastSeq(): number {
    return this.#lastSeq;
  }

  /** Bytes of its records. */
  get bytes(): number {
    return this.#end - headerBytes;
  }

  /**
   * Finds the end of a segment of an earlier run: behind its last whole record. What a crash has left of the next one was
   * never acknowledged. Throws where whole records follow a broken one, for those were: the disk has damaged the file.
   *
   * @param upTo where the next segment begins: a record beyond it is one whose write had failed, though it is there
   */
  async findEnd(upTo = Number.POSITIVE_INFINITY): Promise<void> {
    const { salt } = this.header;
    const bytes = await readAt(this.#file, 0, this.#filled);
    let end = headerBytes;
    for (let head = headAt(salt, bytes, end); head !== undefined; head = headAt(salt, bytes, end)) {
      if (head.firstSeq > upTo || !isWhole(salt, bytes, end, head)) break;
      this.#lastSeq = head.lastSeq;
      end += head.bytes;
    }
    this.#end = end;
    if (this.#lastSeq === upTo) return;
    const mark = Buffer.alloc(4);
    mark.writeUInt32LE(salt);
    for (let at = bytes.indexOf(mark, end + 1); at >= 0; at = bytes.indexOf(mark, at + 1)) {
      const head = headAt(salt, bytes, at);
      if (head !== undefined && isWhole(salt, bytes, at, head)) throw this.#damaged(end);
    }
  }

  /**
   * Resolves to the bytes that were added when the group is on disk. Rejects when that is not certain; the next group is
   * then written over whatever is there.
   */
  async append(group: JournalGroup): Promise<number> {
    const record = encodeRecord(this.header.salt, group);
    const end = this.#end + record.length;
    if (end > this.#filled && record.length <= fillForBytes) {
      await writeAll(this.#file, Buffer.alloc(fillBytes), this.#filled);
      this.#filled += fillBytes;
    }
    await writeAll(this.#file, record, this.#end);
    this.#filled = Math.max(this.#filled, end);
    this.#end = end;
    this.#lastSeq = group.lastSeq;
    return record.length;
  }

  /**
   * Reads the groups from the record at `offset` on (0: the first) that reach `fromSeq`: as many as fit in `bytesMax`, at
   * least one if there is one. Throws where a record is not what was written.
   */
  async read(offset: number, fromSeq: number, bytesMax: number): Promise<SegmentRead> {
    const { salt } = this.header;
    const end = this.#end;
    const groups: JournalGroup[] = [];
    let at = Math.max(offset, headerBytes);
    for (let want = bytesMax; at < end && groups.length === 0; ) {
      const bytes = await readAt(this.#file, at, Math.min(want, end - at));
      let taken = 0;
      let head = headAt(salt, bytes, taken);
      while (head !== undefined && head.bytes <= bytes.length - taken) {
        if (head.lastSeq >= fromSeq) {
          if (!isWhole(salt, bytes, taken, head)) throw this.#damaged(at + taken);
          const { firstSeq, lastSeq } = head;
          groups.push({ firstSeq, lastSeq, body: bodyOf(bytes, taken, head) });
        }
        taken += head.bytes;
        head = headAt(salt, bytes, taken);
      }
      // A record that is longer than what was read of it is read again, whole.
      if (taken === 0 && (head === undefined || head.bytes > end - at)) throw this.#damaged(at);
      want = Math.max(bytesMax, head?.bytes ?? 0);
      at += taken;
    }
    return { groups, next: at };
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  async delete(): Promise<void> {
    await this.#file.close();
    await unlink(this.path);
  }

  #damaged(offset: number): Error {
    return new Error(`the journal is damaged: ${this.path}, at byte ${offset}`);
  }
}

async function writeAll(file: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let written = 0; written < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, written, bytes.length - written, position + written);
    if (bytesWritten === 0) throw new Error("the disk takes no more");
    written += bytesWritten;
  }
}

/** What the file has of `length` bytes at `position`. */
async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
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
async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, constants.O_RDONLY);
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
