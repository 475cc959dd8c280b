/** The paths in OpenAPI that are neither operations nor ways in for events: live topics, sign-in, health. */
import { keyKinds } from "../core/rights.ts";
import type { Json } from "./json-schema.ts";
import { json, responses } from "./openapi-responses.ts";

interface Parameter {
  readonly name: string;
  readonly in?: "header";
  readonly required?: true;
  readonly description: string;
  readonly schema?: Json;
}

function parameter({ schema = { type: "string" }, ...rest }: Parameter): Json {
  return { in: "query", required: false, schema, ...rest };
}

const topic = parameter({
  name: "topic",
  required: true,
  schema: { type: "string", minLength: 1 },
  description:
    "`all`, `apps/{app_id}`, `apps/{app_id}/messages/{message_id}`, `journeys/{external_id}` or `event_timeline:{message_id}`; `findings` and `apps/{app_id}/findings`.",
});
const seq = { type: "integer", minimum: 0, maximum: Number.MAX_SAFE_INTEGER };
const after = "Everything after this seq comes first.";

const ticket = parameter({
  name: "ticket",
  description: "Of `POST /api/tickets`, where no header and no cookie can be sent.",
});

const stream = {
  operationId: "streamTopic",
  tags: ["Live"],
  summary: "A topic as server-sent events: `subscribed`, then `event` or `finding`; `id` is the seq.",
  parameters: [
    topic,
    parameter({ name: "Last-Event-ID", in: "header", description: after, schema: seq }),
    parameter({ name: "after", description: after, schema: seq }),
    parameter({
      name: "lastEventId",
      description: "The same, for clients that set no headers.",
      schema: seq,
    }),
    ticket,
  ],
  responses: {
    ...responses({}),
    200: {
      description: "The stream. It ends with an event `error` where it cannot go on.",
      content: { "text/event-stream": { schema: { type: "string" } } },
    },
  },
};

/** OpenAPI knows no frames: the handshake, and where they are described. */
function socket(operationId: string, summary: string, parameters: readonly Json[] = []): Json {
  const { 200: _, ...refusals } = responses({});
  return {
    operationId,
    summary,
    tags: ["Live"],
    description: "The reference describes the frames, under Topics.",
    parameters,
    responses: {
      ...refusals,
      101: { description: "The WebSocket is open." },
      426: { description: "The request is no handshake of a WebSocket." },
    },
  };
}

const phoenixParameters = [
  parameter({
    name: "vsn",
    description: "Of the serializer.",
    schema: { type: "string", enum: ["1.0.0", "2.0.0"] },
  }),
  parameter({ name: "token", description: "A key, since Phoenix' clients set no headers." }),
];

const state = (status: string) => ({
  type: "object",
  properties: { status: { const: status }, warnings: { type: "array", items: { type: "string" } } },
  required: ["status"],
});

/** Needs no key. */
function health(operationId: string, summary: string, status: string): Json {
  return { operationId, summary, tags: ["Health"], security: [], responses: responses(state(status)) };
}

const jsonRpc = {
  type: "object",
  properties: {
    jsonrpc: { const: "2.0" },
    method: { type: "string" },
    id: { type: ["string", "integer"] },
    params: { type: "object" },
  },
  required: ["jsonrpc", "method"],
};

const success = { success: { const: true } };
const sessionAnswer = {
  type: "object",
  properties: {
    ...success,
    id: { type: "string" },
    name: { type: "string" },
    kind: { type: "string" },
    apps: { type: "array", items: { type: "string" } },
  },
  required: ["success", "id", "name", "kind", "apps"],
};

export const otherPaths: Readonly<Record<string, Record<string, Json>>> = {
  "/api/stream": { get: stream },
  "/ws": { get: socket("openSocket", "Topics over WebSocket, with JSON in its frames.", [ticket]) },
  "/socket/websocket": {
    get: socket(
      "openPhoenixSocket",
      "Phoenix Channels for `event_timeline:{message_id}`.",
      phoenixParameters,
    ),
  },
  "/api/backup": {
    post: {
      operationId: "createBackup",
      tags: ["Operate"],
      summary: "All of Mars as one file, for a key of kind `ad` for every app.",
      responses: {
        ...responses({}),
        200: {
          description:
            "A tar archive, compressed, with its checksum behind it. One that breaks off is no backup: `mars verify`.",
          content: { "application/zstd": { schema: { type: "string", format: "binary" } } },
        },
      },
    },
  },
  "/api/sessions": {
    post: {
      operationId: "signIn",
      tags: ["Access"],
      summary: "Sign a browser in by a key: the answer sets a cookie.",
      security: [],
      requestBody: {
        required: true,
        content: json({
          type: "object",
          properties: { token: { type: "string", minLength: 1, description: "The text of a key." } },
          required: ["token"],
          additionalProperties: false,
        }),
      },
      responses: responses(sessionAnswer),
    },
  },
  "/api/sessions/current": {
    delete: {
      operationId: "signOut",
      tags: ["Access"],
      summary: "Sign a browser out, from Mars' own page.",
      security: [{ session: [] }],
      responses: responses({ type: "object", properties: success, required: ["success"] }),
    },
  },
  "/api/sign-in": {
    get: {
      operationId: "getSignIn",
      tags: ["Access"],
      summary:
        "How people can sign in: by a key, and by the issuer at which a browser is sent to `path`. And who the caller is: `null` for who has to sign in first.",
      security: [],
      responses: responses({
        type: "object",
        properties: {
          key: { const: true },
          issuer: {
            type: ["object", "null"],
            properties: { host: { type: "string" }, path: { type: "string" } },
            required: ["host", "path"],
          },
          caller: {
            type: ["object", "null"],
            properties: {
              id: { type: "string" },
              name: { type: "string" },
              kind: { enum: keyKinds },
              apps: { type: "array", items: { type: "string" } },
              open_to_all: { type: "boolean" },
            },
            required: ["id", "name", "kind", "apps", "open_to_all"],
          },
          trace_url: { type: ["string", "null"], description: "`MARS_TRACE_URL`, for who is signed in." },
          public_url: { type: ["string", "null"], description: "`MARS_PUBLIC_URL`, for who is signed in." },
        },
        required: ["key", "issuer", "caller", "trace_url", "public_url"],
      }),
    },
  },
  "/badge/{file}": {
    get: {
      operationId: "getBadge",
      tags: ["Operate"],
      summary:
        "Whether messages of an app are stuck, as a picture: for the apps of `MARS_BADGES`, and else 404.",
      security: [],
      parameters: [
        {
          ...parameter({ name: "file", required: true, description: "The id of the app, and `.svg`." }),
          in: "path",
        },
        parameter({
          name: "hop",
          description: "A stage: how many messages are overdue there. Else those of the whole app.",
          schema: { type: "string" },
        }),
        parameter({
          name: "label",
          description: "The text on its left; the stage, or `mars`, by default.",
          schema: { type: "string", minLength: 1, maxLength: 64 },
        }),
      ],
      responses: {
        ...responses({}),
        200: {
          description: "At most 30 s old.",
          content: { "image/svg+xml": { schema: { type: "string" } } },
        },
        304: { description: "It is as `If-None-Match` says." },
      },
    },
  },
  "/mcp": {
    post: {
      operationId: "callMcp",
      tags: ["Agents"],
      summary:
        "The Model Context Protocol over streamable HTTP, without sessions: tools for agents, which only read.",
      description: "By https://modelcontextprotocol.io. Errors are those of JSON-RPC.",
      parameters: [
        {
          ...parameter({ name: "Accept", in: "header", description: "Both types, or 406." }),
          required: true,
          schema: { const: "application/json, text/event-stream" },
        },
      ],
      requestBody: { required: true, content: json(jsonRpc) },
      responses: {
        200: { description: "The answer to a request.", content: json({ type: "object" }) },
        202: { description: "A notification needs none." },
        default: {
          description: "An error of JSON-RPC; in its `data` is the problem that REST answers.",
          content: json({ type: "object" }),
        },
      },
    },
  },
  "/status": { get: health("getStatus", "Whether the process serves requests.", "up") },
  "/livez": { get: health("getLiveness", "The same, with any parameters.", "up") },
  "/readyz": {
    get: health(
      "getReadiness",
      "Whether events are accepted; 503 while starting, stopping or unable to.",
      "ready",
    ),
  },
  "/metrics": {
    get: {
      operationId: "getMetrics",
      tags: ["Operate"],
      summary:
        "The figures of this Mars for Prometheus: its text format 0.0.4, or OpenMetrics 1.0 where `Accept` prefers that. For a key that reads every app.",
      responses: {
        ...responses({}),
        200: {
          description: "All metrics.",
          content: {
            "text/plain": { schema: { type: "string" } },
            "application/openmetrics-text": { schema: { type: "string" } },
          },
        },
      },
    },
  },
  "/openapi.json": {
    get: {
      operationId: "getOpenApi",
      tags: ["Operate"],
      summary: "This document.",
      security: [],
      responses: responses({ type: "object" }),
    },
  },
};
