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

const event = {
  type: "object",
  properties: {
    app_id: { type: "string", minLength: 1, description: `At most ${appIdBytesMax} bytes.` },
    message_id: {
      type: "string",
      minLength: 1,
      description: `At most ${messageIdBytesMax} bytes; unique within its app.`,
    },
    event: { type: "string", minLength: 1, description: `The event's name, at most ${eventBytesMax} bytes.` },
    created_at: {
      type: ["string", "null"],
      format: "date-time",
      description: "By default the time of receipt.",
    },
    event_id: { type: ["string", "null"], description: `At most ${eventIdBytesMax} bytes.` },
    external_id: { type: ["string", "null"], description: `At most ${externalIdBytesMax} bytes.` },
    parent_id: {
      type: ["string", "null"],
      description: `The message of the same app that this one is a part of, by its id; at most ${parentIdBytesMax} bytes.`,
    },
    attributes: { type: ["object", "null"], description: "At most 8 KiB." },
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
