/**
 * Finds damaged pages of an embedded database: bit rot, a bad disk, another program's writes. SQLite has checksums for its
 * write-ahead log only, and none for the database file.
 *
 * The file changes only when a checkpoint copies pages into it. Before a checkpoint the sums of these pages are dropped
 * (`PageSums`); afterwards they are read back and summed, a few at a time, while they are still in the page cache. All other
 * pages are read and compared, round after round. So a checkpoint costs a list of numbers, and a changed page one read.
 *
 * Runs on the store's thread, so nothing is written while a step reads. Where the sums may not be those of the file (there are
 * none, they are damaged, another program wrote, the machine lost power), they are rebuilt from the file as it is.
 */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import type { PageCheckStep } from "../../core/ports.ts";
import { type Quarantine, quarantine } from "../database-address.ts";
import { noteOf, numbersOf, type PageNote, runOfMachine } from "./page-note.ts";
import { PageSums } from "./page-sums.ts";
import { type WalIndex, WalIndexFile } from "./wal-index.ts";

/** Damaged pages that are kept in memory, and of these the ones that are listed. */
const damagedMax = 10_000;
const listedMax = 100;
/** Changed pages that are kept in memory to be summed soon; others are summed in the round. */
const changedMax = 100_000;
/** Bound on the time to sum pages while closing; the others are summed at the next start. */
const closeMs = 2_000;
const closePages = 1_024;
/** Pages that are read before Mars serves; those of a larger file follow in steps. */
const openPages = 16_384;

export class PageCheck {
  readonly #path: string;
  readonly #index: WalIndexFile;
  readonly #quarantine: Quarantine | undefined;
  readonly #storedSeq: (() => number) | undefined;
  readonly #run: readonly number[];
  #file = -1;
  #pageBytes = 0;
  #sums: PageSums | undefined;
  /** Pages that have changed and have no sum yet. */
  readonly #changed = new Set<number>();
  /** The last page that this round has compared. */
  #at = 0;
  #rounds = 0;
  readonly #damaged = new Set<number>();
  #began = "";

  /**
   * @param path of the database file
   * @param storedSeq how far the store has come, by the database; absent for a check without a writer
   * @param quarantine set at the first damaged page
   */
  constructor(path: string, storedSeq?: () => number, quarantine?: Quarantine) {
    this.#path = path;
    this.#index = new WalIndexFile(path);
    this.#storedSeq = storedSeq;
    this.#quarantine = quarantine;
    this.#run = runOfMachine();
  }

  /** The first damaged pages, in the order of `PageCheckStep.places`. */
  get damagedPages(): readonly number[] {
    return [...this.#damaged].slice(0, listedMax);
  }

  get opened(): boolean {
    return this.#file >= 0;
  }

  /** To be called when there is a connection, before any other read. */
  open(): void {
    this.#file = openSync(this.#path, "r");
    this.#openSums();
    this.#work(openPages);
  }

  /** Runs a checkpoint. The pages that it may write have no sum until they are read back. */
  async checkpoint<T>(run: () => Promise<T>): Promise<T> {
    if (this.#sums === undefined) return run();
    this.#changing();
    try {
      return await run();
    } finally {
      const index = this.#index.read();
      if (index !== undefined) this.#noteState(index);
    }
  }

  /** Reads up to `pagesMax` pages: first those without a sum, then the next of the round. */
  step(pagesMax: number): PageCheckStep {
    this.#work(pagesMax);
    const began = this.#began;
    this.#began = "";
    return {
      pages: this.#pageCount(),
      changed: this.#changed.size,
      rounds: this.#rounds,
      damaged: this.#damaged.size,
      places: this.damagedPages.map((page) => this.#placeOf(page)),
      ...(began !== "" && { began }),
    };
  }

  /** To be called when all is in the database file that will be, with the last connection still open. */
  finish(): void {
    if (this.#file < 0) return;
    const deadline = performance.now() + closeMs;
    while (this.#changed.size > 0 && this.#sums !== undefined && performance.now() < deadline) {
      this.#sumChanged(this.#sums, closePages);
    }
    // SQLite copies the rest of the log when the last connection closes.
    const index = this.#index.read();
    const left = index === undefined ? [] : [...new Set(index.pages.subarray(index.backfilled))];
    this.#attempt((sums) => {
      if (left.length > 0) sums.forget(left);
      sums.putNote(numbersOf({ ...this.#noted(), closed: true }));
      sums.sync();
      sums.close();
    });
    this.#sums = undefined;
  }

  /** To be called when no connection is open any more: see `WalIndexFile`. */
  close(): void {
    if (this.#file >= 0) closeSync(this.#file);
    this.#file = -1;
    this.#index.close();
  }

  #work(pagesMax: number): void {
    if (this.#sums === undefined) return;
    const summed = this.#sumChanged(this.#sums, pagesMax);
    this.#look(this.#sums, pagesMax - summed);
  }

  #openSums(): void {
    const path = `${this.#path}-sums`;
    try {
      this.#sums = PageSums.open(path);
    } catch (error) {
      this.#beginAnew(`its checksums cannot be used: ${(error as Error).message}`);
      return;
    }
    const note = this.#noted();
    const index = this.#index.read();
    const sameRun = note.run.length > 0 && note.run.every((part, at) => part === this.#run[at]);
    if (this.#sums.note.length === 0) {
      this.#beginAnew(this.#pageCount() > 1 ? "it has no checksums" : "");
    } else if (this.#storedSeq !== undefined && note.seq > this.#storedSeq()) {
      this.#beginAnew("it is another copy, which is older");
    } else if (!note.closed && !sameRun) {
      this.#beginAnew("the machine stopped while Mars ran");
    } else if (!note.closed && (index === undefined || !continues(index, note.salt))) {
      this.#beginAnew("another program has written to it while Mars was away");
    }
    this.#noteState(index ?? { salt: 0, backfilled: 0 });
  }

  #noteState({ salt, backfilled }: Pick<WalIndex, "salt" | "backfilled">): void {
    const seq = this.#storedSeq?.() ?? this.#noted().seq;
    const note = { salt, backfilled, closed: false, seq, run: this.#run };
    this.#attempt((sums) => sums.putNote(numbersOf(note)));
  }

  #noted(): PageNote {
    return noteOf(this.#sums?.note ?? []);
  }

  #changing(): void {
    const index = this.#index.read();
    if (index === undefined) return;
    const { salt, backfilled } = this.#noted();
    if (!continues(index, salt)) this.#beginAnew("another program has written to it");
    const pages = [...new Set(index.pages.subarray(index.salt === salt ? backfilled : 0))];
    if (pages.length > 0) this.#attempt((sums) => sums.forget(pages));
    for (const page of pages) {
      if (this.#changed.size >= changedMax) break;
      this.#changed.add(page);
    }
  }

  #beginAnew(reason: string): void {
    const note = this.#sums?.note ?? [];
    this.#sums?.close();
    this.#sums = PageSums.create(`${this.#path}-sums`);
    if (note.length > 0) this.#attempt((sums) => sums.putNote(note));
    this.#at = 0;
    this.#began ||= reason;
  }

  /** A log that cannot be written must not be used later; the check continues in memory. */
  #attempt(write: (sums: PageSums) => void): void {
    if (this.#sums === undefined) return;
    try {
      write(this.#sums);
    } catch (error) {
      this.#sums.drop();
      this.#began ||= `its checksums cannot be written: ${(error as Error).message}`;
    }
  }

  #sumChanged(sums: PageSums, pagesMax: number): number {
    const pages: number[] = [];
    for (const page of this.#changed) {
      if (pages.length >= pagesMax) break;
      pages.push(page);
    }
    const pairs: number[] = [];
    for (const page of pages) {
      this.#changed.delete(page);
      const bytes = this.#read(page, 1);
      if (bytes.length === this.#pageBytes) pairs.push(page, PageSums.sumOfBytes(bytes));
    }
    if (pairs.length > 0) this.#attempt(() => sums.add(pairs));
    return pages.length;
  }

  /** Continues the round. */
  #look(sums: PageSums, pagesMax: number): void {
    // Beyond the end of the file too: a page with a sum must be there.
    const last = Math.max(sums.lastPage, this.#pageCount());
    const first = this.#at + 1;
    const count = Math.min(pagesMax, last - this.#at);
    if (count <= 0) {
      this.#at = 0;
      return;
    }
    const bytes = this.#read(first, count);
    const pairs: number[] = [];
    for (let page = first; page < first + count; page++) {
      const start = (page - first) * this.#pageBytes;
      const sum = PageSums.sumOfBytes(bytes.subarray(start, start + this.#pageBytes));
      const known = sums.sumOf(page);
      if (known === 0) pairs.push(page, sum);
      else if (sum !== known) this.#damage(page);
    }
    if (pairs.length > 0) this.#attempt(() => sums.add(pairs));
    this.#at += count;
    if (this.#at < last) return;
    this.#at = 0;
    this.#rounds += 1;
  }

  #damage(page: number): void {
    if (this.#quarantine !== undefined) quarantine(this.#quarantine);
    if (this.#damaged.size < damagedMax) this.#damaged.add(page);
  }

  #placeOf(page: number): string {
    return `${this.#path}, from byte ${(page - 1) * this.#pageBytes} to byte ${page * this.#pageBytes}`;
  }

  #pageCount(): number {
    if (!this.opened) return 0;
    if (this.#pageBytes === 0) this.#pageBytes = readPageBytes(this.#file);
    return this.#pageBytes === 0 ? 0 : Math.floor(fstatSync(this.#file).size / this.#pageBytes);
  }

  #read(page: number, count: number): Buffer {
    const bytes = Buffer.allocUnsafe(count * this.#pageBytes);
    let length = 0;
    while (length < bytes.length) {
      const position = (page - 1) * this.#pageBytes + length;
      const read = readSync(this.#file, bytes, length, bytes.length - length, position);
      if (read === 0) break;
      length += read;
    }
    return bytes.subarray(0, length);
  }
}

/** Whether a log is the one with this salt, or the next after it. Where there was none at first, it is our own. */
function continues(index: WalIndex, salt: number): boolean {
  return salt === 0 || index.salt === 0 || index.salt === salt || index.salt === (salt + 1) >>> 0;
}

/** 0 for a file that holds nothing yet. https://www.sqlite.org/fileformat.html#page_size */
function readPageBytes(file: number): number {
  const bytes = Buffer.alloc(2);
  if (readSync(file, bytes, 0, 2, 16) < 2) return 0;
  const written = bytes.readUInt16BE(0);
  return written === 1 ? 65_536 : written;
}
