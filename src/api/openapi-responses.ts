/** The answers of OpenAPI's paths. */
import type { Json } from "./json-schema.ts";

export function responses(schema: Json, otherContent: Json = {}): Json {
  return {
    200: { description: "Success.", content: { ...json(schema), ...otherContent } },
    default: {
      description: "An error, by RFC 9457.",
      headers: { "X-Request-Id": { schema: { type: "string" } } },
      content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
    },
  };
}

/** The items of all pages, one a line. */
export const linesContent = { "application/x-ndjson": { schema: { type: "string" } } };

export function json(schema: Json): Json {
  return { "application/json": { schema } };
}

export const problem = {
  type: "object",
  properties: {
    type: { type: "string" },
    title: { type: "string" },
    status: { type: "integer" },
    detail: { type: "string" },
    success: { const: false },
    code: { type: "string" },
    request_id: {
      type: "string",
      description: "The `X-Request-Id` of the request, or a new one; in the log, too.",
    },
    errors: {
      type: "array",
      items: {
        type: "object",
        properties: { field: { type: "string" }, message: { type: "string" }, index: { type: "integer" } },
        required: ["field", "message"],
      },
    },
  },
  required: ["type", "title", "status", "detail", "success", "code", "request_id"],
};
