/** Waits until a load is stored, and counts what is there. */
import { listEvents } from "../../api/listed-events.ts";
import { answerOf, call, exchange } from "../call.ts";
import { requestOf } from "../request.ts";
import type { Session } from "../session.ts";
import { placeOf } from "./bench-event.ts";
import type { Ledger } from "./ledger.ts";

/** How long Mars may take to store what it has acknowledged. */
const storedWithinMs = 10 * 60_000;

interface Page {
  readonly events: readonly {
    readonly message_id: string;
    readonly event_id: string | null;
    readonly duplicates: number;
  }[];
  readonly next_cursor: string | null;
}

export interface Load {
  readonly app: string;
  readonly prefix: string;
  readonly lastSeq: number;
}

type Reached =
  | { readonly ok: true; readonly tookMs: number }
  | { readonly ok: false; readonly sentences: readonly string[] };

/** Resolves when everything up to the last seq can be read. */
export async function untilStored(
  { client, agent }: Pick<Session, "client" | "agent">,
  { app, lastSeq }: Load,
  signal: AbortSignal,
): Promise<Reached> {
  const beganMs = performance.now();
  for (;;) {
    const request = requestOf(listEvents, { app_id: app, limit: 1, min_seq: lastSeq }, undefined);
    try {
      const response = await exchange(client, request, { agent, signal });
      const answer = answerOf(client, response, await response.text());
      const tookMs = performance.now() - beganMs;
      if (answer.ok) return { ok: true, tookMs };
      // 504: not all of it is stored yet.
      if (response.status !== 504 || tookMs > storedWithinMs) return answer;
    } catch (error) {
      signal.throwIfAborted();
      return { ok: false, sentences: [error instanceof Error ? error.message : String(error)] };
    }
  }
}

/** Notes every event of the load that Mars has. @returns the sentences of a refusal, where there is one */
export async function countStored(
  { client, agent }: Pick<Session, "client" | "agent">,
  { app, prefix }: Load,
  { ledger, signal, progress }: { ledger: Ledger; signal: AbortSignal; progress(counted: number): void },
): Promise<readonly string[] | undefined> {
  let counted = 0;
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const given = { app_id: app, prefix, ...(cursor !== undefined && { cursor }) };
    const answer = await call(client, requestOf(listEvents, given, undefined), agent, signal);
    signal.throwIfAborted();
    if (!answer.ok) return answer.sentences;
    const page = answer.value as Page;
    for (const event of page.events) {
      const { connection, place } = placeOf(prefix, event);
      ledger.seen(connection, place, event.duplicates > 0);
    }
    counted += page.events.length;
    progress(counted);
    cursor = page.next_cursor;
  }
  return undefined;
}
