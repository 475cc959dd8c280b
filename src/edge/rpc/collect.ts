/** Checks and accepts events, for every method that collects them. */
import type { Caller } from "../../core/caller.ts";
import { MarsError, moreProblems } from "../../core/error.ts";
import type { MarsEvent } from "../../core/event.ts";
import { bulkEventsMax, problemsMax } from "../../core/limits.ts";
import type { Ingest } from "../../core/ports.ts";
import { receipts } from "../../core/receipt.ts";
import { during } from "../../core/spans.ts";
import { tracedAs } from "../../core/traceparent.ts";
import type { Problems, Sender } from "../../core/validate.ts";
import type { Doors } from "../doors.ts";
import type { EventLimits, EventSender } from "../event-limits.ts";
import { commitSpan } from "../request-spans.ts";
import { eventFromProto, type ProtoEvent } from "./convert.ts";

/** The result of a batch, in the shape of the answers. */
export interface BatchResult {
  readonly accepted: number;
  readonly rejected: number;
  /** At most `problemsMax`. */
  readonly errors: { readonly index: number; readonly field: string; readonly message: string }[];
  /** Of the last accepted event; 0 when none was accepted. */
  readonly seq: bigint;
}

/** The caller whose events they are. */
export type CollectSender = EventSender & Pick<Caller, "protocol" | "traceparent" | "span">;

/** Where events go. */
export interface Collecting {
  readonly ingest: Pick<Ingest, "accept">;
  readonly eventLimits: Pick<EventLimits, "charge">;
  readonly doors: Pick<Doors, "answered">;
}

/**
 * Accepts one event. Throws `MarsError` `invalid_argument` with its problems, and what `EventLimits.charge` and `Ingest.accept`
 * throw.
 */
export async function collectOne(
  collecting: Collecting,
  message: ProtoEvent,
  sender: CollectSender,
): Promise<number> {
  const problems: Problems = { list: [], sender: sender.identity };
  const event = eventFromProto(message, receipts.next(), problems);
  if (event === undefined) throw invalidEvent(problems);
  return acceptOne(collecting, event, sender);
}

/** The same for an event that has been checked. */
export async function acceptOne(
  { ingest, eventLimits, doors }: Collecting,
  event: MarsEvent,
  sender: CollectSender,
): Promise<number> {
  const events = tracedAs([event], sender.traceparent);
  eventLimits.charge(sender, events);
  const seq = await during(sender.span, commitSpan, ingest.accept(events));
  doors.answered(sender.protocol, 1);
  return seq;
}

/** The valid events of a batch, and the problems of the others. */
export class CheckedBatch {
  readonly events: MarsEvent[] = [];
  readonly problems: Problems;
  #size = 0;

  constructor(sender: Sender) {
    this.problems = { list: [], sender };
  }

  /** How many events came, valid or not. */
  get size(): number {
    return this.#size;
  }

  /** Throws `too_large` beyond `bulkEventsMax`. */
  add(message: ProtoEvent): void {
    this.#count();
    const event = eventFromProto(message, receipts.next(), this.problems);
    if (event !== undefined) this.events.push(event);
    else this.#forgetBeyondBound();
  }

  /** Counts an event that is refused undecoded. Throws as `add`. */
  refuse(message: string): void {
    const index = this.#count();
    this.problems.list.push({ index, field: "", message });
    this.#forgetBeyondBound();
  }

  /** Starts again with an empty batch. */
  clear(): void {
    this.events.length = 0;
    this.problems.list.length = 0;
    this.problems.denied = 0;
    this.#size = 0;
  }

  #count(): number {
    if (this.#size === bulkEventsMax) throw tooMany("more");
    this.problems.index = this.#size++;
    return this.problems.index;
  }

  #forgetBeyondBound(): void {
    const { list } = this.problems;
    if (list.length > problemsMax) list.length = problemsMax;
  }
}

/** Checks up to `bulkEventsMax` events. Throws `too_large` beyond the bound. */
export function checkBatch(messages: readonly ProtoEvent[], sender: Sender): CheckedBatch {
  if (messages.length > bulkEventsMax) throw tooMany(String(messages.length));
  const batch = new CheckedBatch(sender);
  for (const message of messages) batch.add(message);
  return batch;
}

/** Accepts the valid ones, all or none of them. Rejects as `Ingest.accept` does. */
export async function acceptBatch(
  { ingest, doors }: Pick<Collecting, "ingest" | "doors">,
  { events, size, problems }: CheckedBatch,
  { protocol, traceparent, span }: Pick<Caller, "protocol" | "traceparent" | "span">,
): Promise<BatchResult> {
  const accept = () => during(span, commitSpan, ingest.accept(tracedAs(events, traceparent)));
  const seq = events.length === 0 ? 0 : await accept();
  if (events.length > 0) doors.answered(protocol, events.length, size - events.length);
  return {
    accepted: events.length,
    rejected: size - events.length,
    errors: problems.list.map(({ index = 0, field, message }) => ({ index, field, message })),
    seq: BigInt(seq),
  };
}

function tooMany(count: string): MarsError {
  const message = `must be at most ${bulkEventsMax}, are ${count}`;
  return new MarsError("too_large", `events ${message}`, { problems: [{ field: "events", message }] });
}

/**
 * The error for an event with these problems, or for a batch without a valid one.
 *
 * @param rejected how many events have problems
 */
export function invalidEvent(problems: Problems, rejected = 1): MarsError {
  const [first] = problems.list;
  const more = moreProblems(problems.list.length - 1);
  const message = first === undefined ? "invalid event" : `${first.field} ${first.message}${more}`;
  const code = problems.denied === rejected ? "permission_denied" : "invalid_argument";
  return new MarsError(code, message, { problems: problems.list });
}
