/** The OpenAPI document of the REST calls, https://spec.openapis.org/oas/v3.1.1, made from the table of operations. */
import { answerSchema, inputSchema, type Json } from "./json-schema.ts";
import { eventPaths } from "./openapi-events.ts";
import { formatPaths } from "./openapi-formats.ts";
import { otherPaths } from "./openapi-others.ts";
import { json, linesContent, problem, responses } from "./openapi-responses.ts";
import type { Operation } from "./operation.ts";
import { restCallOf } from "./rest-call.ts";

/** The document, as an object to be written as JSON. */
export function openApiOf(operations: readonly Operation[], version: string): Json {
  const paths: Record<string, Record<string, Json>> = { ...eventPaths, ...formatPaths, ...otherPaths };
  for (const operation of operations) {
    const { method, path } = restCallOf(operation);
    paths[path] = { ...paths[path], [method.toLowerCase()]: callOf(operation) };
  }
  return {
    openapi: "3.1.1",
    info: { title: "Mars", version, license: { name: "MIT", identifier: "MIT" } },
    // Where no key is needed, or `MARS_ANONYMOUS=1`, the last one holds.
    security: [{ key: [] }, { password: [] }, { session: [] }, {}],
    paths,
    components: { schemas: { Problem: problem }, securitySchemes },
  };
}

function callOf(operation: Operation): Json {
  const { name, summary, scope, body, rpc, command, lines } = operation;
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
    tags: [tagOf(rpc)],
    description: `By RPC: \`${rpc}\`. Needs leave to \`${scope}\`.`,
    "x-mars-command": `mars ${command}`,
    parameters,
    ...(body !== undefined && { requestBody: { required: true, content: json(content ?? {}) } }),
    responses: responses(answerSchema(operation), lines === undefined ? {} : linesContent),
  };
}

/** `mars.v1.MessageService/GetMessage` is among `Messages`. */
function tagOf(rpc: string): string {
  const service = /(\w+)Service\//.exec(rpc)?.[1] ?? "Other";
  return groups[service] ?? service;
}

const groups: Readonly<Record<string, string>> = {
  Admin: "Operate",
  Alert: "Alerts",
  Lifecycle: "Lifecycles",
  Message: "Messages",
  View: "Views",
};

const securitySchemes = {
  key: { type: "http", scheme: "bearer", description: "A key of Mars." },
  password: { type: "http", scheme: "basic", description: "A key of Mars as the password, of any user." },
  session: {
    type: "apiKey",
    in: "cookie",
    name: "mars_session",
    description: "That of a browser, from `POST /api/sessions`; over TLS `__Host-mars`.",
  },
};
