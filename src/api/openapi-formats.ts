/** The ways in for events of other formats in OpenAPI. */
import { bulkEventsMax, eventBytesMax } from "../core/limits.ts";
import type { Json } from "./json-schema.ts";
import { json, problem, responses } from "./openapi-responses.ts";

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

const cloudEvent = {
  type: "object",
  properties: {
    specversion: { const: "1.0" },
    id: { type: "string", minLength: 1 },
    source: { type: "string", minLength: 1 },
    type: { type: "string", minLength: 1, maxLength: eventBytesMax },
    subject: { type: ["string", "null"], description: "By default the id of the message." },
    time: { anyOf: [{ type: "string", format: "date-time" }, { type: "null" }] },
    data: {},
  },
  required: ["specversion", "id", "source", "type"],
};
const seq = { type: "integer", description: "The last event's place in the sequence." };
const counts = {
  success: { type: "boolean" },
  accepted: { type: "integer" },
  rejected: { type: "integer" },
  ignored: { type: "integer" },
  errors: problem.properties.errors,
  seq,
};
const some = { description: "Some are refused.", content: json({ type: "object", properties: counts }) };
const anyOf = { type: "object", properties: counts, required: ["success"] };

const imported = {
  type: "object",
  properties: {
    ...counts,
    payloads: { type: "integer", description: "Those that were taken, from the first." },
    seq: { type: ["integer", "null"] },
    events: { type: "array", items: { type: "object" } },
  },
  required: ["success", "payloads", "accepted", "ignored", "rejected", "seq"],
};

export const formatPaths: Readonly<Record<string, Record<string, Json>>> = {
  "/api/cloudevents": {
    post: {
      operationId: "collectCloudEvents",
      tags: ["Ingest"],
      summary: "CloudEvents 1.0.2 over HTTP, in binary, structured and batched mode.",
      description: "In binary mode the attributes are headers `ce-*`, and the body is the data.",
      parameters: [
        {
          name: "app_id",
          in: "query",
          required: false,
          description: "The app of the events, where the key is not for exactly one.",
          schema: { type: "string" },
        },
      ],
      requestBody: {
        required: true,
        content: {
          "application/cloudevents+json": { schema: cloudEvent },
          "application/cloudevents-batch+json": {
            schema: { type: "array", items: cloudEvent, maxItems: bulkEventsMax },
          },
        },
      },
      responses: { ...responses(anyOf), 207: some },
    },
  },
  "/v1/batch": {
    post: {
      operationId: "collectSegment",
      tags: ["Ingest"],
      summary: "What libraries of Segment send: each call of `track` with a message id is an event.",
      description: "The key is the user of Basic, as a write key is there, or comes as everywhere.",
      requestBody: {
        required: true,
        content: json({
          type: "object",
          properties: {
            batch: { type: "array", items: { type: "object" }, maxItems: bulkEventsMax },
          },
          required: ["batch"],
        }),
      },
      responses: { ...responses(anyOf), 207: some },
    },
  },
  "/in/{id}": {
    post: {
      operationId: "takeDelivery",
      tags: ["Ingest"],
      summary:
        "A delivery of a source: verified by its scheme, and mapped to events that are on disk before the answer.",
      description:
        "There is no key: the source's own scheme shows whose the delivery is. `putSource` defines sources.",
      security: [],
      parameters: [{ name: "id", in: "path", required: true, schema: { type: "string" } }],
      requestBody: {
        required: true,
        content: {
          ...json({}),
          "application/x-www-form-urlencoded": { schema: { type: "object" } },
        },
      },
      responses: responses({
        type: "object",
        properties: {
          success: { const: true },
          accepted: { type: "integer" },
          ignored: { type: "integer" },
          rejected: { type: "integer" },
          seq,
        },
        required: ["success", "accepted", "ignored", "rejected"],
      }),
    },
  },
  "/api/sources/{id}/import": {
    post: {
      operationId: "importPayloads",
      tags: ["Ingest"],
      summary:
        "Lines of JSON, each a payload that the source maps to events, which are on disk before the answer.",
      description:
        "No signature is needed: the key must be one that may report to the source's apps. `payloads` says how many were taken, from the first; the others are for the next call.",
      parameters: [
        { name: "id", in: "path", required: true, schema: { type: "string" } },
        {
          name: "dry_run",
          in: "query",
          required: false,
          description: "Whether nothing is stored: the answer has the first 20 events.",
          schema: { type: "boolean" },
        },
      ],
      requestBody: {
        required: true,
        content: { "application/x-ndjson": { schema: { type: "string" } } },
      },
      responses: { ...responses(imported), 207: { ...some, content: json(imported) } },
    },
  },
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
