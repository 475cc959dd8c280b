/**
 * The journal's records on disk: a directory of segments, written one after another and dropped as wholes.
 *
 * Its own files and not a database, since nothing is ever looked up or changed in it, and every success answer waits for
 * it: one write of the record's bytes stands between an event and its answer. Writing is asynchronous
 * and needs no thread of ours. One process at a time: `DirectoryLock` sees to that, and the mark where it cannot.
 */
import { constants } from "node:fs";
import { type FileHandle, mkdir, open, readdir, realpath } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { JournalState } from "../core/journal.ts";
import type { Log } from "../core/ports.ts";
import { damagedSuffix, durableFlags, isStillThere, syncDirectory } from "../directory/whole-files.ts";
import { thisProcess } from "../runtime/holder.ts";
import { JournalMark } from "./journal-mark.ts";
import { type JournalRecord, newSalt } from "./journal-record.ts";
import { openSegments, segmentName } from "./journal-recovery.ts";
import type { LookAtRecord } from "./journal-scan.ts";
import { JournalSegment } from "./journal-segment.ts";

/** Bytes of a segment before the next one begins. */
const segmentBytesMax = 16 * 1024 * 1024;
/** A smaller journal has smaller segments, so that dropping one makes room. */
const segmentsMin = 8;
/** Bytes read back at once. */
const readBytesDefault = 512 * 1024;
/** Bytes that a segment must have to be given up for a new one when all of it is stored. */
const rollBytesMin = 64 * 1024;
/** Files grow by so much; less where segments are small. */
const granuleMax = 256 * 1024;
const pageBytes = 4096;

export interface SegmentedJournalOptions {
  /** Made if it is not there. Its mark lies beside it, as `<directory>.mark`. */
  readonly directory: string;
  /** Bytes that the journal may hold; see `segmentsMin`. */
  readonly bytesMax: number;
  /** Whether to go on where the disk has lost or changed what was acknowledged. Default: not. */
  readonly acceptLoss?: boolean;
  /** Called at `open` with each record, in their order. What it throws, `open` rejects with; nothing has been changed then. */
  readonly look?: LookAtRecord;
  readonly log?: Pick<Log, "info" | "warn" | "error">;
}

const noLog = { info() {}, warn() {}, error() {} };

export class SegmentedJournal {
  #directory: string;
  readonly #segmentBytes: number;
  readonly #granule: number;
  readonly #acceptLoss: boolean;
  readonly #look: LookAtRecord | undefined;
  readonly #log: Pick<Log, "info" | "warn" | "error">;
  #mark: JournalMark;
  #handle: FileHandle | undefined;
  /** Oldest first; the last one is written to. Empty before `open`. */
  #segments: JournalSegment[] = [];
  /** The name of the oldest segment that is not to be deleted. */
  #first = "";
  #lastNumber = 0;
  /** One at a time: what one call may delete it has counted from the oldest segment. */
  #trimming: Promise<unknown> = Promise.resolve();
  /** Appending and dropping take turns. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor({ directory, bytesMax, acceptLoss = false, look, log = noLog }: SegmentedJournalOptions) {
    this.#directory = directory;
    this.#segmentBytes = Math.min(segmentBytesMax, Math.ceil(bytesMax / segmentsMin));
    const quarter = Math.floor(this.#segmentBytes / 4 / pageBytes) * pageBytes;
    this.#granule = Math.min(granuleMax, Math.max(pageBytes, quarter));
    this.#acceptLoss = acceptLoss;
    this.#look = look;
    this.#log = log;
    this.#mark = new JournalMark(`${directory}.mark`, thisProcess());
  }

  /**
   * Opens the segments that are there, or begins the first. Rejects while another process writes to it, and for files that the disk has damaged,
   * naming each with the place; those are left as they are.
   */
  async open(): Promise<JournalState> {
    // Fails where the platform cannot do it.
    durableFlags();
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    // The real path: one directory has one mark, by every link to it.
    this.#directory = await realpath(this.#directory);
    this.#mark = new JournalMark(`${this.#directory}.mark`, thisProcess());
    await syncDirectory(dirname(this.#directory));
    this.#handle = await open(this.#directory, constants.O_RDONLY);
    const mark = await this.#mark.read();
    this.#segments = await openSegments(await readdir(this.#directory), {
      directory: this.#directory,
      handle: this.#handle,
      bytesMax: this.#segmentBytes,
      granule: this.#granule,
      mark,
      acceptLoss: this.#acceptLoss,
      look: this.#look,
      log: this.#log,
    });
    this.#lastNumber = Math.max(0, ...this.#segments.map(({ header }) => header.number));
    if (mark === undefined && this.#segments.length > 0) {
      this.#log.warn("journal mark cannot be read, its end is taken from the segments", {
        event: "journal_mark_missing",
        file: this.#mark.path,
      });
    }
    if (this.#segments.length === 0) await this.#begin(mark?.lastSeq ?? 0, crypto.randomUUID());
    const first = this.#segments[0]!;
    const { header } = this.#last;
    const lastSeq = this.#lastStored();
    this.#first = basename(first.path);
    await this.#mark.start(header.id, mark, () => ({ first: this.#first, lastSeq: this.#last.lastSeq }));
    return {
      id: header.id,
      firstSeq: lastSeq === 0 ? 0 : first.header.after + 1,
      lastSeq,
      bytes: this.#segments.reduce((sum, { bytes }) => sum + bytes, 0),
      givenOut: Math.max(this.#last.lastSeq, mark?.lastSeq ?? 0),
      damaged: (await readdir(this.#directory)).filter((name) => name.endsWith(damagedSuffix)).length,
    };
  }

  get count(): number {
    return this.#segments.length;
  }

  /** Resolves to the bytes that the record takes when it is on disk; see `JournalSegment.append`. */
  append(record: JournalRecord): Promise<number> {
    return this.#inTurn(async () => (await this.#writable()).append(record));
  }

  /** Resolves when a record of so many bytes could be written now, and rejects as `append` would. */
  probe(bytes: number): Promise<void> {
    return this.#inTurn(async () => (await this.#writable()).probe(bytes));
  }

  /**
   * Yields the records with events beyond `after`, up to the end of the journal on disk. Throws where one is not what was
   * written.
   */
  async *read(
    after: number,
    readBytesMax = readBytesDefault,
  ): AsyncGenerator<JournalRecord, void, undefined> {
    let seq = after + 1;
    let offset = 0;
    for (let segment = this.#segmentOf(seq); segment !== undefined; ) {
      const { records, next } = await segment.read(offset, seq, readBytesMax);
      const last = records.at(-1);
      yield* records;
      // Without records: a leap of the sequence between two segments, and what comes after it is in the next one.
      if (last !== undefined) seq = last.lastSeq + 1;
      const following: JournalSegment | undefined =
        last === undefined ? this.#segments[this.#segments.indexOf(segment) + 1] : this.#segmentOf(seq);
      offset = following === segment ? next : 0;
      segment = following;
    }
  }

  /** How many events it holds beyond `seq`. */
  async eventsBeyond(seq: number): Promise<number> {
    let events = 0;
    for (const segment of this.#segments) events += await segment.eventsBeyond(seq);
    return events;
  }

  /** See `Journal.droppedTo`. */
  get droppedTo(): number {
    return this.#segments.find(({ events }) => events > 0)?.header.after ?? this.#last.lastSeq;
  }

  /** See `Journal.trim`. @returns the bytes that were dropped */
  trim(upTo: number, erasedTo = 0): Promise<number> {
    const dropped = this.#trimming.then(() => this.#drop(upTo, erasedTo));
    this.#trimming = dropped.catch(() => undefined);
    return dropped;
  }

  async #drop(upTo: number, erasedTo: number): Promise<number> {
    const droppable = await this.#inTurn(async () => {
      const { bytes, lastSeq, events, header } = this.#last;
      const worthwhile = lastSeq <= upTo && bytes >= Math.min(rollBytesMin, this.#segmentBytes);
      if (worthwhile || (events > 0 && header.after < erasedTo)) await this.#tryRoll();
      return this.#segments.findLastIndex(({ header }) => header.after <= upTo);
    });
    if (droppable <= 0) return 0;
    let dropped = 0;
    try {
      // Before they go, or the next start would miss them.
      this.#first = basename(this.#segments[droppable]!.path);
      await this.#mark.write();
      // The oldest goes first, or the journal would have a hole.
      for (let count = 0; count < droppable; count++) {
        const oldest = this.#segments[0]!;
        await oldest.delete();
        this.#segments.shift();
        dropped += oldest.bytes;
      }
    } catch (error) {
      // It is tried again at the next call.
      this.#log.warn("journal segment cannot be deleted", { event: "journal_trim_failed", error });
    }
    return dropped;
  }

  /** The path of a file or directory that is not the one any more that this journal has open; empty when all are. */
  async missing(): Promise<string> {
    const last = this.#segments.at(-1);
    if (this.#handle === undefined || last === undefined) return "";
    if (!(await isStillThere(this.#handle, this.#directory))) return this.#directory;
    if (!(await last.isThere()) && last === this.#segments.at(-1)) return last.path;
    return (await this.#mark.isThere()) ? "" : this.#mark.path;
  }

  /** Ends when what is being written has been. */
  close(): Promise<void> {
    return this.#inTurn(async () => {
      try {
        await this.#mark.close();
      } finally {
        for (const segment of this.#segments.splice(0)) await segment.close();
        await this.#handle?.close();
        this.#handle = undefined;
      }
    });
  }

  /** The segment that holds the seq, or the first that may hold what follows it. */
  #segmentOf(seq: number): JournalSegment | undefined {
    return this.#segments.findLast(({ header }) => header.after < seq) ?? this.#segments[0];
  }

  /** The last seq of a record; of the last segment's beginning where there is no segment before it. */
  #lastStored(): number {
    const last = this.#segments.findLast(({ events }) => events > 0) ?? this.#segments[0];
    return last?.lastSeq ?? 0;
  }

  get #last(): JournalSegment {
    const last = this.#segments.at(-1);
    if (last === undefined) throw new Error("the journal is not open");
    return last;
  }

  /** The segment that the next record goes to. */
  async #writable(): Promise<JournalSegment> {
    const { bytes, unclean } = this.#last;
    if (unclean || bytes >= this.#segmentBytes) await this.#tryRoll();
    return this.#last;
  }

  /** Goes on in the last segment where no other can be made: file descriptors may have run out. */
  async #tryRoll(): Promise<void> {
    const last = this.#last;
    try {
      await this.#begin(last.lastSeq, last.header.id);
    } catch (error) {
      if ((await this.missing()) !== "") throw error;
      this.#log.warn("journal segment cannot be created, the last one grows", {
        event: "journal_roll_failed",
        error,
      });
      return;
    }
    // Nothing will be written to that room, so it does no harm where it stays.
    await last.finish().catch(() => undefined);
  }

  async #begin(after: number, id: string): Promise<void> {
    const handle = this.#handle;
    if (handle === undefined) throw new Error("the journal is not open");
    const number = ++this.#lastNumber;
    const path = join(this.#directory, segmentName(after, number));
    const header = { salt: newSalt(), number, granule: this.#granule, after, upTo: 0, id };
    this.#segments.push(await JournalSegment.create({ path, header, bytesMax: this.#segmentBytes }, handle));
  }

  #inTurn<T>(step: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(step);
    this.#turn = done.catch(() => undefined);
    return done;
  }
}
