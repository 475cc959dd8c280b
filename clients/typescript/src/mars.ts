/** Reports events to Mars: batched, retried with the same `event_id`, kept in a buffer until Mars has answered. */
import { randomUUID } from "node:crypto";
import { BufferError, EventBuffer, type Segment } from "./buffer.js";
import { type Context, type EventFields, Message } from "./message.js";

export { BufferError, type Context, type EventFields, Message };

const lineBytesMax = 64 * 1024;

export interface Problem {
  readonly field: string;
  readonly message: string;
}

export interface MarsOptions extends Pick<Context, "app_id" | "attributes"> {
  /** Default: `MARS_URL`, else `http://127.0.0.1:4000`. */
  readonly url?: string;
  /** Default: `MARS_KEY`, else none. */
  readonly key?: string;
  /** A directory that keeps events until Mars has them; default: `MARS_BUFFER_DIR`, else memory alone. */
  readonly bufferDir?: string;
  /** Default: 64 MiB. Beyond it `event()` throws `BufferError`. */
  readonly bufferBytesMax?: number;
  /** A batch goes out when it has so many events (default 1,000, at most 10,000) or bytes (512 KiB), or is so old (200 ms). */
  readonly batchEventsMax?: number;
  readonly batchBytesMax?: number;
  readonly batchAgeMs?: number;
  /** Of one request; default: 10 s. */
  readonly timeoutMs?: number;
  /** The longest pause between two tries; default: 10 s. */
  readonly retryMs?: number;
  /** Mars refused this event, and it is not sent again. Default: a warning of the process. */
  readonly onRejected?: (event: unknown, problems: readonly Problem[]) => void;
  /** A try failed, and there will be another. */
  readonly onError?: (error: Error) => void;
}

type Answer = {
  rejected?: number;
  errors?: (Problem & { index?: number })[];
  detail?: string;
  success?: boolean;
};

export class Mars {
  /** Since the start: `accepted` in the buffer, `refused` by it, `delivered` to Mars, `rejected` by Mars, tries that `failed`. */
  readonly counts = { accepted: 0, refused: 0, delivered: 0, rejected: 0, failed: 0 };
  readonly #options;
  readonly #base: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #buffer: EventBuffer;
  readonly #stop = new AbortController();
  readonly #onBeforeExit = () => void this.close();
  #running: Promise<void> | undefined;
  #waiting = 0;
  #waitingBytes = 0;
  #failures = 0;
  #batchMax: number;
  #flushing = false;
  #closing = false;
  #wake = () => {};

  constructor(options: MarsOptions = {}) {
    const { MARS_URL, MARS_KEY, MARS_BUFFER_DIR } = process.env;
    const defaults = {
      timeoutMs: 10_000,
      retryMs: 10_000,
      batchEventsMax: 1_000,
      batchAgeMs: 200,
      app_id: "",
    };
    this.#options = { ...defaults, batchBytesMax: 512 * 1024, bufferBytesMax: 64 * 1024 * 1024, ...options };
    this.#base = (options.url ?? (MARS_URL || "http://127.0.0.1:4000")).replace(/\/+$/, "");
    const key = options.key ?? MARS_KEY;
    this.#headers = {
      "content-type": "application/x-ndjson",
      ...(key && { authorization: `Bearer ${key}` }),
    };
    this.#options.batchBytesMax = Math.max(this.#options.batchBytesMax, lineBytesMax);
    this.#batchMax = Math.min(this.#options.batchEventsMax, 10_000);
    const directory = options.bufferDir ?? (MARS_BUFFER_DIR || undefined);
    this.#buffer = new EventBuffer(directory, this.#options.bufferBytesMax, () => this.#start());
    process.on("beforeExit", this.#onBeforeExit);
  }

  /** A message, and the fields that all of its events have. */
  message(message_id: string, context: Context = {}): Message {
    return new Message((name, fields) => this.#event(message_id, context, name, fields));
  }

  /** Resolves to whether everything accepted was delivered, or rejected, within the time. */
  async flush(timeoutMs = 5_000): Promise<boolean> {
    this.#start();
    this.#flushing = true;
    this.#wake();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<false>((resolve) => {
      timer = setTimeout(resolve, timeoutMs, false);
    });
    const done = await Promise.race([this.#running?.then(() => true) ?? true, late]);
    clearTimeout(timer);
    this.#flushing = false;
    return done;
  }

  /** Sends what waits, within the time; what remains is sent by the next process with this directory. Resolves as `flush`. */
  async close(timeoutMs = 5_000): Promise<boolean> {
    if (this.#closing) return this.#buffer.bytes === 0;
    this.#closing = true;
    process.off("beforeExit", this.#onBeforeExit);
    const done = await this.flush(timeoutMs);
    this.#stop.abort();
    this.#wake();
    await this.#running;
    this.#buffer.release();
    return done;
  }

  #event(message_id: string, context: Context, event: string, fields: EventFields): string {
    if (this.#closing) throw new BufferError("the client is closed");
    const { app_id = this.#options.app_id, ...rest } = context;
    const attributes = { ...this.#options.attributes, ...rest.attributes, ...fields.attributes };
    const { created_at = new Date(), event_id = randomUUID() } = fields;
    if (![app_id, message_id, event].every((text) => typeof text === "string" && text !== ""))
      throw new TypeError("app_id, message_id and event must be strings that are not empty");
    const all = { app_id, message_id, event, ...rest, ...fields, created_at, event_id };
    const line = Buffer.from(
      `${JSON.stringify(Object.keys(attributes).length > 0 ? { ...all, attributes } : all)}\n`,
    );
    if (line.length > lineBytesMax)
      throw new TypeError(`the event has ${line.length} bytes, ${lineBytesMax} at most`);
    try {
      this.#buffer.append(line);
    } catch (error) {
      this.counts.refused++;
      throw error;
    }
    this.counts.accepted++;
    this.#waiting++;
    this.#waitingBytes += line.length;
    if (this.#failures === 0 && this.#full()) this.#wake();
    this.#start();
    return event_id;
  }

  #full(): boolean {
    return (
      this.#flushing || this.#waiting >= this.#batchMax || this.#waitingBytes >= this.#options.batchBytesMax
    );
  }

  #start(): void {
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  /** Sends until the buffer is empty. */
  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      if (!this.#full()) await this.#pause(this.#options.batchAgeMs);
      try {
        const chunk = this.#buffer.read(this.#options.batchBytesMax);
        if (chunk === undefined) break;
        await this.#send(chunk.segment, firstLines(chunk.bytes, this.#batchMax));
        this.#failures = 0;
      } catch (error) {
        if (this.#stop.signal.aborted) break;
        this.counts.failed++;
        this.#callback(() => this.#options.onError?.(error as Error));
        const pauseMs =
          Math.min(100 * 2 ** this.#failures++, this.#options.retryMs) * (0.5 + Math.random() / 2);
        await this.#pause(Math.max(pauseMs, error instanceof RetryError ? error.retryAfterMs : 0));
      }
    }
    this.#waiting = 0;
    this.#waitingBytes = 0;
  }

  async #send(segment: Segment, body: Buffer): Promise<void> {
    const signal = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(this.#options.timeoutMs)]);
    const request = { method: "POST", headers: this.#headers, body, signal, redirect: "manual" } as const;
    const response = await fetch(`${this.#base}/api/event/bulk`, request);
    const answer = answerOf(await response.text());
    // Latin 1, so that a character is a byte.
    const lines = body
      .toString("latin1")
      .split("\n", this.#batchMax)
      .filter((line) => line !== "");
    const { status } = response;
    const refused = new Map<number, Problem[]>();
    for (const { index, ...problem } of answer.errors ?? [])
      if (index !== undefined) refused.set(index, [...(refused.get(index) ?? []), problem]);
    if (status === 200 || (refused.size > 0 && [207, 403, 422].includes(status))) {
      // Mars lists 100 problems at most: what follows them is sent again.
      const known = refused.size < (answer.rejected ?? 0) ? Math.max(...refused.keys()) + 1 : lines.length;
      for (const [index, problems] of refused) this.#reject(lines[index] ?? "", problems);
      this.#settle(segment, lines.slice(0, known), refused.size);
      this.#batchMax = Math.min(this.#options.batchEventsMax, this.#batchMax * 2);
    } else if (status === 413 || ([400, 422].includes(status) && answer.success === false)) {
      // This body is refused as a whole: its half may not be.
      this.#batchMax = Math.max(1, Math.floor(lines.length / 2));
      if (lines.length > 1) return;
      this.#reject(lines[0] ?? "", [{ field: "", message: answer.detail ?? `status ${status}` }]);
      this.#settle(segment, lines, 1);
    } else {
      const seconds = Number(response.headers.get("retry-after") ?? 0);
      throw new RetryError(`Mars answered ${status} ${answer.detail ?? ""}`.trim(), seconds * 1_000 || 0);
    }
  }

  #settle(segment: Segment, lines: readonly string[], rejected: number): void {
    const bytes = lines.reduce((sum, line) => sum + line.length + 1, 0);
    this.#buffer.settle(segment, bytes);
    this.counts.delivered += lines.length - rejected;
    this.counts.rejected += rejected;
    this.#waiting = Math.max(0, this.#waiting - lines.length);
    this.#waitingBytes = Math.max(0, this.#waitingBytes - bytes);
  }

  #reject(line: string, problems: readonly Problem[]): void {
    const text = Buffer.from(line, "latin1").toString();
    const warn = () =>
      process.emitWarning(`Mars refused ${text}: ${JSON.stringify(problems)}`, "MarsWarning");
    this.#callback(() => (this.#options.onRejected ?? warn)(answerOf(text), problems));
  }

  /** A fault of a callback is the caller's, and must not stop the delivery. */
  #callback(run: () => void): void {
    try {
      run();
    } catch (error) {
      queueMicrotask(() => {
        throw error;
      });
    }
  }

  /** The process may end meanwhile: `beforeExit` closes the client. */
  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms).unref();
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

class RetryError extends Error {
  constructor(
    message: string,
    readonly retryAfterMs: number,
  ) {
    super(message);
  }
}

function firstLines(bytes: Buffer, count: number): Buffer {
  let end = 0;
  for (let line = 0, at = bytes.indexOf("\n"); line < count && at >= 0; line++, at = bytes.indexOf("\n", end))
    end = at + 1;
  return end > 0 ? bytes.subarray(0, end) : bytes;
}

/** A proxy's answer, and a damaged line, may be no JSON object: then nothing is known of it. */
function answerOf(text: string): Answer {
  try {
    const answer: unknown = JSON.parse(text);
    if (typeof answer === "object" && answer !== null) return answer;
  } catch {
    // Below.
  }
  return { detail: text.slice(0, 200) };
}
