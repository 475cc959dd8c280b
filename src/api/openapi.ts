/** The OpenAPI document of the REST calls, https://spec.openapis.org/oas/v3.1.1, made from the table of operations. */
import {
  appIdBytesMax,
  bulkEventsMax,
  eventBytesMax,
  eventIdBytesMax,
  externalIdBytesMax,
  messageIdBytesMax,
} from "../core/limits.ts";
import { answerSchema, inputSchema, type Json } from "./json-schema.ts";
import type { Operation } from "./operation.ts";
import { restCallOf } from "./rest-call.ts";

/** The document, as an object to be written as JSON. */
export function openApiOf(operations: readonly Operation[], version: string): Json {
  const paths: Record<string, Record<string, Json>> = { ...eventPaths };
  for (const operation of operations) {
    const { method, path } = restCallOf(operation);
    paths[path] = { ...paths[path], [method.toLowerCase()]: callOf(operation) };
  }
  return {
    openapi: "3.1.1",
    info: { title: "Mars", version, license: { name: "MIT", identifier: "MIT" } },
    paths,
    components: { schemas: { Problem: problem } },
  };
}

function callOf(operation: Operation): Json {
  const { name, summary, scope, body, rpc, command } = operation;
  const { properties = {}, required = [] } = inputSchema(operation);
  const { inPath, inBody } = restCallOf(operation);
  const parameters = Object.entries(properties)
    .filter(([field]) => !inBody.includes(field))
    .map(([field, schema]) => ({
      name: field,
      in: inPath.includes(field) ? "path" : "query",
      required: required.includes(field),
      schema,
    }));
  const content =
    body?.field === undefined
      ? {
          type: "object",
          properties: Object.fromEntries(inBody.map((field) => [field, properties[field]])),
          required: required.filter((field) => inBody.includes(field)),
          additionalProperties: false,
        }
      : properties[body.field];
  return {
    operationId: name,
    summary,
    description: `By RPC: \`${rpc}\`. Needs leave to \`${scope}\`.`,
    "x-mars-command": `mars ${command}`,
    parameters,
    ...(body !== undefined && { requestBody: { required: true, content: json(content ?? {}) } }),
    responses: responses(answerSchema(operation)),
  };
}

function responses(schema: Json): Json {
  return {
    200: { description: "Success.", content: json(schema) },
    default: {
      description: "An error, by RFC 9457.",
      content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
    },
  };
}

function json(schema: Json): Json {
  return { "application/json": { schema } };
}

const problem = {
  type: "object",
  properties: {
    type: { type: "string" },
    title: { type: "string" },
    status: { type: "integer" },
    detail: { type: "string" },
    success: { const: false },
    code: { type: "string" },
    errors: {
      type: "array",
      items: {
        type: "object",
        properties: { field: { type: "string" }, message: { type: "string" }, index: { type: "integer" } },
        required: ["field", "message"],
      },
    },
  },
  required: ["type", "title", "status", "detail", "success", "code"],
};

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

/** The ways in for events, which are no operations. */
const eventPaths: Readonly<Record<string, Record<string, Json>>> = {
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
