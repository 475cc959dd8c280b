/** A producer's client: waits as long as an answer asks, and sends again without an answer. */
import type { Client } from "../../config/client.ts";
import { bulkEventsMax } from "../../core/limits.ts";
import type { DemoEvent } from "../../demo/message.ts";
import type { DemoMars } from "../../demo/player.ts";
import { exchange, unreached } from "../call.ts";
import { PatientCalls } from "../patience.ts";

/** How long calls may be refused or unanswered, all tries together. */
const patienceMs = 60_000;
/** How long what was accepted may take until it can be seen: a large day on a small machine. */
const visibleMs = 10 * 60_000;

/** A failure whose message is for the user. */
export class DemoError extends Error {
  /** Of the answer that refused; absent where there is none. */
  readonly status: number | undefined;

  constructor(message: string, status?: number) {
    super(message);
    this.status = status;
  }
}

// The caller knows the type of the answer.
// biome-ignore lint/suspicious/noExplicitAny: answers are looked into by path
export type Json = any;

export interface DemoClientOptions {
  readonly agent: string;
  /** Ends everything, with its reason. */
  readonly signal: AbortSignal;
}

export class DemoClient implements DemoMars {
  readonly #client: Client;
  readonly #options: DemoClientOptions;
  readonly #calls: PatientCalls;

  constructor(client: Client, options: DemoClientOptions) {
    this.#client = client;
    this.#options = options;
    this.#calls = new PatientCalls(client, { ...options, patienceMs });
  }

  get hasKey(): boolean {
    return this.#client.key !== undefined;
  }

  /** @throws `DemoError` where no Mars answers, or one that is not ready */
  async assertReady(): Promise<void> {
    let response: Response;
    try {
      response = await exchange(this.#client, { method: "GET", path: "/readyz" }, this.#options);
    } catch (error) {
      this.#options.signal.throwIfAborted();
      throw new DemoError(unreached(this.#client, error));
    }
    if (!response.ok)
      throw new DemoError(
        `what answers at ${this.#client.url} is no Mars that is ready: GET /readyz gives ${response.status}`,
      );
  }

  putLifecycle(appId: string, lifecycle: unknown): Promise<Json> {
    return this.change("PUT", `/api/apps/${encodeURIComponent(appId)}/lifecycle`, lifecycle);
  }

  putAttributes(appId: string, indexed: readonly string[]): Promise<Json> {
    return this.change("PUT", `/api/apps/${encodeURIComponent(appId)}/attributes`, { indexed });
  }

  /** Resolves, to the last seq, when all are on disk. A try without an answer is repeated, which does no harm. */
  async send(events: readonly DemoEvent[]): Promise<number> {
    let seq = 0;
    for (let start = 0; start < events.length; start += bulkEventsMax) {
      const part = { events: events.slice(start, start + bulkEventsMax) };
      const answer = await this.change("POST", "/api/event/bulk", part);
      if (answer.rejected > 0) throw new DemoError(`events were rejected: ${JSON.stringify(answer.errors)}`);
      seq = answer.seq;
    }
    return seq;
  }

  /** Waits for what is not visible yet, where the path has a `min_seq`. */
  get(path: string): Promise<Json> {
    return this.#call({ method: "GET", path }, visibleMs);
  }

  change(method: "PUT" | "POST" | "DELETE", path: string, body?: unknown): Promise<Json> {
    return this.#call({ method, path, ...(body !== undefined && { body: JSON.stringify(body) }) }, 0);
  }

  async #call(request: Parameters<PatientCalls["call"]>[0], waitMs: number): Promise<Json> {
    const startMs = performance.now();
    for (;;) {
      const answer = await this.#calls.call(request);
      if (answer.ok) return answer.value;
      if (answer.status === 504 && performance.now() < startMs + waitMs) continue;
      const what = `${request.method} ${request.path}`;
      throw new DemoError(`${what}: ${answer.sentences.join("; ")}`, answer.status || undefined);
    }
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
