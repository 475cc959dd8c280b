/**
 * Sends spans to an OpenTelemetry collector, by OTLP as JSON over HTTP: https://opentelemetry.io/docs/specs/otlp/#otlphttp
 *
 * Bound: `spansMax` spans wait; more are dropped. So are those that the collector refuses for good. Counter: `stats`; dropped ones
 * have a line of the log a minute. A collector that is away makes a warning, and nothing waits for it.
 */
import { MarsError } from "../core/error.ts";
import type { Log } from "../core/ports.ts";
import type { SpanStats } from "../core/spans.ts";
import { delay } from "../runtime/delay.ts";
import type { Loop, Supervisor } from "../runtime/supervisor.ts";
import { requestOf, type Sender, type Span } from "./span.ts";

const spansMax = 2_048;
const batchMax = 512;
/** Spans wait for so long for others. */
const gatherMs = 1_000;
const requestTimeoutMs = 10_000;
const retry = { firstMs: 1_000, lastMs: 30_000 };
const logEveryMs = 60_000;
/** Statuses of requests that are made again, beside those of 500 and more. */
const againStatuses = [408, 429];

export interface ExporterOptions extends Sender {
  /** Of the collector, without `/v1/traces`. */
  readonly endpoint: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly supervisor: Supervisor;
  readonly log: Pick<Log, "warn">;
}

export class SpanExporter {
  readonly #options: ExporterOptions;
  readonly #url: string;
  readonly #loop: Loop;
  readonly #stop = new AbortController();
  readonly #waiting: Span[] = [];
  #gathering: ReturnType<typeof setTimeout> | undefined;
  #sending: Promise<void> | undefined;
  #sent = 0;
  #dropped = 0;
  #loggedAt = Number.NEGATIVE_INFINITY;

  constructor(options: ExporterOptions) {
    this.#options = options;
    this.#url = `${options.endpoint.replace(/\/+$/, "")}/v1/traces`;
    this.#loop = options.supervisor.loop("spans", retry);
  }

  get stats(): SpanStats {
    return { sent: this.#sent, dropped: this.#dropped, waiting: this.#waiting.length, waiting_max: spansMax };
  }

  /** Takes a span that has ended. Never throws, and never waits. */
  readonly add = (span: Span): void => {
    if (this.#waiting.length >= spansMax) {
      this.#drop(1, "too many wait");
      return;
    }
    this.#waiting.push(span);
    if (this.#waiting.length >= batchMax) this.#send();
    else if (this.#sending === undefined) this.#gathering ??= setTimeout(() => this.#send(), gatherMs);
  };

  /** Sends those that wait, each batch once more, and resolves. */
  async stop(): Promise<void> {
    this.#stop.abort();
    if (this.#waiting.length > 0) this.#send();
    await this.#sending;
  }

  #send(): void {
    clearTimeout(this.#gathering);
    this.#gathering = undefined;
    this.#sending ??= this.#sendAll().finally(() => {
      this.#sending = undefined;
    });
  }

  async #sendAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.slice(0, batchMax);
      const problem = await this.#post(batch);
      if (problem === undefined) {
        this.#loop.succeeded();
        this.#sent += batch.length;
      } else {
        const pauseMs = this.#loop.failed(new MarsError("unavailable", problem.message));
        if (problem.again && !this.#stop.signal.aborted) {
          await delay(pauseMs, this.#stop.signal);
          continue;
        }
        this.#drop(batch.length, problem.message);
      }
      this.#waiting.splice(0, batch.length);
    }
  }

  /** @returns why they were not accepted; `undefined` where they were */
  async #post(batch: readonly Span[]): Promise<{ message: string; again: boolean } | undefined> {
    const { headers, service, version } = this.#options;
    try {
      const { ok, status, body } = await fetch(this.#url, {
        method: "POST",
        headers: { ...headers, "content-type": "application/json", "user-agent": `Mars/${version}` },
        body: requestOf(batch, { service, version }),
        redirect: "manual",
        signal: AbortSignal.timeout(requestTimeoutMs),
      });
      await body?.cancel();
      if (ok) return undefined;
      return {
        message: `collector answered ${status}`,
        again: status >= 500 || againStatuses.includes(status),
      };
    } catch (error) {
      const { name } = error as Error;
      const reason =
        name === "TimeoutError" ? `gave no answer within ${requestTimeoutMs} ms` : "cannot be reached";
      return { message: `collector ${reason}`, again: true };
    }
  }

  #drop(count: number, reason: string): void {
    this.#dropped += count;
    const now = performance.now();
    if (now - this.#loggedAt < logEveryMs) return;
    this.#loggedAt = now;
    this.#options.log.warn("spans dropped", { event: "spans_dropped", dropped: this.#dropped, reason });
  }
}
