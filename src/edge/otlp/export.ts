/** Collects the records of a request over HTTP, and answers it in its encoding. */
import { create, type DescMessage, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import type { Caller } from "../../core/caller.ts";
import { bodyBytesMax, otlpBodyBytesMax } from "../../core/limits.ts";
import { StatusSchema } from "../../gen/google/rpc/status_pb.ts";
import type { EdgeParts } from "../parts.ts";
import { requestIdOf } from "../request-id.ts";
import { readBody } from "../rest/body.ts";
import type { HttpContext } from "../rest/router.ts";
import { collectRecords, type PartialSuccess } from "./collect.ts";
import { readOtlpJson } from "./read-json.ts";
import { readOtlpProto } from "./read-proto.ts";
import { Reading } from "./reading.ts";
import { contentTypes, type Encoding } from "./routes.ts";
import { type Signal, signals } from "./signals.ts";

export interface Exporting {
  /** One of `otlpPaths`. */
  readonly path: string;
  readonly encoding: Encoding;
  readonly caller: Caller;
  readonly parts: EdgeParts;
}

/** Accepts the records of a body. Rejects as `readBody` does, and for a body that cannot be read. */
export async function exportRecords(
  c: HttpContext,
  { path, encoding, caller, parts }: Exporting,
): Promise<Response> {
  const signal = signals.find((one) => one.path === path)!;
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

/** `google.rpc.Status` in protobuf. */
export function encodedStatus(status: {
  readonly code: number;
  readonly message: string;
}): Uint8Array<ArrayBuffer> {
  return encoded(StatusSchema, status);
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
