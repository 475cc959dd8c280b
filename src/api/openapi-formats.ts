/** The ways in for events of other formats in OpenAPI. */
import type { Json } from "./json-schema.ts";
import { json } from "./openapi-responses.ts";

const list = (items: Json) => ({ type: ["array", "null"], items });

/** Their answers are those of their own protocol. */
function otlp(
  operationId: string,
  summary: string,
  [resources, scopes, records, rejected]: readonly string[],
): Json {
  const request = {
    type: "object",
    properties: {
      [resources ?? ""]: list({
        type: "object",
        properties: {
          resource: { type: ["object", "null"] },
          [scopes ?? ""]: list({ type: "object", properties: { [records ?? ""]: list({ type: "object" }) } }),
        },
      }),
    },
  };
  const binary = { "application/x-protobuf": { schema: { type: "string", format: "binary" } } };
  return {
    operationId,
    tags: ["Ingest"],
    summary,
    description: "By https://opentelemetry.io/docs/specs/otlp; the answer is in the encoding of the request.",
    requestBody: { required: true, content: { ...json(request), ...binary } },
    responses: {
      200: {
        description: "The records are on disk, but for those that `partialSuccess` counts.",
        content: {
          ...json({
            type: "object",
            properties: {
              partialSuccess: {
                type: "object",
                properties: { [rejected ?? ""]: { type: "string" }, errorMessage: { type: "string" } },
              },
            },
          }),
          ...binary,
        },
      },
      default: {
        description: "An error as `google.rpc.Status`. 429 and 503 ask to try again.",
        content: {
          ...json({
            type: "object",
            properties: { code: { type: "integer" }, message: { type: "string" } },
            required: ["code", "message"],
          }),
          ...binary,
        },
      },
    },
  };
}

export const formatPaths: Readonly<Record<string, Record<string, Json>>> = {
  "/v1/logs": {
    post: otlp("exportLogs", "OTLP over HTTP: each log record with a message id is an event.", [
      "resourceLogs",
      "scopeLogs",
      "logRecords",
      "rejectedLogRecords",
    ]),
  },
  "/v1/traces": {
    post: otlp(
      "exportTraces",
      "OTLP over HTTP: each span with a message id is an event, and so are its events.",
      ["resourceSpans", "scopeSpans", "spans", "rejectedSpans"],
    ),
  },
};
