/** Accepted events that Mars has not answered for: batches of lines of JSON, in memory, and in files where there is a directory. */
import { randomUUID } from "node:crypto";
import * as fs from "node:fs";
import { join } from "node:path";

const batchEventsMax = 1_000;
const batchBytesMax = 512 * 1024;
/** A file whose time is so far from now has no owner: each process renews the time of its files every second. */
const leaseMs = 5_000;

/** The event is not accepted: the buffer is full, closed, or cannot be written. */
export class BufferError extends Error {
  override readonly name = "BufferError";
}

/** It is sent in one request. Its file has the same lines, until Mars has answered for them. */
interface Batch {
  readonly path: string;
  readonly lines: string[];
  bytes: number;
}

/** The queue of batches, the oldest first. */
export class Spool {
  readonly #directory: string | undefined;
  readonly #keeper: NodeJS.Timeout | undefined;
  readonly #queue: Batch[] = [];
  #bytesMax: number;
  #open: Batch | undefined;
  #bytes = 0;
  #bytesOfOthers = 0;

  constructor(directory: string | undefined, bytesMax: number) {
    this.#directory = directory;
    this.#bytesMax = bytesMax;
    if (directory === undefined) return;
    fs.mkdirSync(directory, { recursive: true, mode: 0o700 });
    this.#keep(directory);
    this.#keeper = setInterval(() => this.#keep(directory), 1_000).unref();
  }

  get empty(): boolean {
    return this.#queue.length === 0;
  }

  /** Keeps a line, newline included; it is in the file when this returns. */
  append(line: string): void {
    const size = Buffer.byteLength(line);
    const used = this.#bytes + this.#bytesOfOthers;
    if (used + size > this.#bytesMax)
      throw new BufferError(`the buffer is full, or closed: it has ${used} of ${this.#bytesMax} bytes`);
    let batch = this.#open;
    if (!batch || batch.lines.length === batchEventsMax || batch.bytes + size > batchBytesMax)
      batch = { path: this.#newPath(), lines: [], bytes: 0 };
    if (this.#directory !== undefined) write(batch, line);
    if (batch !== this.#open) this.#queue.push(batch);
    this.#open = batch;
    batch.lines.push(line);
    batch.bytes += size;
    this.#bytes += size;
  }

  /** The oldest batch, which grows no more. */
  next(): Batch | undefined {
    this.#open = undefined;
    return this.#queue[0];
  }

  /** Mars has answered for the oldest batch. */
  remove(): void {
    const batch = this.#queue.shift();
    this.#bytes -= batch?.bytes ?? 0;
    // Another process may have adopted it.
    if (batch && this.#directory !== undefined) attempted(() => fs.unlinkSync(batch.path));
  }

  /** From now on `append` throws. */
  refuse(): void {
    this.#bytesMax = 0;
  }

  close(): void {
    clearInterval(this.#keeper);
  }

  /** Renews the time of the own files, and adopts those that have no owner by renaming them, so one process wins. */
  #keep(directory: string): void {
    const now = new Date();
    const own = new Set(this.#queue.map(({ path }) => path));
    // Another process may have adopted it.
    for (const path of own) attempted(() => fs.utimesSync(path, now, now));
    this.#bytesOfOthers = 0;
    // A fault of the disk shows in append.
    attempted(() => {
      for (const name of fs.readdirSync(directory)) {
        const found = join(directory, name);
        // Another process may be faster.
        if (name.endsWith(".ndjson") && !own.has(found)) attempted(() => this.#lookAt(found, now));
      }
    });
  }

  #lookAt(found: string, now: Date): void {
    const { mtimeMs, size } = fs.statSync(found);
    if (Math.abs(now.getTime() - mtimeMs) < leaseMs) {
      this.#bytesOfOthers += size;
      return;
    }
    const path = this.#newPath();
    fs.renameSync(found, path);
    fs.utimesSync(path, now, now);
    const text = fs.readFileSync(path, "utf8");
    // A line without its end: that call had not returned when its process ended.
    const lines = text.split("\n").slice(0, -1);
    this.#queue.push({ path, lines: lines.map((line) => `${line}\n`), bytes: size });
    this.#bytes += size;
  }

  #newPath(): string {
    return join(this.#directory ?? "", `${randomUUID()}.ndjson`);
  }
}

/**
 * If this process was suspended, another may have adopted and read the file before the line was in it. Then the line is written
 * again: Mars stores it once, by its `event_id`.
 */
function write({ path, bytes }: Batch, line: string): void {
  try {
    do fs.appendFileSync(path, line, { mode: 0o600 });
    while (!fs.existsSync(path));
  } catch (cause) {
    // No other line may follow half a line.
    attempted(() => fs.truncateSync(path, bytes));
    throw new BufferError("cannot write to the buffer", { cause });
  }
}

function attempted(run: () => void): void {
  try {
    run();
  } catch {
    // Each caller says why that may be.
  }
}
