/**
 * One file of the journal. It is opened with `O_DSYNC`: a write returns when its bytes, and all that is needed to find
 * them again, are on disk. That is the moment behind every success answer.
 */
import { constants } from "node:fs";
import { type FileHandle, open, rename, unlink } from "node:fs/promises";
import { durableFlags, isStillThere, readAt, writeAll } from "../directory/whole-files.ts";
import {
  bodyOf,
  decodeHeader,
  encodeHeader,
  encodeRecord,
  headAt,
  headerBytes,
  isWhole,
  type JournalRecord,
  recordHeadBytes,
  type SegmentHeader,
} from "./journal-record.ts";
import { type LookAtRecord, type SegmentScan, scanSegment } from "./journal-scan.ts";

/**
 * A record of more than this fraction of a granule is written into room without zeros: to write them ahead takes half of the
 * time of making a file longer, and as many bytes.
 */
const fillShare = 1 / 8;

/** Of a file that is not named yet. */
export const unfinishedSuffix = ".new";

/** Some records, and where the next one begins. */
export interface SegmentRead {
  readonly records: JournalRecord[];
  readonly next: number;
}

interface SegmentFile {
  readonly path: string;
  readonly header: SegmentHeader;
  /** Bytes that it is expected to hold: it is made so long when a large record needs room. */
  readonly bytesMax: number;
  /** Of the file. */
  readonly length: number;
}

export class JournalSegment {
  readonly path: string;
  readonly header: SegmentHeader;
  readonly #file: FileHandle;
  /** See `SegmentFile.bytesMax`. */
  readonly #bytesMax: number;
  /** Where the next record goes: behind the last whole one. */
  #end = headerBytes;
  /** Zeros have been written up to here, or records. */
  #filled: number;
  /** The length of the file. */
  #length: number;
  #lastSeq: number;
  /** Where the last record begins that was written to it; 0 before there is one. */
  #lastAt = 0;
  #events = 0;
  /** Bytes behind the end, left by a write that did not succeed. */
  #rest = 0;

  private constructor(file: FileHandle, { path, header, length, bytesMax }: SegmentFile) {
    this.path = path;
    this.#file = file;
    this.header = header;
    this.#bytesMax = bytesMax;
    this.#filled = length;
    this.#length = length;
    this.#lastSeq = header.after;
  }

  /**
   * Makes a new segment; it is on disk, and so is its name, when this resolves. Nothing is left of it on failure, or an
   * empty one if the file system refuses even that.
   *
   * @param directory the open directory of `path`
   */
  static async create(
    { path, header, bytesMax }: Omit<SegmentFile, "length">,
    directory: FileHandle,
  ): Promise<JournalSegment> {
    const unfinished = `${path}${unfinishedSuffix}`;
    const file = await open(unfinished, durableFlags() | constants.O_CREAT | constants.O_TRUNC, 0o600);
    try {
      await file.truncate(header.granule);
      await writeAll(file, encodeHeader(header), 0);
      // It has its name only once it is whole. So a file of that name without a header is damaged.
      await rename(unfinished, path);
      await directory.sync();
    } catch (error) {
      await file.close();
      for (const name of [unfinished, path]) await unlink(name).catch(() => undefined);
      throw error;
    }
    const segment = new JournalSegment(file, { path, header, bytesMax, length: header.granule });
    segment.#filled = headerBytes;
    return segment;
  }

  /** Opens a segment of an earlier run; `undefined` where it has no header. */
  static async open(path: string, bytesMax: number): Promise<JournalSegment | undefined> {
    const file = await open(path, durableFlags());
    try {
      const header = decodeHeader(await readAt(file, 0, headerBytes));
      if (header !== undefined) {
        const { size } = await file.stat();
        return new JournalSegment(file, { path, header, bytesMax, length: size });
      }
    } catch (error) {
      await file.close();
      throw error;
    }
    await file.close();
    return undefined;
  }

  /** The last seq that was assigned by its end; the one before it while it is empty. */
  get lastSeq(): number {
    return this.#lastSeq;
  }

  /** The byte behind its last record. */
  get end(): number {
    return this.#end;
  }

  /** Bytes of its records. */
  get bytes(): number {
    return this.#end - headerBytes;
  }

  get events(): number {
    return this.#events;
  }

  /** A write has left something behind the last record, and nothing may be written over it without need. */
  get unclean(): boolean {
    return this.#rest > 0;
  }

  /**
   * Finds the end of a segment of an earlier run: behind its last whole record.
   *
   * @param next where the next segment begins
   */
  async findEnd(next: number | undefined, look?: LookAtRecord): Promise<SegmentScan> {
    const scan = scanSegment(await readAt(this.#file, 0, this.#length), this.header, next, look);
    this.#end = scan.end;
    this.#lastSeq = scan.lastSeq;
    this.#events = scan.events;
    this.#rest = scan.rest;
    return scan;
  }

  /** Counts the events of the records beyond `seq`. */
  async eventsBeyond(seq: number): Promise<number> {
    if (seq <= this.header.after) return this.#events;
    if (seq >= this.#lastSeq) return 0;
    const { salt } = this.header;
    const bytes = await readAt(this.#file, 0, this.#end);
    let events = 0;
    let at = headerBytes;
    for (let head = headAt(salt, bytes, at); head !== undefined; head = headAt(salt, bytes, at)) {
      events += Math.max(0, head.lastSeq - Math.max(head.firstSeq - 1, seq));
      at += head.bytes;
    }
    return events;
  }

  /**
   * Resolves to the bytes that were added when the record is on disk. Rejects when that is not certain; what was written
   * of it is then wiped, so that a refused record does not come back at the next start.
   */
  async append(record: JournalRecord): Promise<number> {
    if (this.#rest > 0) await this.#wipe();
    const bytes = encodeRecord(this.header.salt, record);
    const end = this.#end + bytes.length;
    if (end > this.#filled) await this.#makeRoom(end, bytes.length);
    try {
      await writeAll(this.#file, bytes, this.#end);
    } catch (error) {
      this.#rest = bytes.length;
      // The disk may refuse that as well: the next record tries again, or finds another segment.
      await this.#wipe().catch(() => undefined);
      throw error;
    }
    this.#filled = Math.max(this.#filled, end);
    this.#lastAt = this.#end;
    this.#end = end;
    this.#lastSeq = record.lastSeq;
    this.#events += record.lastSeq - record.firstSeq + 1;
    return bytes.length;
  }

  /** Writes zeros where the next record goes. Rejects where so much could not be written. */
  async probe(bytes: number): Promise<void> {
    if (this.#rest > 0) await this.#wipe();
    const end = this.#end + bytes;
    if (end > this.#filled) await this.#makeRoom(end, bytes);
    await writeAll(this.#file, Buffer.alloc(bytes), this.#end);
  }

  /**
   * Reads the records from the one at `offset` on (0: the first) that reach `fromSeq`: as many as fit in `bytesMax`, at
   * least one if there is one. Throws where a record is not what was written.
   */
  async read(offset: number, fromSeq: number, bytesMax: number): Promise<SegmentRead> {
    const { salt } = this.header;
    const end = this.#end;
    const records: JournalRecord[] = [];
    let at = Math.max(offset, headerBytes);
    for (let want = Math.max(bytesMax, recordHeadBytes); at < end && records.length === 0; ) {
      const bytes = await readAt(this.#file, at, Math.min(want, end - at));
      let taken = 0;
      let head = headAt(salt, bytes, taken);
      while (head !== undefined && head.bytes <= bytes.length - taken) {
        if (head.lastSeq >= fromSeq) {
          if (!isWhole(salt, bytes, taken, head)) throw this.#damaged(at + taken);
          const { firstSeq, lastSeq } = head;
          records.push({ firstSeq, lastSeq, body: bodyOf(bytes, taken, head) });
        }
        taken += head.bytes;
        head = headAt(salt, bytes, taken);
      }
      // A record that is longer than what was read of it is read again, whole.
      if (taken === 0 && (head === undefined || head.bytes > end - at)) throw this.#damaged(at);
      want = Math.max(bytesMax, head?.bytes ?? 0, recordHeadBytes);
      at += taken;
    }
    return { records, next: at };
  }

  /** Gives back the room behind the last record: a successor is on disk, and its header has where this one ends. */
  async finish(): Promise<void> {
    if (this.#rest > 0 || this.#length === this.#end) return;
    await this.#file.truncate(this.#end);
    this.#length = this.#end;
  }

  /** Whether the file is what its name stands for, as long as it was made, and holds the last record written to it. */
  async isThere(): Promise<boolean> {
    const [at, lastSeq] = [this.#lastAt, this.#lastSeq];
    if (!(await isStillThere(this.#file, this.path, this.#length))) return false;
    // The file may have been closed meanwhile: a failure is no proof about its contents.
    const head = at === 0 ? undefined : await readAt(this.#file, at, recordHeadBytes).catch(() => undefined);
    return head === undefined || headAt(this.header.salt, head, 0)?.lastSeq === lastSeq;
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  /** Rejects, and has changed nothing, when the file cannot be deleted. */
  async delete(): Promise<void> {
    await unlink(this.path);
    await this.#file.close();
  }

  /** Makes the file long enough, by whole granules, and on the disk, before anything is written there. */
  async #makeRoom(end: number, bytes: number): Promise<void> {
    const { granule } = this.header;
    const needed = Math.ceil(end / granule) * granule;
    if (bytes > granule * fillShare) {
      if (needed <= this.#length) return;
      // At once for all that follow, for it costs a sync of its own.
      await this.#setLength(Math.max(needed, Math.ceil(this.#bytesMax / granule) * granule));
      await this.#file.datasync();
      return;
    }
    if (needed > this.#length) await this.#setLength(needed);
    // Writing over zeros changes nothing about the file but its contents. It brings the length to the disk, too.
    const from = Math.max(this.#filled, this.#end);
    await writeAll(this.#file, Buffer.alloc(needed - from), from);
    this.#filled = needed;
  }

  async #setLength(length: number): Promise<void> {
    await this.#file.truncate(length);
    this.#length = length;
  }

  /** The end first: a crash meanwhile leaves what looks like a write that was cut off. */
  async #wipe(): Promise<void> {
    const bytes = Math.min(this.#rest, this.#length - this.#end);
    const head = Math.min(recordHeadBytes, bytes);
    if (bytes > head) await writeAll(this.#file, Buffer.alloc(bytes - head), this.#end + head);
    await writeAll(this.#file, Buffer.alloc(head), this.#end);
    this.#rest = 0;
  }

  #damaged(offset: number): Error {
    return new Error(`the journal is damaged: ${this.path}, at byte ${offset}`);
  }
}
