/** A producer's client: waits as long as an answer asks, and sends again without an answer. */
import { setTimeout as sleep } from "node:timers/promises";
import { bulkEventsMax } from "../../src/core/limits.ts";
import type { DemoEvent } from "../../src/demo/message.ts";
import type { DemoMars } from "../../src/demo/player.ts";

/** How long one call may be refused or unanswered, all tries together. */
const patienceMs = 60_000;
/** How long what was accepted may take until it can be seen: a large day on a small machine. */
const visibleMs = 10 * 60_000;
const pauseMs = 1_000;
/** One try. */
const timeoutMs = 30_000;

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

export class MarsClient implements DemoMars {
  readonly #url: string;
  readonly #key: string | undefined;
  readonly #signal: AbortSignal;

  /** @param signal ends everything, with its reason */
  constructor(url: string, key: string | undefined, signal: AbortSignal) {
    this.#url = url;
    this.#key = key;
    this.#signal = signal;
  }

  get hasKey(): boolean {
    return this.#key !== undefined;
  }

  /** @throws `DemoError` where no Mars answers, or one that is not ready */
  async assertReady(): Promise<void> {
    let response: Response;
    try {
      response = await this.#fetch("/readyz");
    } catch (error) {
      this.#signal.throwIfAborted();
      throw new DemoError(
        `no Mars answers at ${this.#url} (${messageOf(error)}): start one with npm start, or set --url`,
      );
    }
    if (!response.ok)
      throw new DemoError(
        `what answers at ${this.#url} is no Mars that is ready: GET /readyz gives ${response.status}`,
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

  get(path: string): Promise<Json> {
    return this.#call(path);
  }

  change(method: "PUT" | "POST" | "DELETE", path: string, body?: unknown): Promise<Json> {
    return this.#call(path, {
      method,
      ...(body !== undefined && {
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      }),
    });
  }

  async #call(path: string, init?: RequestInit): Promise<Json> {
    const what = `${init?.method ?? "GET"} ${path}`;
    const startMs = Date.now();
    for (;;) {
      let waitMs = pauseMs;
      let limitMs = patienceMs;
      let refusal: string;
      try {
        const response = await this.#fetch(path, init);
        if (response.ok) return await response.json();
        refusal = `${response.status} ${await response.text()}`;
        // 504: what was sent is not visible yet.
        if (response.status === 504) limitMs = visibleMs;
        if (![429, 503, 504].includes(response.status))
          throw new DemoError(`${what} gives ${refusal}`, response.status);
        waitMs = 1_000 * Number(response.headers.get("retry-after")) || pauseMs;
      } catch (error) {
        this.#signal.throwIfAborted();
        if (error instanceof DemoError) throw error;
        refusal = messageOf(error);
      }
      if (Date.now() + waitMs > startMs + limitMs) throw new DemoError(`${what} goes on failing: ${refusal}`);
      await sleep(waitMs, undefined, { signal: this.#signal });
    }
  }

  #fetch(path: string, init?: RequestInit): Promise<Response> {
    const signal = AbortSignal.any([this.#signal, AbortSignal.timeout(timeoutMs)]);
    const headers = {
      ...init?.headers,
      ...(this.#key !== undefined && { authorization: `Bearer ${this.#key}` }),
    };
    return fetch(this.#url + path, { ...init, headers, signal });
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
