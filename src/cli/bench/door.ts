/** The ways by which a load sends its events: each call is answered, refused, or not answered. */
import type { Client } from "../../config/client.ts";
import { answerOf, exchange, unreached } from "../call.ts";
import type { BenchEvent } from "./bench-event.ts";

export type Sent =
  /** All of them are on disk. @property seq of the last one */
  | { readonly outcome: "acknowledged"; readonly seq: number }
  /** Overload or a stop: it may be tried again after `waitMs`. */
  | { readonly outcome: "refused"; readonly reason: string; readonly waitMs: number }
  | { readonly outcome: "unanswered"; readonly reason: string }
  /** Refused for a reason that does not pass: the load is at its end. */
  | { readonly outcome: "ended"; readonly sentences: readonly string[] };

/** One connection; its calls follow each other. */
export interface Connection {
  /** Never rejects. */
  send(events: readonly BenchEvent[]): Promise<Sent>;
  close(): void;
}

export const doors = ["rest", "rest-bulk", "grpc"] as const;
export type Door = (typeof doors)[number];

export interface ConnectionOptions {
  readonly client: Client;
  readonly agent: string;
  /** Gives up calls that are under way. */
  readonly signal: AbortSignal;
}

/** Overload, and a Mars that stops. */
const passing = new Set([429, 503]);
const ndjson = { "content-type": "application/x-ndjson" };

/** `POST /api/event`, of one event a call, or with `bulk` `POST /api/event/bulk`. `fetch` keeps the connections. */
export function restConnection({ client, agent, signal }: ConnectionOptions, bulk: boolean): Connection {
  const [path, headers] = bulk ? ["/api/event/bulk", ndjson] : ["/api/event", {}];
  return {
    async send(events) {
      const body = events.map((event) => JSON.stringify(event)).join("\n");
      try {
        const response = await exchange(client, { method: "POST", path, body }, { agent, signal, headers });
        const answer = answerOf(client, response, await response.text());
        if (answer.ok && response.status === 200)
          return { outcome: "acknowledged", seq: seqOf(answer.value) };
        if (answer.ok) return { outcome: "ended", sentences: [`some events were refused: ${answer.text}`] };
        const [reason = ""] = answer.sentences;
        if (!passing.has(response.status)) return { outcome: "ended", sentences: answer.sentences };
        return {
          outcome: "refused",
          reason,
          waitMs: 1_000 * Number(response.headers.get("retry-after") ?? 1),
        };
      } catch (error) {
        return { outcome: "unanswered", reason: unreached(client, error) };
      }
    },
    close() {},
  };
}

function seqOf(value: object): number {
  return "seq" in value ? Number(value.seq) : 0;
}
