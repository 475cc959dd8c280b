/**
 * `POST /api/cloudevents`: CloudEvents 1.0.2 in each mode of their HTTP binding.
 * https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md
 *
 * A batch is accepted unasked; each of its events is judged alone.
 */
import type { Caller } from "../../core/caller.ts";
import { type FieldProblem, MarsError } from "../../core/error.ts";
import { bodyBytesMax, recordBytesMax } from "../../core/limits.ts";
import { binaryEvent, decodeHeader } from "../../formats/cloudevents/binary-event.ts";
import { type CloudEvent, cloudEventFromJson } from "../../formats/cloudevents/cloud-event.ts";
import { eventOfCloudEvent } from "../../formats/cloudevents/event-input.ts";
import { RecordBatch } from "../../formats/record-batch.ts";
import { parseEventJson } from "../json.ts";
import type { EdgeParts } from "../parts.ts";
import { readBody, textOf } from "../rest/body.ts";
import { bodyFormat } from "../rest/media-type.ts";
import { readQuery } from "../rest/query-string.ts";
import { callerOf, type HttpContext, type Router } from "../rest/router.ts";
import { soleApp } from "../sole-app.ts";
import { answerRecords } from "./collect.ts";
import { readJsonRecords } from "./json-records.ts";

export const cloudEventsPath = "/api/cloudevents";

type Mode = "binary" | "structured" | "batch";

const headerPrefix = "ce-";

export function addCloudEventsRoute(router: Router, parts: EdgeParts): void {
  const { access, eventLimits, requests } = parts;
  router.post(cloudEventsPath, async (c) => {
    const request = c.req.raw;
    const caller = callerOf(c, access);
    caller.identity.assertMay("ingest");
    const { app_id: asked } = readQuery(request.url, ["app_id"]);
    const mode = modeOf(request.headers);
    eventLimits.assertRoom(caller);
    const app = asked ?? soleApp(caller.identity);
    return requests.during(caller, () => collect(c, parts, { mode, caller, app }));
  });
}

interface Receiving {
  readonly mode: Mode;
  readonly caller: Caller;
  readonly app: string | undefined;
}

async function collect(
  c: HttpContext,
  parts: EdgeParts,
  { mode, caller, app }: Receiving,
): Promise<Response> {
  const { intake, formats: mapping } = parts;
  const batch = new RecordBatch(caller.identity);
  const add = (event: CloudEvent | readonly FieldProblem[]) =>
    batch.add(
      "attributes" in event
        ? eventOfCloudEvent(event, { mapping, app })
        : { fault: "invalid", problems: event },
    );
  const bytesMax = mode === "batch" ? bodyBytesMax : recordBytesMax;
  const body = await readBody(intake, c, bytesMax, { takesEvents: true });
  try {
    const { bytes } = body;
    if (mode === "batch") {
      const addJson = (record: unknown) => add(cloudEventFromJson(record));
      await readJsonRecords(bytes, { member: undefined, batch, turns: intake.turns, add: addJson });
    } else {
      await intake.turns.spend(bytes.byteLength);
      add(
        mode === "structured"
          ? cloudEventFromJson(parseEventJson(textOf(bytes)))
          : eventOfHeaders(c.req.raw.headers, bytes),
      );
    }
  } finally {
    body.release();
  }
  return answerRecords(c, parts, batch, { door: "cloudevents", caller, single: mode !== "batch" });
}

/** By the media type's prefix, in any case. @throws `MarsError("unsupported_media_type")` for a format beside JSON, and for no CloudEvent */
function modeOf(headers: Headers): Mode {
  const type = headers.get("content-type")?.trim().toLowerCase() ?? "";
  for (const [prefix, mode] of [
    ["application/cloudevents-batch", "batch"],
    ["application/cloudevents", "structured"],
  ] as const) {
    if (!type.startsWith(prefix)) continue;
    // Also judges the charset.
    bodyFormat(type, ["json"]);
    return mode;
  }
  if (headers.has(`${headerPrefix}specversion`)) return "binary";
  throw new MarsError(
    "unsupported_media_type",
    "content-type must be application/cloudevents+json or application/cloudevents-batch+json, or the headers must have ce-specversion",
  );
}

/** An event whose attributes are headers, and whose data is the body. @throws `MarsError("malformed")` */
function eventOfHeaders(headers: Headers, bytes: Uint8Array): CloudEvent | readonly FieldProblem[] {
  const attributes = new Map<string, unknown>();
  const problems: FieldProblem[] = [];
  for (const [header, value] of headers) {
    if (!header.startsWith(headerPrefix)) continue;
    const name = header.slice(headerPrefix.length);
    const decoded = decodeHeader(value);
    if (decoded === undefined) problems.push({ field: header, message: "is not UTF-8 in percent-encoding" });
    else attributes.set(name, decoded);
  }
  if (problems.length > 0) return problems;
  const type = headers.get("content-type") ?? undefined;
  return binaryEvent(attributes, { type, bytes, parseJson: parseEventJson });
}
