/** The ways in for events in OpenAPI: they are no operations, since they are bound by speed and size. */
import {
  appIdBytesMax,
  bulkEventsMax,
  eventBytesMax,
  eventIdBytesMax,
  externalIdBytesMax,
  messageIdBytesMax,
  parentIdBytesMax,
} from "../core/limits.ts";
import type { Json } from "./json-schema.ts";
import { json, problem, responses } from "./openapi-responses.ts";

function name(maxLength: number, description: string): Json {
  return { type: "string", minLength: 1, maxLength, description };
}

/** Empty is absent. */
function optional(maxLength: number, description: string): Json {
  return { type: ["string", "null"], maxLength, description };
}

const event = {
  type: "object",
  properties: {
    app_id: name(appIdBytesMax, `At most ${appIdBytesMax} bytes.`),
    message_id: name(messageIdBytesMax, `At most ${messageIdBytesMax} bytes; unique within its app.`),
    event: name(eventBytesMax, `The event's name, at most ${eventBytesMax} bytes.`),
    created_at: {
      anyOf: [{ type: "string", format: "date-time" }, { type: "null" }],
      description: "From 1685 to 2254; by default the time of receipt.",
    },
    event_id: optional(eventIdBytesMax, `At most ${eventIdBytesMax} bytes.`),
    external_id: optional(externalIdBytesMax, `At most ${externalIdBytesMax} bytes.`),
    parent_id: optional(
      parentIdBytesMax,
      `The message of the same app that this one is a part of, by its id; at most ${parentIdBytesMax} bytes.`,
    ),
    attributes: { type: ["object", "null"], description: "At most 8 KiB, or `MARS_ATTRIBUTES_MAX`." },
    traceparent: {
      type: ["string", "null"],
      description:
        "The trace that it belongs to, by W3C Trace Context; an invalid one is ignored. Default: the request's header.",
    },
  },
  required: ["app_id", "message_id", "event"],
};

const seq = { type: "integer", description: "The last event's place in the sequence." };
const batch = {
  type: "object",
  properties: { events: { type: "array", items: event, minItems: 1, maxItems: bulkEventsMax } },
  required: ["events"],
};
const counts = {
  success: { type: "boolean" },
  accepted: { type: "integer" },
  rejected: { type: "integer" },
  errors: problem.properties.errors,
  seq,
};

export const eventPaths: Readonly<Record<string, Record<string, Json>>> = {
  "/api/event": {
    post: {
      operationId: "collectEvent",
      tags: ["Ingest"],
      summary: "Store one event. It is on disk when the answer comes.",
      requestBody: { required: true, content: json(event) },
      responses: responses({
        type: "object",
        properties: { success: { const: true }, seq },
        required: ["success", "seq"],
      }),
    },
  },
  "/api/event/bulk": {
    post: {
      operationId: "collectEvents",
      tags: ["Ingest"],
      summary: "Store many events. Those that are accepted are on disk when the answer comes.",
      requestBody: {
        required: true,
        content: { ...json(batch), "application/x-ndjson": { schema: { type: "string" } } },
      },
      responses: {
        ...responses({
          type: "object",
          properties: counts,
          required: ["success", "accepted", "rejected", "seq"],
        }),
        207: {
          description: "Some events are refused.",
          content: json({ type: "object", properties: counts }),
        },
      },
    },
  },
};
