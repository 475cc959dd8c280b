/** Stores what an OTLP request holds, over both protocols. */
import type { Caller } from "../../core/caller.ts";
import { MarsError } from "../../core/error.ts";
import { bulkEventsMax } from "../../core/limits.ts";
import { during } from "../../core/spans.ts";
import type { OtlpBatch } from "../../formats/otlp/otlp-batch.ts";
import type { DeniedCall } from "../denials.ts";
import type { EdgeParts } from "../parts.ts";
import { commitSpan } from "../request-spans.ts";

export type OtlpParts = Pick<
  EdgeParts,
  "ingest" | "eventLimits" | "doors" | "denials" | "intake" | "formats"
>;

/** Records that are not to be sent again. */
export interface PartialSuccess {
  readonly rejected: number;
  /** Empty where there is nothing to say. */
  readonly message: string;
}

/**
 * Stores the events, on disk when it resolves. More than `bulkEventsMax` are stored in several steps: where a later one is refused the
 * sender sends all of them again, which changes nothing about those that are stored.
 *
 * Rejects with `permission_denied` where all records are of apps that the key is not for, and as `EventLimits.charge` and
 * `Ingest.accept` do.
 */
export async function collectRecords(
  { ingest, eventLimits, doors, denials }: OtlpParts,
  batch: OtlpBatch,
  caller: Caller,
  { action, requestId }: Pick<DeniedCall, "action" | "requestId">,
): Promise<PartialSuccess> {
  const { events, records, rejected, message } = batch;
  if (batch.denied > 0) {
    const error = new MarsError("permission_denied", message);
    if (batch.denied === records) throw error;
    denials.note(error, () => ({ ...caller, action, requestId }));
  }
  if (events.length > 0) {
    eventLimits.charge(caller, events, events.length + rejected);
    for (let from = 0; from < events.length; from += bulkEventsMax) {
      const part = events.length <= bulkEventsMax ? events : events.slice(from, from + bulkEventsMax);
      await during(caller.span, commitSpan, ingest.accept(part));
    }
  }
  doors.answered("otlp", events.length, rejected, batch.refused);
  return { rejected, message };
}
