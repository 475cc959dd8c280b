/** `POST /api/event` and `POST /api/event/bulk`. */

import type { Caller } from "../../core/caller.ts";
import { MarsError } from "../../core/error.ts";
import { eventBounds } from "../../core/event-bounds.ts";
import { bodyBytesMax } from "../../core/limits.ts";
import { receipts } from "../../core/receipt.ts";
import { during } from "../../core/spans.ts";
import { tracedAs, traceparentHeader, traceparents } from "../../core/traceparent.ts";
import { checkEvent, type Problems, type Sender } from "../../core/validate.ts";
import type { EdgeParts } from "../parts.ts";
import { requestIdOf } from "../request-id.ts";
import { commitSpan, spanOf } from "../request-spans.ts";
import { answerJson } from "./answer.ts";
import { type Batch, parseBatch } from "./batch.ts";
import { type BodyOptions, readBody, readJson } from "./body.ts";
import { type BodyFormat, bodyFormat } from "./media-type.ts";
import { problemResponse } from "./problem.ts";
import { assertNoQuery } from "./query-string.ts";
import { callerOf, type Exchange, type HttpContext, RequestSender, type Router } from "./router.ts";

// Made once: this is the answer that is given most often by far.
const acceptedInit: ResponseInit = {
  headers: new Headers({ "content-type": "application/json", "x-content-type-options": "nosniff" }),
};

type IngestParts = Pick<
  EdgeParts,
  "ingest" | "intake" | "access" | "eventLimits" | "requests" | "denials" | "doors"
>;

export const eventPath = "/api/event";

/** The paths that accept events in Mars' own form. */
export const eventPaths: ReadonlySet<string> = new Set([eventPath, "/api/event/bulk"]);

/** Serves `POST /api/event`. Rejects with `MarsError`. */
export function createEventHandler({
  ingest,
  intake,
  access,
  eventLimits,
  requests,
  doors,
}: IngestParts): (c: Exchange) => Promise<Response> {
  return async (c) => {
    const request = c.req.raw;
    const identity = access.identify(request.headers, "change");
    identity.assertMay("ingest");
    assertNoQuery(request.url);
    bodyFormat(request.headers.get("content-type"), jsonOnly);
    const sender = new RequestSender(identity, c);
    eventLimits.assertRoom(sender);
    const place = requests.enter(sender);
    let seq: number;
    try {
      const input = await readJson(intake, c, eventBounds.bodyBytesMax, { takesEvents: true, sender });
      // A body may take its time, and the key may be revoked before it is there.
      identity.assertMay("ingest");
      const problems: Problems = { list: [], sender: identity };
      const event = checkEvent(input, receipts.next(), problems);
      if (event === undefined) throw invalidEvent(input, problems);
      const events = tracedAs([event], traceOf(request));
      eventLimits.charge(sender, events);
      seq = await during(spanOf(request), commitSpan, ingest.accept(events));
    } finally {
      requests.leave(place);
    }
    doors.answered("rest", 1);
    const response = new Response(`{"success":true,"seq":${seq}}\n`, acceptedInit);
    return withFields(response, eventLimits.fieldsOf(sender));
  };
}

const jsonOnly: readonly BodyFormat[] = ["json"];
const ofEvents: BodyOptions = { takesEvents: true };

export function addEventRoutes(router: Router, parts: IngestParts): void {
  const { ingest, intake, access, eventLimits, requests, denials, doors } = parts;

  router.post(eventPath, createEventHandler(parts));

  router.post("/api/event/bulk", async (c) => {
    const request = c.req.raw;
    const caller = callerOf(c, access);
    const { identity } = caller;
    identity.assertMay("ingest");
    assertNoQuery(request.url);
    const format = bodyFormat(request.headers.get("content-type"), ["json", "ndjson"]);
    eventLimits.assertRoom(caller);
    return requests.during(caller, () => addBatch(c, format, caller));
  });

  async function addBatch(c: HttpContext, format: BodyFormat, caller: Caller): Promise<Response> {
    const request = c.req.raw;
    const { events, rejected, denied, problems } = await readBatch(c, format, caller.identity);
    caller.identity.assertMay("ingest");
    const accepted = events.length;
    if (denied > 0) {
      const denial = new MarsError(
        "permission_denied",
        `${denied} events are of apps that this key is not for`,
      );
      denials.note(denial, () => ({
        ...caller,
        action: "POST /api/event/bulk",
        requestId: requestIdOf(request),
      }));
    }
    if (accepted === 0) {
      const message = `none of ${rejected} events is valid`;
      const error = new MarsError(denied === rejected ? "permission_denied" : "invalid_argument", message, {
        problems,
      });
      doors.refused("rest", error, requestIdOf(request));
      return problemResponse(error, request, { members: { accepted, rejected } });
    }
    eventLimits.charge(caller, events, accepted + rejected);
    const traced = tracedAs(events, traceOf(request));
    const seq = await during(spanOf(request), commitSpan, ingest.accept(traced));
    doors.answered("rest", accepted, rejected);
    const answer =
      rejected === 0
        ? answerJson(c, JSON.stringify({ success: true, accepted, rejected, seq }))
        : answerJson(c, JSON.stringify({ success: false, accepted, rejected, errors: problems, seq }), 207);
    return withFields(await answer, eventLimits.fieldsOf(caller));
  }

  async function readBatch(c: Exchange, format: BodyFormat, sender: Sender): Promise<Batch> {
    const body = await readBody(intake, c, bodyBytesMax, ofEvents);
    try {
      return await parseBatch(body.bytes, format, { turns: intake.turns, sender });
    } finally {
      body.release();
    }
  }
}

function traceOf({ headers }: Request): string | undefined {
  return traceparents.read(headers.get(traceparentHeader));
}

function withFields(response: Response, fields: Readonly<Record<string, string>> | undefined): Response {
  for (const name in fields) response.headers.set(name, fields[name] ?? "");
  return response;
}

function invalidEvent(input: unknown, { list: problems, denied }: Problems): MarsError {
  const isBatch =
    Array.isArray(input) || (typeof input === "object" && input !== null && Object.hasOwn(input, "events"));
  const message = isBatch
    ? "body must be one event; several go to /api/event/bulk"
    : problems.map((problem) => `${problem.field} ${problem.message}`.trim()).join("; ");
  return new MarsError(denied === undefined ? "invalid_argument" : "permission_denied", message, {
    problems,
  });
}
