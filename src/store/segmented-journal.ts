/**
 * The journal: a directory of segments, written one after another and dropped as wholes.
 *
 * Its own files and not a database, because nothing is ever looked up or changed in it, and because every success answer
 * waits for it: one write of the group's bytes is all that stands between an event and its answer. Writing is asynchronous
 * and needs no thread of ours. One process at a time: `DirectoryLock` sees to that.
 */
import { mkdir, readdir, unlink } from "node:fs/promises";
import { join } from "node:path";
import type { Journal, JournalGroup, JournalState } from "../event/ports.ts";
import { JournalSegment } from "./journal-segment.ts";

/** What a segment holds before the next one begins. */
const segmentBytesMax = 16 * 1024 * 1024;
/** A smaller journal has smaller segments, so that dropping one makes room. */
const segmentsMin = 8;
/** What a segment must hold to be given up for a new one when all of it is stored. */
const rollBytesMin = 64 * 1024;

export interface SegmentedJournalOptions {
  /** Made if it is not there. */
  readonly directory: string;
  /** What the journal may hold; see `segmentsMin`. */
  readonly bytesMax: number;
}

export class SegmentedJournal implements Journal {
  readonly #directory: string;
  readonly #segmentBytes: number;
  /** Oldest first; the last one is written to. Empty before `open`. */
  #segments: JournalSegment[] = [];
  /** Appending and dropping take turns. */
  #turn: Promise<unknown> = Promise.resolve();
  /** Where the last read ended. */
  #place: { readonly segment: JournalSegment; readonly seq: number; readonly offset: number } | undefined;

  constructor({ directory, bytesMax }: SegmentedJournalOptions) {
    this.#directory = directory;
    this.#segmentBytes = Math.min(segmentBytesMax, Math.ceil(bytesMax / segmentsMin));
  }

  /** Finds what is there, or begins. Rejects for files that the disk has damaged. */
  async open(): Promise<JournalState> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    const names = (await readdir(this.#directory)).filter((name) => name.endsWith(suffix)).sort();
    for (const [index, name] of names.entries()) {
      const path = join(this.#directory, name);
      const segment = await JournalSegment.open(path);
      if (segment === undefined) {
        // Its making was cut short, and nothing was ever written to it.
        if (index === names.length - 1) {
          await unlink(path);
          break;
        }
        throw new Error(`the journal is damaged: ${path} has no header`);
      }
      this.#segments.push(segment);
    }
    for (const [index, segment] of this.#segments.entries()) {
      const next = this.#segments[index + 1]?.header.after;
      await segment.findEnd(next);
      if (next !== undefined && segment.lastSeq !== next) {
        throw new Error(
          `the journal is damaged: ${segment.path} ends at seq ${segment.lastSeq}, the next one begins behind ${next}`,
        );
      }
    }
    if (this.#segments.length === 0) await this.#begin(0, crypto.randomUUID());
    const first = this.#segments[0]!;
    const { lastSeq } = this.#last;
    return {
      id: first.header.id,
      firstSeq: lastSeq === 0 ? 0 : first.header.after + 1,
      lastSeq,
      bytes: this.#segments.reduce((sum, { bytes }) => sum + bytes, 0),
    };
  }

  append(group: JournalGroup): Promise<number> {
    return this.#inTurn(async () => {
      const { bytes, lastSeq, header } = this.#last;
      if (bytes >= this.#segmentBytes) await this.#begin(lastSeq, header.id);
      return this.#last.append(group);
    });
  }

  async read(fromSeq: number, bytesMax: number): Promise<JournalGroup[]> {
    let segment = this.#segments.findLast(({ header }) => header.after < fromSeq) ?? this.#segments[0];
    let offset = this.#place?.segment === segment && this.#place?.seq === fromSeq ? this.#place.offset : 0;
    for (; segment !== undefined; offset = 0) {
      const { groups, next } = await segment.read(offset, fromSeq, bytesMax);
      const last = groups.at(-1);
      if (last !== undefined) {
        this.#place = { segment, seq: last.lastSeq + 1, offset: next };
        return groups;
      }
      // A leap of the sequence between two segments: what comes after it is in the next one.
      segment = this.#segments[this.#segments.indexOf(segment) + 1];
    }
    return [];
  }

  async trim(upTo: number): Promise<number> {
    const dropped = await this.#inTurn(async () => {
      const { bytes, lastSeq, header } = this.#last;
      const worthwhile = bytes >= Math.min(rollBytesMin, this.#segmentBytes);
      if (lastSeq <= upTo && worthwhile) await this.#begin(lastSeq, header.id);
      const kept = this.#segments.findLastIndex(({ header }) => header.after <= upTo);
      return this.#segments.splice(0, Math.max(kept, 0));
    });
    for (const segment of dropped) await segment.delete();
    return dropped.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Ends when what is being written has been. */
  close(): Promise<void> {
    return this.#inTurn(async () => {
      for (const segment of this.#segments.splice(0)) await segment.close();
    });
  }

  get #last(): JournalSegment {
    const last = this.#segments.at(-1);
    if (last === undefined) throw new Error("the journal is not open");
    return last;
  }

  async #begin(after: number, id: string): Promise<void> {
    const salt = crypto.getRandomValues(new Uint32Array(1))[0]!;
    const name = `${String(after + 1).padStart(seqDigits, "0")}${suffix}`;
    this.#segments.push(await JournalSegment.create(join(this.#directory, name), { salt, after, id }));
  }

  #inTurn<T>(step: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(step);
    this.#turn = done.catch(() => undefined);
    return done;
  }
}

/** Named by the seq from which on it holds what there is, so that names sort as seqs do. */
const suffix = ".segment";
const seqDigits = 16;
