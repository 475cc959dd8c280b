/** Accepted events that Mars has not answered for: lines of JSON, in files or in memory. */
import { randomUUID } from "node:crypto";
import * as fs from "node:fs";
import { join } from "node:path";

const segmentBytesMax = 1024 * 1024;
/** A file whose time has not changed for so long has no owner. */
const leaseMs = 5_000;

/** Thrown by `event()`: the event is not accepted. */
export class BufferError extends Error {
  override readonly name = "BufferError";
}

/** A file, or `lines` in memory. `size` counts bytes of whole lines, `offset` those that are settled. */
export type Segment = { readonly path: string; size: number; offset: number; fd?: number; lines?: Buffer[] };

/**
 * A process appends to files of its own, and renews their time every second. It adopts the files of processes that ended: at
 * once if their time is 0, else when it has not changed for 5 s. Adoption is a rename, so one process wins. A process that was
 * suspended beyond its lease writes its line again, to a new file: Mars stores it once by its `event_id`.
 */
export class EventBuffer {
  readonly #directory: string | undefined;
  readonly #bytesMax: number;
  readonly #onAdopted: () => void;
  readonly #segments: Segment[] = [];
  /** The files of other processes, and since when their time has not changed. */
  #seen = new Map<string, { time: number; since: number }>();
  #active: Segment | undefined;
  #renewedAt = 0;
  #bytes = 0;
  #bytesOfOthers = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(directory: string | undefined, bytesMax: number, onAdopted: () => void) {
    this.#directory = directory;
    this.#bytesMax = bytesMax;
    this.#onAdopted = onAdopted;
    if (directory === undefined) return;
    fs.mkdirSync(directory, { recursive: true, mode: 0o700 });
    this.#keep(directory);
    this.#timer = setInterval(() => this.#keep(directory), 1_000).unref();
  }

  /** Bytes of all files in the directory, those of other processes included. */
  get bytes(): number {
    return this.#bytes + this.#bytesOfOthers;
  }

  /** Keeps a line, newline included; in the file when this returns. Throws `BufferError`. */
  append(line: Buffer): void {
    if (this.bytes + line.length > this.#bytesMax)
      throw new BufferError(`the buffer is full: ${this.bytes} of ${this.#bytesMax} bytes`);
    for (let attempt = 0; attempt < 3; attempt++) {
      this.#write(line);
      // Within the lease no other process has adopted the file: it will read this line.
      if (this.#directory === undefined || this.#leased()) return;
      this.#seal();
    }
    throw new BufferError("the buffer's disk is too slow");
  }

  /** The next lines, or undefined where there are none; throws where the disk cannot be read. `settle` moves on. */
  read(bytesMax: number): { segment: Segment; bytes: Buffer } | undefined {
    for (let segment = this.#segments[0]; segment !== undefined; segment = this.#segments[0]) {
      const bytes = readSegment(segment, Math.min(bytesMax, segment.size - segment.offset));
      const end = bytes.lastIndexOf("\n") + 1;
      if (end > 0) return { segment, bytes: bytes.subarray(0, end) };
      if (bytes.length === bytesMax) return { segment, bytes };
      // Empty, adopted by another process, or half a line: that call had not returned when its process was killed.
      this.#remove(segment);
    }
    return undefined;
  }

  /** Mars has answered for these bytes. */
  settle(segment: Segment, bytes: number): void {
    segment.offset += bytes;
    if (segment.offset >= segment.size) this.#remove(segment);
  }

  /** Lets other processes adopt what is left. */
  release(): void {
    clearInterval(this.#timer);
    this.#seal();
    for (const { path, lines } of this.#segments) if (!lines) attempted(() => fs.utimesSync(path, 0, 0));
  }

  #write(line: Buffer): void {
    if (this.#active === undefined || this.#active.size + line.length > segmentBytesMax) {
      this.#seal();
      this.#active = this.#open();
      this.#segments.push(this.#active);
    }
    const segment = this.#active;
    segment.lines?.push(line);
    try {
      for (let done = 0; segment.fd !== undefined && done < line.length; )
        done += fs.writeSync(segment.fd, line, done);
    } catch (cause) {
      // No other line may follow half a line.
      if (!attempted(() => fs.ftruncateSync(segment.fd ?? -1, segment.size))) this.#seal();
      throw new BufferError("cannot write to the buffer", { cause });
    }
    segment.size += line.length;
    this.#bytes += line.length;
  }

  #open(): Segment {
    if (this.#directory === undefined) return { path: "", size: 0, offset: 0, lines: [] };
    const path = join(this.#directory, `${randomUUID()}.ndjson`);
    try {
      this.#renewedAt = Date.now();
      return { path, size: 0, offset: 0, fd: fs.openSync(path, "ax", 0o600) };
    } catch (cause) {
      throw new BufferError("cannot write to the buffer", { cause });
    }
  }

  #seal(): void {
    if (this.#active?.fd !== undefined) fs.closeSync(this.#active.fd);
    this.#active = undefined;
  }

  #remove(segment: Segment): void {
    if (segment === this.#active) this.#seal();
    this.#segments.splice(this.#segments.indexOf(segment), 1);
    this.#bytes -= segment.size;
    if (segment.lines === undefined) attempted(() => fs.unlinkSync(segment.path));
  }

  #leased(): boolean {
    return Math.abs(Date.now() - this.#renewedAt) < leaseMs / 2;
  }

  #keep(directory: string): void {
    if (!this.#leased()) this.#seal();
    const now = new Date();
    this.#renewedAt = now.getTime();
    for (const { path } of this.#segments) attempted(() => fs.utimesSync(path, now, now));
    const own = new Set(this.#segments.map(({ path }) => path));
    const seenNow = new Map<string, { time: number; since: number }>();
    let others = 0;
    attempted(() => {
      for (const name of fs.readdirSync(directory)) {
        const path = join(directory, name);
        if (own.has(path) || !name.endsWith(".ndjson")) continue;
        attempted(() => {
          const { mtimeMs: time, size } = fs.statSync(path);
          const seen = this.#seen.get(name);
          const since = seen?.time === time ? seen.since : performance.now();
          if (time === 0 || performance.now() - since >= leaseMs) return this.#adopt(path, directory);
          seenNow.set(name, { time, since });
          others += size;
        });
      }
    });
    this.#seen = seenNow;
    this.#bytesOfOthers = others;
  }

  #adopt(found: string, directory: string): void {
    const path = join(directory, `${randomUUID()}.ndjson`);
    fs.renameSync(found, path);
    const { size } = fs.statSync(path);
    fs.utimesSync(path, new Date(), new Date());
    this.#segments.push({ path, size, offset: 0 });
    this.#bytes += size;
    this.#onAdopted();
  }
}

function readSegment(segment: Segment, bytes: number): Buffer {
  if (segment.lines !== undefined) {
    segment.lines = [Buffer.concat(segment.lines)];
    return segment.lines[0]?.subarray(segment.offset, segment.offset + bytes) ?? Buffer.alloc(0);
  }
  // Adopted by another process.
  if (!fs.existsSync(segment.path)) return Buffer.alloc(0);
  const buffer = Buffer.alloc(bytes);
  const fd = fs.openSync(segment.path, "r");
  try {
    return buffer.subarray(0, fs.readSync(fd, buffer, 0, bytes, segment.offset));
  } finally {
    fs.closeSync(fd);
  }
}

/** Whether it could be done: another process may have renamed or removed the file a moment ago. */
function attempted(run: () => void): boolean {
  try {
    run();
    return true;
  } catch {
    return false;
  }
}
