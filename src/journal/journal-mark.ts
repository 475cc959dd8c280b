/**
 * A second witness of where the journal begins and ends, beside its directory: where the segments begin later or end
 * earlier, some have been cut off or are not there any more.
 *
 * The end is written a moment after the journal, twice a second at most, and never names what is not on disk yet. The
 * beginning is written before the segments in front of it are deleted, so a crash may leave more of them, never fewer. Two
 * slots take turns, so that a crash leaves one of them whole. The mark also names the process that writes to the journal.
 */
import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { crc32 } from "node:zlib";
import { isStillThere, putAside, readAt, writeAll } from "../directory/whole-files.ts";
import { type Holder, hasEnded } from "../runtime/holder.ts";

/** A disk sector each. */
const slotBytes = 512;
/** Between two writes. The holder's sign of life as well. */
const writeEveryMs = 500;
/** How long a holder may give no sign of life. */
const silenceMs = 5 * writeEveryMs;

/** The two ends of the journal. */
export interface JournalEnds {
  /** The name of the oldest segment that must be there; absent in a mark of an earlier Mars. */
  readonly first?: string;
  /** Acknowledged up to here. */
  readonly lastSeq: number;
}

/** The contents of the mark. */
export interface MarkState extends JournalEnds {
  /** Counts the writes. */
  readonly turn: number;
  readonly journalId: string;
  /** Absent when the journal was closed. */
  readonly holder?: Holder;
}

export class JournalMark {
  readonly path: string;
  readonly #holder: Holder;
  #file: FileHandle | undefined;
  #journalId = "";
  #turn = 0;
  #ends: () => JournalEnds = () => ({ lastSeq: 0 });
  #synced: JournalEnds = { lastSeq: 0 };
  #timer: ReturnType<typeof setInterval> | undefined;
  #writing: Promise<void> = Promise.resolve();
  /** Whether the timer's last write is still under way. */
  #busy = false;
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
   * Reads the mark of an earlier run. Rejects while another process writes to the journal.
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
   * Begins to write it. A file that is there and cannot be read is kept under another name.
   *
   * @param after what `read` has found
   * @param ends asked at each write
   */
  async start(journalId: string, after: MarkState | undefined, ends: () => JournalEnds): Promise<void> {
    if (after === undefined) await putAside(this.path).catch(ignoreMissing);
    this.#file = await open(this.path, constants.O_RDWR | constants.O_CREAT, 0o600);
    this.#journalId = journalId;
    this.#turn = after?.turn ?? 0;
    this.#ends = ends;
    await this.write();
    this.#timer = setInterval(() => void this.#beat(), writeEveryMs);
    this.#timer.unref();
  }

  /** Writes it now; both ends are on disk when this resolves. */
  write(): Promise<void> {
    const written = this.#writing.then(async () => {
      if (this.#file !== undefined) await this.#writeTo(this.#file, this.#ends(), this.#holder);
    });
    this.#writing = written.catch(() => undefined);
    return written;
  }

  /** Writes it without a holder: the journal is at rest. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#writing;
    const file = this.#file;
    if (file === undefined) return;
    this.#file = undefined;
    try {
      // Another journal may have come to its place, and be in use.
      if (await isStillThere(file, this.path)) await this.#writeTo(file, this.#ends(), undefined);
    } finally {
      await file.close();
    }
  }

  async isThere(): Promise<boolean> {
    return this.#file === undefined || (await isStillThere(this.#file, this.path, 2 * slotBytes));
  }

  async #beat(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    try {
      await this.write();
      this.#error = "";
    } catch (error) {
      this.#error = (error as Error).message;
    } finally {
      this.#busy = false;
    }
  }

  async #writeTo(file: FileHandle, ends: JournalEnds, holder: Holder | undefined): Promise<void> {
    const turn = this.#turn + 1;
    const state: MarkState = {
      turn,
      journalId: this.#journalId,
      ...ends,
      ...(holder !== undefined && { holder }),
    };
    // The first write makes both slots, so that a missing one shows in the length.
    if (this.#turn === 0) await writeAll(file, Buffer.alloc(2 * slotBytes), 0);
    await writeAll(file, encodeSlot(state), (turn % 2) * slotBytes);
    this.#turn = turn;
    const same = ends.lastSeq === this.#synced.lastSeq && ends.first === this.#synced.first;
    if (same && holder !== undefined) return;
    await file.datasync();
    this.#synced = ends;
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
