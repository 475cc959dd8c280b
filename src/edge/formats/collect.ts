/** Stores the records of one request in a format of others, and answers as a bulk is answered. */
import type { Caller } from "../../core/caller.ts";
import { MarsError } from "../../core/error.ts";
import { during } from "../../core/spans.ts";
import { tracedAs, traceparentHeader, traceparents } from "../../core/traceparent.ts";
import type { RecordBatch } from "../../formats/record-batch.ts";
import type { DoorName } from "../doors.ts";
import type { EdgeParts } from "../parts.ts";
import { requestIdOf } from "../request-id.ts";
import { commitSpan, spanOf } from "../request-spans.ts";
import { answerJson } from "../rest/answer.ts";
import { problemResponse } from "../rest/problem.ts";
import type { HttpContext } from "../rest/router.ts";

export interface Collected {
  readonly door: DoorName;
  readonly caller: Caller;
  /** Whether the request is one record, whose problems are the request's. */
  readonly single?: boolean;
}

/** Rejects as `EventLimits.charge` and `Ingest.accept` do. */
export async function answerRecords(
  c: HttpContext,
  { ingest, eventLimits, doors, denials }: Pick<EdgeParts, "ingest" | "eventLimits" | "doors" | "denials">,
  batch: RecordBatch,
  { door, caller, single = false }: Collected,
): Promise<Response> {
  const request = c.req.raw;
  caller.identity.assertMay("ingest");
  const { events, rejected, denied, problems, size } = batch;
  const accepted = events.length;
  if (denied > 0) {
    const denial = new MarsError(
      "permission_denied",
      `${denied} events are of apps that this key is not for`,
    );
    const action = `POST ${new URL(request.url).pathname}`;
    denials.note(denial, () => ({ ...caller, action, requestId: requestIdOf(request) }));
  }
  if (rejected > 0 && accepted === 0) {
    const code = denied === rejected ? "permission_denied" : "invalid_argument";
    const own = single ? problems.map(({ field, message }) => ({ field, message })) : problems;
    const said = own.map(({ field, message }) => `${field} ${message}`.trim()).join("; ");
    const error = new MarsError(code, single ? said : `none of ${size} events is valid`, { problems: own });
    doors.answered(door, 0, 0, batch.faults);
    doors.refused(door, error, requestIdOf(request));
    return problemResponse(error, request, { members: single ? {} : { accepted, rejected } });
  }
  let seq: number | undefined;
  if (accepted > 0) {
    eventLimits.charge(caller, events, accepted + rejected);
    const traceparent = traceparents.read(request.headers.get(traceparentHeader));
    seq = await during(spanOf(request), commitSpan, ingest.accept(tracedAs(events, traceparent)));
  }
  doors.answered(door, accepted, rejected, batch.faults);
  if (single) return answerJson(c, JSON.stringify({ success: true, seq }));
  const ignored = batch.faults.get("ignored");
  const counts = { accepted, rejected, ...(ignored !== undefined && { ignored }) };
  return rejected === 0
    ? answerJson(c, JSON.stringify({ success: true, ...counts, seq }))
    : answerJson(c, JSON.stringify({ success: false, ...counts, errors: problems, seq }), 207);
}
