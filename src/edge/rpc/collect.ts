/** Checks and accepts events, for every method that takes them in. */
import { MarsError } from "../../event/error.ts";
import type { MarsEvent } from "../../event/event.ts";
import { bulkEventsMax, problemsMax } from "../../event/limits.ts";
import type { Ingest } from "../../event/ports.ts";
import { receipts } from "../../event/receipt.ts";
import type { Problems } from "../../event/validate.ts";
import { eventFromProto, type ProtoEvent } from "./convert.ts";

/** What became of a batch, in the shape of the answers. */
export interface BatchResult {
  readonly accepted: number;
  readonly rejected: number;
  /** At most `problemsMax`. */
  readonly errors: { readonly index: number; readonly field: string; readonly message: string }[];
  /** Of the last accepted event; 0 when none was accepted. */
  readonly seq: bigint;
}

/** Accepts one event. Throws `MarsError` `invalid_argument` with its problems, and what `Ingest.accept` throws. */
export async function collectOne(ingest: Ingest, message: ProtoEvent): Promise<number> {
  const problems: Problems = { list: [] };
  const event = eventFromProto(message, receipts.next(), problems);
  if (event === undefined) throw invalidEvent(problems);
  return ingest.accept([event]);
}

/**
 * Accepts the valid ones of up to `bulkEventsMax` events, all or none of them.
 * Throws `too_large` beyond the bound, and what `Ingest.accept` throws.
 */
export async function collectBatch(ingest: Ingest, messages: readonly ProtoEvent[]): Promise<BatchResult> {
  if (messages.length > bulkEventsMax) {
    const message = `must be at most ${bulkEventsMax}, are ${messages.length}`;
    throw new MarsError("too_large", `events ${message}`, { problems: [{ field: "events", message }] });
  }
  const problems: Problems = { list: [] };
  const events: MarsEvent[] = [];
  for (const [index, message] of messages.entries()) {
    problems.index = index;
    const event = eventFromProto(message, receipts.next(), problems);
    if (event !== undefined) events.push(event);
    else if (problems.list.length > problemsMax) problems.list.length = problemsMax;
  }
  const seq = events.length === 0 ? 0 : await ingest.accept(events);
  return {
    accepted: events.length,
    rejected: messages.length - events.length,
    errors: problems.list.map(({ index = 0, field, message }) => ({ index, field, message })),
    seq: BigInt(seq),
  };
}

/** The error for an event with these problems. */
export function invalidEvent(problems: Problems): MarsError {
  const [first] = problems.list;
  const more = problems.list.length > 1 ? `, and ${problems.list.length - 1} more` : "";
  const message = first === undefined ? "invalid event" : `${first.field} ${first.message}${more}`;
  return new MarsError("invalid_argument", message, { problems: problems.list });
}
