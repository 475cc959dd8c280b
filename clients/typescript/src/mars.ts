/** Reports events to Mars: batched, retried with the same `event_id`, kept in a buffer until Mars has answered. */
import { randomUUID } from "node:crypto";
import { type Context, type EventFields, Message } from "./message.js";
import { BufferError, Spool } from "./spool.js";

export { BufferError, type Context, type EventFields, Message };

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
  /** The longest pause between two tries; default: 2 s. */
  readonly retryMs?: number;
  /** Mars refused this event, and it is not sent again. Default: a warning of the process. */
  readonly onRejected?: (event: unknown, problems: readonly Problem[]) => void;
  /** A try failed, and there will be another. */
  readonly onError?: (error: Error) => void;
}

interface Answer {
  rejected?: number;
  errors?: (Problem & { index?: number })[];
  detail?: string;
  success?: boolean;
}

export class Mars {
  /** Since the start: `accepted` in the buffer, `refused` by it, `delivered` to Mars, `rejected` by Mars, tries that `failed`. */
  readonly counts = { accepted: 0, refused: 0, delivered: 0, rejected: 0, failed: 0 };
  readonly #options: MarsOptions;
  readonly #url: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #spool: Spool;
  readonly #stop = new AbortController();
  readonly #sender = setInterval(() => void this.#send(), 200).unref();
  readonly #onBeforeExit = () => void this.close();
  #sending = false;

  constructor(options: MarsOptions = {}) {
    const { MARS_URL, MARS_KEY, MARS_BUFFER_DIR } = process.env;
    const key = options.key ?? MARS_KEY;
    this.#options = options;
    this.#url = `${(options.url ?? (MARS_URL || "http://127.0.0.1:4000")).replace(/\/+$/, "")}/api/event/bulk`;
    this.#headers = {
      "content-type": "application/x-ndjson",
      ...(key && { authorization: `Bearer ${key}` }),
    };
    const directory = options.bufferDir ?? (MARS_BUFFER_DIR || undefined);
    this.#spool = new Spool(directory, options.bufferBytesMax ?? 64 * 1024 * 1024);
    process.on("beforeExit", this.#onBeforeExit);
  }

  /** A message, and the fields that all of its events have. */
  message(message_id: string, context: Context = {}): Message {
    return new Message((name, fields) => this.#event(message_id, context, name, fields));
  }

  /** Resolves to whether everything accepted was delivered, or rejected, within the time. */
  async flush(timeoutMs = 5_000): Promise<boolean> {
    for (const end = performance.now() + timeoutMs; !this.#spool.empty; ) {
      if (performance.now() > end) return false;
      void this.#send();
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    return true;
  }

  /** Sends what waits, within the time; what remains is sent by the next process with this directory. Resolves as `flush`. */
  async close(timeoutMs = 5_000): Promise<boolean> {
    process.off("beforeExit", this.#onBeforeExit);
    this.#spool.refuse();
    const done = await this.flush(timeoutMs);
    clearInterval(this.#sender);
    this.#spool.close();
    this.#stop.abort();
    return done;
  }

  #event(message_id: string, context: Context, event: string, fields: EventFields): string {
    const { app_id = this.#options.app_id, ...common } = context;
    const { created_at = new Date(), event_id = randomUUID() } = fields;
    if (![app_id, message_id, event].every((text) => typeof text === "string" && text !== ""))
      throw new TypeError("app_id, message_id and event must be strings that are not empty");
    const merged = { ...this.#options.attributes, ...common.attributes, ...fields.attributes };
    const attributes = Object.keys(merged).length > 0 ? merged : undefined;
    const all = { app_id, message_id, event, ...common, ...fields, created_at, event_id, attributes };
    const line = `${JSON.stringify(all)}\n`;
    try {
      this.#spool.append(line);
    } catch (error) {
      this.counts.refused++;
      throw error;
    }
    this.counts.accepted++;
    return event_id;
  }

  /** Sends batch after batch until none is left; one call at a time. */
  async #send(): Promise<void> {
    if (this.#sending) return;
    this.#sending = true;
    for (let batch = this.#spool.next(); batch !== undefined; batch = this.#spool.next()) {
      await this.#deliver(batch.lines);
      if (this.#stop.signal.aborted) break;
      this.#spool.remove();
    }
    this.#sending = false;
  }

  /** Resolves when Mars has answered for each line, or the client is closed. */
  async #deliver(all: readonly string[]): Promise<void> {
    const { onError, retryMs = 2_000 } = this.#options;
    let most = all.length;
    for (let lines = all, failures = 0; lines.length > 0 && !this.#stop.signal.aborted; ) {
      try {
        const part = lines.slice(0, most);
        const answered = await this.#post(part);
        // This part is refused as a whole: its half may not be.
        if (answered === 0) most = Math.floor(part.length / 2);
        lines = lines.slice(answered);
        failures = 0;
      } catch (error) {
        if (this.#stop.signal.aborted) return;
        this.counts.failed++;
        callback(() => onError?.(error as Error));
        const pauseMs = Math.min(100 * 2 ** failures++, retryMs) * (0.5 + Math.random() / 2);
        const afterMs = Math.max(pauseMs, error instanceof BusyError ? error.retryAfterMs : 0);
        // The process may end meanwhile: `beforeExit` closes the client.
        await new Promise((resolve) => setTimeout(resolve, afterMs).unref());
      }
    }
  }

  /** Makes one request. Resolves to how many lines Mars has answered for; 0 if a part of them may be accepted. */
  async #post(lines: readonly string[]): Promise<number> {
    const signal = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(10_000)]);
    const init = { method: "POST", headers: this.#headers, body: lines.join(""), signal };
    const response = await fetch(this.#url, init);
    const answer: Answer = objectOf(await response.text());
    const { status } = response;
    const refused = new Map<number, Problem[]>();
    for (const { index, ...problem } of answer.errors ?? [])
      if (index !== undefined) refused.set(index, [...(refused.get(index) ?? []), problem]);
    let answered = lines.length;
    if ((status === 200 && answer.success) || (refused.size > 0 && [207, 403, 422].includes(status))) {
      // Mars lists 100 problems at most: what follows them is sent again.
      if (refused.size < (answer.rejected ?? 0)) answered = Math.max(...refused.keys()) + 1;
    } else if (status === 413 || ([400, 422].includes(status) && answer.success === false)) {
      if (lines.length > 1) return 0;
      refused.set(0, [{ field: "", message: answer.detail ?? `status ${status}` }]);
    } else {
      const seconds = Number(response.headers.get("retry-after") ?? 0);
      throw new BusyError(`Mars answered ${status} ${answer.detail ?? ""}`.trim(), seconds * 1_000 || 0);
    }
    this.counts.delivered += answered - refused.size;
    this.counts.rejected += refused.size;
    const { onRejected = warn } = this.#options;
    for (const [index, problems] of refused)
      callback(() => onRejected(objectOf(lines[index] ?? ""), problems));
    return answered;
  }
}

class BusyError extends Error {
  constructor(
    message: string,
    readonly retryAfterMs: number,
  ) {
    super(message);
  }
}

/** A fault of a callback is the caller's, and must not stop the delivery. */
function callback(run: () => void): void {
  try {
    run();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}

function warn(event: unknown, problems: readonly Problem[]): void {
  process.emitWarning(`Mars refused ${JSON.stringify(event)}: ${JSON.stringify(problems)}`, "MarsWarning");
}

/** A proxy's answer, and a damaged line, may be no JSON object: then nothing is known of it. */
function objectOf(text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null) return value;
  } catch {
    // Below.
  }
  return { detail: text.slice(0, 200) };
}
