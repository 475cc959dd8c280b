/**
 * OTLP over HTTP: `POST /v1/logs` and `POST /v1/traces`, in protobuf or JSON. Answers are in the encoding of the request.
 * https://opentelemetry.io/docs/specs/otlp/#otlphttp
 */
import { create, type DescMessage, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import type { Caller } from "../../core/caller.ts";
import { MarsError } from "../../core/error.ts";
import { bodyBytesMax, otlpBodyBytesMax } from "../../core/limits.ts";
import { StatusSchema } from "../../gen/google/rpc/status_pb.ts";
import type { EdgeParts } from "../parts.ts";
import { requestIdOf } from "../request-id.ts";
import { spanOf } from "../request-spans.ts";
import { readBody } from "../rest/body.ts";
import { bodyFormat } from "../rest/media-type.ts";
import { assertNoQuery } from "../rest/query-string.ts";
import { callerOf, type HttpContext, type Router } from "../rest/router.ts";
import { statusOf } from "../status.ts";
import { collectRecords, type PartialSuccess } from "./collect.ts";
import { readOtlpJson } from "./read-json.ts";
import { readOtlpProto } from "./read-proto.ts";
import { Reading } from "./reading.ts";
import { type Signal, signals } from "./signals.ts";

/** How a body is encoded, and its answer. */
type Encoding = "proto" | "json";

const contentTypes: Readonly<Record<Encoding, string>> = {
  proto: "application/x-protobuf",
  json: "application/json",
};

export const otlpPaths: ReadonlySet<string> = new Set(signals.map(({ path }) => path));

export function addOtlpRoutes(router: Router, parts: EdgeParts): void {
  const { access, eventLimits, requests } = parts;
  for (const signal of signals) {
    router.post(signal.path, async (c) => {
      const request = c.req.raw;
      const caller = { ...callerOf(c, access), span: spanOf(request) };
      caller.identity.assertMay("ingest");
      assertNoQuery(request.url);
      const encoding = encodingOf(request.headers.get("content-type"));
      eventLimits.assertRoom(caller);
      return requests.during(caller, () => collect(c, { signal, encoding, caller, parts }));
    });
  }
}

interface Exporting {
  readonly signal: Signal;
  readonly encoding: Encoding;
  readonly caller: Caller;
  readonly parts: EdgeParts;
}

async function collect(c: HttpContext, { signal, encoding, caller, parts }: Exporting): Promise<Response> {
  const { intake, formats } = parts;
  const { identity } = caller;
  const bytesMax = encoding === "json" ? bodyBytesMax : otlpBodyBytesMax;
  const body = await readBody(intake, c, bytesMax, { takesEvents: true });
  const reading = new Reading({ identity, mapping: formats, turns: intake.turns });
  try {
    // An empty body of protobuf is a request without records.
    if (encoding === "proto") await readOtlpProto(body.bytes, signal, reading);
    else await readOtlpJson(body.bytes, signal, reading);
  } finally {
    body.release();
  }
  // A body may take its time, and the key may be revoked before it is there.
  identity.assertMay("ingest");
  const answer = await collectRecords(parts, reading.batch, caller, {
    action: `POST ${signal.path}`,
    requestId: requestIdOf(c.req.raw),
  });
  return respond(encoding, signal, answer);
}

/** @throws `MarsError("unsupported_media_type")` */
function encodingOf(contentType: string | null): Encoding {
  if (isProto(contentType)) return "proto";
  try {
    bodyFormat(contentType, ["json"]);
    return "json";
  } catch (cause) {
    throw new MarsError(
      "unsupported_media_type",
      `content-type must be ${contentTypes.proto} or ${contentTypes.json}`,
      { cause },
    );
  }
}

function isProto(contentType: string | null): boolean {
  return /^\s*application\/x-protobuf\s*(;|$)/i.test(contentType ?? "");
}

function respond(encoding: Encoding, { response, names }: Signal, answer: PartialSuccess): Response {
  const { rejected, message } = answer;
  const whole = message === "";
  if (encoding === "json") {
    const partialSuccess = { [names.rejected]: String(rejected), errorMessage: message };
    return answerBytes(encoding, `${JSON.stringify(whole ? {} : { partialSuccess })}\n`);
  }
  const partialSuccess = { [names.rejected]: BigInt(rejected), errorMessage: message };
  return answerBytes(encoding, encoded(response, whole ? {} : { partialSuccess }));
}

function encoded(schema: DescMessage, init: MessageInitShape<DescMessage>): Uint8Array<ArrayBuffer> {
  return toBinary(schema, create(schema, init));
}

function answerBytes(encoding: Encoding, body: string | Uint8Array<ArrayBuffer>): Response {
  return new Response(body, {
    headers: {
      "content-type": contentTypes[encoding],
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
    },
  });
}

/** A refusal as `google.rpc.Status`, with the status and the headers that it has over REST, in the encoding of the request. */
export function otlpRefusal(problem: Response, thrown: unknown, request: Request): Response {
  const error = MarsError.from(thrown);
  const status = { code: statusOf(error.code).rpc, message: error.message };
  const headers = new Headers(problem.headers);
  const encoding: Encoding = isProto(request.headers.get("content-type")) ? "proto" : "json";
  headers.set("content-type", contentTypes[encoding]);
  const body = encoding === "json" ? `${JSON.stringify(status)}\n` : encoded(StatusSchema, status);
  // The protocol has no other number for a request that is not as it should be.
  return new Response(body, { status: problem.status === 422 ? 400 : problem.status, headers });
}
