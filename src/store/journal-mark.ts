/**
 * A second witness of how far the journal goes, beside its directory: where the segments end before that, they have been
 * cut off or are not there any more.
 *
 * It is written a moment after the journal, twice a second at most, and never names what is not on disk yet. Two slots take
 * turns, so that a crash leaves one of them whole. It also says who writes to the journal, as long as somebody does.
 */
import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { crc32 } from "node:zlib";
import { type Holder, hasEnded } from "./holder.ts";
import { isStillThere, putAside, readAt, writeAll } from "./journal-files.ts";

/** A disk sector each. */
const slotBytes = 512;
/** Between two writes. The holder's sign of life as well. */
const writeEveryMs = 500;
/** How long a holder may give no sign of life. */
const silenceMs = 5 * writeEveryMs;

/** What the mark witnesses of the journal. */
export interface MarkState {
  /** Counts the writes. */
  readonly turn: number;
  readonly journalId: string;
  /** Acknowledged up to here. */
  readonly lastSeq: number;
  /** Absent when the journal was closed. */
  readonly holder?: Holder;
}

export class JournalMark {
  readonly path: string;
  readonly #holder: Holder;
  #file: FileHandle | undefined;
  #state: Omit<MarkState, "holder"> = { turn: 0, journalId: "", lastSeq: 0 };
  #syncedSeq = 0;
  #timer: ReturnType<typeof setInterval> | undefined;
  #writing: Promise<void> | undefined;
  #error = "";

  constructor(path: string, holder: Holder) {
    this.path = path;
    this.#holder = holder;
  }

  /** Why it could not be written; empty when it could. */
  get error(): string {
    return this.#error;
  }

  /**
   * What an earlier run has left. Rejects while another process writes to the journal.
   *
   * @returns `undefined` where there is no mark, or none that can be read
   */
  async read(): Promise<MarkState | undefined> {
    const state = await this.#newest();
    if (state?.holder === undefined || hasEnded(state.holder, this.#holder)) return state;
    const end = performance.now() + silenceMs;
    while (performance.now() < end) {
      await new Promise((resolve) => setTimeout(resolve, writeEveryMs / 2));
      const now = await this.#newest();
      if (now === undefined || now.turn === state.turn) continue;
      throw new Error(
        `the journal is in use by process ${state.holder.pid} of ${state.holder.host}: is Mars already running on it?`,
      );
    }
    return state;
  }

  /**
   * Begins to write it. What is there and cannot be read is kept beside it.
   *
   * @param after what `read` has found
   * @param lastSeq asked at each write
   */
  async start(journalId: string, after: MarkState | undefined, lastSeq: () => number): Promise<void> {
    const turn = after?.turn ?? 0;
    if (after === undefined) await putAside(this.path).catch(ignoreMissing);
    this.#file = await open(this.path, constants.O_RDWR | constants.O_CREAT, 0o600);
    this.#state = { turn, journalId, lastSeq: lastSeq() };
    await this.#write(lastSeq(), this.#holder);
    this.#timer = setInterval(() => {
      this.#writing ??= this.#write(lastSeq(), this.#holder)
        .then(
          () => {
            this.#error = "";
          },
          (error: Error) => {
            this.#error = error.message;
          },
        )
        .finally(() => {
          this.#writing = undefined;
        });
    }, writeEveryMs);
    this.#timer.unref();
  }

  /** Says that nobody writes to the journal any more. */
  async close(lastSeq: number): Promise<void> {
    clearInterval(this.#timer);
    await this.#writing;
    const file = this.#file;
    if (file === undefined) return;
    this.#file = undefined;
    try {
      // Nothing may say that this journal is at rest when another has come to its place.
      if (await isStillThere(file, this.path)) await this.#writeTo(file, lastSeq, undefined);
    } finally {
      await file.close();
    }
  }

  async isThere(): Promise<boolean> {
    return this.#file === undefined || (await isStillThere(this.#file, this.path, 2 * slotBytes));
  }

  async #write(lastSeq: number, holder: Holder): Promise<void> {
    if (this.#file !== undefined) await this.#writeTo(this.#file, lastSeq, holder);
  }

  async #writeTo(file: FileHandle, lastSeq: number, holder: Holder | undefined): Promise<void> {
    const state = { ...this.#state, turn: this.#state.turn + 1, lastSeq };
    const slot = encodeSlot({ ...state, ...(holder !== undefined && { holder }) });
    // The first write makes both, so that the length says whether one is missing.
    if (this.#state.turn === 0) await writeAll(file, Buffer.alloc(2 * slotBytes), 0);
    await writeAll(file, slot, (state.turn % 2) * slotBytes);
    this.#state = state;
    if (lastSeq === this.#syncedSeq && holder !== undefined) return;
    await file.datasync();
    this.#syncedSeq = lastSeq;
  }

  async #newest(): Promise<MarkState | undefined> {
    let file: FileHandle;
    try {
      file = await open(this.path, constants.O_RDONLY);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw error;
    }
    try {
      const bytes = await readAt(file, 0, 2 * slotBytes);
      const slots = [0, slotBytes].map((at) => decodeSlot(bytes.subarray(at, at + slotBytes)));
      return slots.reduce((a, b) => ((b?.turn ?? -1) > (a?.turn ?? -1) ? b : a));
    } finally {
      await file.close();
    }
  }
}

/** The checksum of a JSON text in eight hexadecimal digits, the text, and zeros. */
function encodeSlot(state: MarkState): Buffer {
  const text = Buffer.from(JSON.stringify(state));
  const slot = Buffer.alloc(slotBytes);
  slot.write(crc32(text).toString(16).padStart(8, "0"), "latin1");
  text.copy(slot, 8);
  return slot;
}

function decodeSlot(slot: Buffer): MarkState | undefined {
  const end = slot.indexOf(0);
  const text = slot.subarray(8, end < 0 ? slot.length : end);
  if (text.length === 0 || slot.toString("latin1", 0, 8) !== crc32(text).toString(16).padStart(8, "0"))
    return undefined;
  return JSON.parse(text.toString()) as MarkState;
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== "ENOENT") throw error;
}
