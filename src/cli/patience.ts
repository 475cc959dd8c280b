/** Makes calls again that failed for a passing reason: no answer, overload, a restart. */
import type { Client } from "../config/client.ts";
import { delay } from "../runtime/delay.ts";
import { type Answer, answerOf, exchange, type Refusal, unreached } from "./call.ts";
import type { Request } from "./request.ts";

export interface PatientOptions {
  readonly agent: string;
  /** Ends everything, waits included: then `send` rejects with its reason. */
  readonly signal: AbortSignal;
  /** How long there may be no success at all, before a failure is final. */
  readonly patienceMs: number;
  /** Called when a call will be made again, with the reason. */
  waiting?(sentence: string): void;
}

export interface CallOptions {
  readonly headers?: Readonly<Record<string, string>>;
}

/** Overload, a restart, a deadline, a proxy whose server is away. */
const passing = new Set([429, 502, 503, 504]);
const pauseMsMin = 200;
const pauseMsMax = 10_000;
/** One try; an answer that takes longer does not come. */
const tryMs = 60_000;

/** Calls that share one patience: a success of any begins it again. */
export class PatientCalls {
  readonly #client: Client;
  readonly #options: PatientOptions;
  #lastSuccess = performance.now();
  #retries = 0;

  constructor(client: Client, options: PatientOptions) {
    this.#client = client;
    this.#options = options;
  }

  /** Calls that were made again. */
  get retries(): number {
    return this.#retries;
  }

  /** The status is 0 where no answer came. */
  async call(
    request: Request,
    { headers }: CallOptions = {},
  ): Promise<(Answer | Refusal) & { status: number }> {
    const { agent, signal, patienceMs, waiting } = this.#options;
    for (let pauseMs = pauseMsMin; ; pauseMs = Math.min(pauseMsMax, pauseMs * 2)) {
      signal.throwIfAborted();
      let answer: Answer | Refusal;
      let status = 0;
      let waitMs = pauseMs * (0.5 + Math.random());
      try {
        const options = { agent, signal: AbortSignal.any([signal, AbortSignal.timeout(tryMs)]) };
        const response = await exchange(this.#client, request, {
          ...options,
          ...(headers !== undefined && { headers }),
        });
        status = response.status;
        waitMs = Math.max(waitMs, retryAfterMs(response));
        answer = answerOf(this.#client, response, await response.text());
      } catch (error) {
        signal.throwIfAborted();
        answer = { ok: false, sentences: [unreached(this.#client, error)] };
        status = 0;
      }
      const now = performance.now();
      if (answer.ok || !(status === 0 || passing.has(status))) {
        this.#lastSuccess = now;
        return { ...answer, status };
      }
      if (now + waitMs > this.#lastSuccess + patienceMs) return { ...answer, status };
      this.#retries++;
      if (!answer.ok) waiting?.(answer.sentences[0] ?? "");
      await delay(waitMs, signal);
    }
  }
}

function retryAfterMs({ headers }: Response): number {
  const seconds = Number(headers.get("retry-after"));
  return seconds > 0 ? seconds * 1_000 : 0;
}
