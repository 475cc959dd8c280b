/**
 * OTLP over HTTP: `POST /v1/logs` and `POST /v1/traces`, in protobuf or JSON. Answers are in the encoding of the request.
 * https://opentelemetry.io/docs/specs/otlp/#otlphttp
 */
import { MarsError } from "../../core/error.ts";
import { once } from "../../core/once.ts";
import type { EdgeParts } from "../parts.ts";
import { spanOf } from "../request-spans.ts";
import { bodyFormat } from "../rest/media-type.ts";
import { assertNoQuery } from "../rest/query-string.ts";
import { callerOf, type Router } from "../rest/router.ts";
import { statusOf } from "../status.ts";
import { signalPaths } from "./paths.ts";

/** How a body is encoded, and its answer. */
export type Encoding = "proto" | "json";

export const contentTypes: Readonly<Record<Encoding, string>> = {
  proto: "application/x-protobuf",
  json: "application/json",
};

export const otlpPaths: ReadonlySet<string> = new Set(Object.values(signalPaths));

/** Loaded at the first call, with the descriptors of its messages: a start is sooner without. */
const loadExport = once(() => import("./export.ts"));

export function addOtlpRoutes(router: Router, parts: EdgeParts): void {
  const { access, eventLimits, requests } = parts;
  for (const path of otlpPaths) {
    router.post(path, async (c) => {
      const request = c.req.raw;
      const caller = { ...callerOf(c, access), span: spanOf(request) };
      caller.identity.assertMay("ingest");
      assertNoQuery(request.url);
      const encoding = encodingOf(request.headers.get("content-type"));
      eventLimits.assertRoom(caller);
      return requests.during(caller, async () => {
        const { exportRecords } = await loadExport();
        return exportRecords(c, { path, encoding, caller, parts });
      });
    });
  }
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

/** A refusal as `google.rpc.Status`, with the status and the headers that it has over REST, in the encoding of the request. */
export async function otlpRefusal(problem: Response, thrown: unknown, request: Request): Promise<Response> {
  const error = MarsError.from(thrown);
  const status = { code: statusOf(error.code).rpc, message: error.message };
  const headers = new Headers(problem.headers);
  const encoding: Encoding = isProto(request.headers.get("content-type")) ? "proto" : "json";
  headers.set("content-type", contentTypes[encoding]);
  const body =
    encoding === "json" ? `${JSON.stringify(status)}\n` : (await loadExport()).encodedStatus(status);
  // The protocol has no other number for a request that is not as it should be.
  return new Response(body, { status: problem.status === 422 ? 400 : problem.status, headers });
}
