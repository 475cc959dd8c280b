/** `POST /v1/batch`: what libraries of Segment and its relatives send. The key is the user of Basic, as a write key is there. */
import type { Caller } from "../../core/caller.ts";
import { bodyBytesMax } from "../../core/limits.ts";
import { RecordBatch } from "../../formats/record-batch.ts";
import { eventOfCall } from "../../formats/segment/track-event.ts";
import { identifyCaller } from "../caller.ts";
import type { EdgeParts } from "../parts.ts";
import { readBody } from "../rest/body.ts";
import { bodyFormat } from "../rest/media-type.ts";
import { assertNoQuery } from "../rest/query-string.ts";
import { addressOf, type HttpContext, type Router } from "../rest/router.ts";
import { soleApp } from "../sole-app.ts";
import { answerRecords } from "./collect.ts";
import { readJsonRecords } from "./json-records.ts";

export const segmentPath = "/v1/batch";

export function addSegmentRoute(router: Router, parts: EdgeParts): void {
  const { access, eventLimits, requests } = parts;
  router.post(segmentPath, async (c) => {
    const request = c.req.raw;
    const caller = {
      ...identifyCaller(access, withKeyAsBearer(request.headers), addressOf(c), "rest", "change"),
      signal: request.signal,
    };
    caller.identity.assertMay("ingest");
    assertNoQuery(request.url);
    bodyFormat(request.headers.get("content-type"), ["json"]);
    eventLimits.assertRoom(caller);
    return requests.during(caller, () => collect(c, parts, caller));
  });
}

async function collect(c: HttpContext, parts: EdgeParts, caller: Caller): Promise<Response> {
  const { intake, formats: mapping } = parts;
  const app = soleApp(caller.identity);
  const batch = new RecordBatch(caller.identity);
  const body = await readBody(intake, c, bodyBytesMax, { takesEvents: true, sender: caller });
  try {
    await readJsonRecords(body.bytes, {
      member: "batch",
      batch,
      turns: intake.turns,
      add: (call) => batch.add(eventOfCall(call, { mapping, app })),
    });
  } finally {
    body.release();
  }
  return answerRecords(c, parts, batch, { door: "segment", caller });
}

/** Here alone a key may be the user of Basic: everywhere else it is the password. */
function withKeyAsBearer(headers: Headers): Pick<Headers, "get"> {
  const authorization = headers.get("authorization");
  const [, value] = /^basic\s+(\S+)\s*$/i.exec(authorization ?? "") ?? [];
  if (value === undefined) return headers;
  const [, key] = /^([^:]+):$/s.exec(Buffer.from(value, "base64").toString("utf8")) ?? [];
  if (key === undefined) return headers;
  return { get: (name) => (name === "authorization" ? `Bearer ${key}` : headers.get(name)) };
}
