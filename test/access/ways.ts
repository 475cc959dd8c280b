/** The ways into Mars beside the table of operations, each with what it needs. */
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import { MarsGrpc } from "../../src/gen/event_pb.ts";
import { Health } from "../../src/gen/grpc/health/v1/health_pb.ts";
import { ServerReflection } from "../../src/gen/grpc/reflection/v1/reflection_pb.ts";
import { AlertService } from "../../src/gen/mars/v1/alert_service_pb.ts";
import { CollectStreamRequestSchema, IngestService } from "../../src/gen/mars/v1/ingest_service_pb.ts";
import { LifecycleService } from "../../src/gen/mars/v1/lifecycle_service_pb.ts";
import { MessageService } from "../../src/gen/mars/v1/message_service_pb.ts";
import { transports } from "../edge/rpc/clients.ts";
import { LiveClient } from "../support/live-client.ts";
import type { TestMars } from "../support/mars.ts";
import { adminKey, bearer } from "./doors.ts";
import { denied, notFound, ok, ownApp, unknown } from "./matrix-callers.ts";

type Headers = Record<string, string>;

export interface Way {
  readonly name: string;
  /** Absent: it is for everyone. */
  readonly scope?: "ingest" | "read";
  /** The app of the matrix; one that no caller has a key for by name; or none, and all that the caller may see. */
  readonly of: "own" | "nobody" | "any";
  /** @returns a code of RPC */
  call(mars: TestMars, token: string | undefined): Promise<number>;
}

const event = { app_id: ownApp, message_id: "m", event: "e" };
const protoEvent = { appId: ownApp, messageId: "m", event: "e" };
/** Beyond the size up to which a batch is decoded as a whole. */
const attributes = { text: "x".repeat(1_000) };
const largeCount = 200;

const codes: Readonly<Record<number, number>> = { 200: ok, 401: unknown, 403: denied, 404: notFound };

function headersOf(token: string | undefined): Headers {
  return token === undefined ? {} : bearer(token);
}

async function statusOf(mars: TestMars, path: string, init: RequestInit): Promise<number> {
  const controller = new AbortController();
  const { status } = await fetch(mars.url + path, { ...init, signal: controller.signal });
  // A stream goes on.
  controller.abort();
  return codes[status] ?? status;
}

function rest(
  name: string,
  path: string,
  more: Pick<Way, "scope" | "of">,
  body?: string,
  type = "application/json",
): Way {
  return {
    name,
    ...more,
    call: (mars, token) =>
      statusOf(mars, path, {
        headers: { ...headersOf(token), ...(body !== undefined && { "content-type": type }) },
        ...(body !== undefined && { method: "POST", body }),
      }),
  };
}

const ingest = { scope: "ingest", of: "own" } as const;
const read = { scope: "read", of: "own" } as const;
const readAll = { scope: "read", of: "any" } as const;
const everyone = { of: "any" } as const;

const large = Array.from({ length: largeCount }, () => ({ ...event, attributes }));
const lines = (events: readonly object[]) => events.map((one) => JSON.stringify(one)).join("\n");

const otlpIn = (value: string) => ({ key: "mars.app_id", value: { stringValue: value } });
const otlpRecord = { traceId: "1".repeat(32), eventName: "e", name: "e" };
const otlpResource = { attributes: [otlpIn(ownApp)] };
const otlpLogs = {
  resourceLogs: [{ resource: otlpResource, scopeLogs: [{ logRecords: [otlpRecord] }] }],
};
const otlpSpans = { resourceSpans: [{ resource: otlpResource, scopeSpans: [{ spans: [otlpRecord] }] }] };

const cloudEvent = { specversion: "1.0", id: "1", source: "s", type: "t", subject: "m" };
const segmentCall = {
  type: "track",
  event: "e",
  properties: { message_id: "m" },
  context: { app: { name: ownApp } },
};

const restWays: readonly Way[] = [
  rest("POST /api/event", "/api/event", ingest, JSON.stringify(event)),
  rest("a bulk", "/api/event/bulk", ingest, JSON.stringify({ events: [event] })),
  rest("a large bulk", "/api/event/bulk", ingest, JSON.stringify({ events: large })),
  rest("lines", "/api/event/bulk", ingest, lines([event, event]), "application/x-ndjson"),
  rest("many lines", "/api/event/bulk", ingest, lines(large), "application/x-ndjson"),
  rest("OTLP logs", "/v1/logs", ingest, JSON.stringify(otlpLogs)),
  rest("OTLP spans", "/v1/traces", ingest, JSON.stringify(otlpSpans)),
  rest(
    "a CloudEvent",
    `/api/cloudevents?app_id=${ownApp}`,
    ingest,
    JSON.stringify(cloudEvent),
    "application/cloudevents+json",
  ),
  rest(
    "CloudEvents",
    `/api/cloudevents?app_id=${ownApp}`,
    ingest,
    JSON.stringify([cloudEvent]),
    "application/cloudevents-batch+json",
  ),
  rest("Segment", "/v1/batch", ingest, JSON.stringify({ batch: [segmentCall] })),
  {
    name: "an import by a source",
    ...ingest,
    async call(mars, token) {
      await statusOf(mars, "/api/sources/files", {
        method: "PUT",
        headers: { ...bearer(adminKey), "content-type": "application/json" },
        body: JSON.stringify({
          app_id: ownApp,
          verify: { scheme: "none" },
          message_id: "body.id",
          event: '"e"',
        }),
      });
      const code = await statusOf(mars, "/api/sources/files/import", {
        method: "POST",
        headers: { ...headersOf(token), "content-type": "application/x-ndjson" },
        body: '{"id":"m"}\n',
      });
      // To others it is not there.
      return code === notFound ? denied : code;
    },
  },
  rest("GET /api/create_event", "/api/create_event", { scope: "ingest", of: "nobody" }),
  rest("GET /api/test_socket", `/api/test_socket?message_id=m&app_id=${ownApp}`, ingest),
  rest("events of an app", `/api/stream?topic=apps/${ownApp}`, read),
  rest("events of a message", `/api/stream?topic=apps/${ownApp}/messages/m`, read),
  rest("findings of an app", `/api/stream?topic=apps/${ownApp}/findings`, read),
  rest("all events", "/api/stream?topic=all", readAll),
  rest("all findings", "/api/stream?topic=findings", readAll),
  rest("a timeline", "/api/stream?topic=event_timeline:m", readAll),
  rest("a journey", "/api/stream?topic=journeys/x-1", readAll),
  rest("metrics", "/metrics", { scope: "read", of: "nobody" }),
  {
    name: "MCP",
    ...readAll,
    call: (mars, token) =>
      statusOf(mars, "/mcp", {
        method: "POST",
        headers: {
          ...headersOf(token),
          "content-type": "application/json",
          accept: "application/json, text/event-stream",
        },
        body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list" }),
      }),
  },
  ...[
    "/",
    "/search/event?message_id=m",
    "/ui/page.css",
    "/openapi.json",
    "/docs",
    "/status",
    "/livez",
    "/readyz",
  ].map((path) => rest(path, path, everyone)),
];

/** Of an error, or of what the function finds in the answer. */
async function codeOf<Answer>(
  answer: Promise<Answer>,
  codeIn: (answer: Answer) => number = () => ok,
): Promise<number> {
  try {
    return codeIn(await answer);
  } catch (error) {
    return ConnectError.from(error).code;
  }
}

/** The first item of a stream, which is left then. */
async function first<Item>(items: AsyncIterable<Item>): Promise<Item> {
  for await (const item of items) return item;
  throw new ConnectError("the stream ended", Code.DataLoss);
}

type Send = (transport: Transport, options: { readonly headers: Headers }) => Promise<number>;

async function* batches(events: MessageInitShape<typeof CollectStreamRequestSchema>["events"] & object) {
  yield create(CollectStreamRequestSchema, { batchId: 1n, events });
}

/** A batch of events of which none is taken is acknowledged as such. */
function collectStream(events: Parameters<typeof batches>[0]): Send {
  return (transport, options) => {
    const acks = createClient(IngestService, transport).collectStream(batches(events), options);
    return codeOf(first(acks), ({ accepted, errors }) =>
      accepted > 0 ? ok : errors[0]?.field === "app_id" ? denied : notFound,
    );
  };
}

const largeProto = Array.from({ length: largeCount }, () => ({ ...protoEvent, attributes }));

const sends: readonly [name: string, more: Pick<Way, "scope" | "of">, send: Send, both?: true][] = [
  [
    "collectEvent of the original",
    ingest,
    (transport, options) =>
      codeOf(createClient(MarsGrpc, transport).collectEvent({ ...protoEvent, createdAt: "Hello" }, options)),
  ],
  [
    "CollectEvent",
    ingest,
    (transport, options) => codeOf(createClient(IngestService, transport).collectEvent(protoEvent, options)),
  ],
  [
    "CollectEvents",
    ingest,
    (transport, options) =>
      codeOf(createClient(IngestService, transport).collectEvents({ events: [protoEvent] }, options)),
  ],
  [
    "CollectEvents with many",
    ingest,
    (transport, options) =>
      codeOf(createClient(IngestService, transport).collectEvents({ events: largeProto }, options)),
  ],
  ["CollectStream", ingest, collectStream([protoEvent]), true],
  ["CollectStream with many", ingest, collectStream(largeProto), true],
  ...([`apps/${ownApp}`, `apps/${ownApp}/messages/m`, "all"] as const).map(
    (topic): [string, Pick<Way, "scope" | "of">, Send] => [
      `WatchEvents of ${topic}`,
      topic === "all" ? readAll : read,
      (transport, options) =>
        codeOf(first(createClient(MessageService, transport).watchEvents({ topic }, options))),
    ],
  ),
  ...([`apps/${ownApp}/findings`, "findings"] as const).map(
    (topic): [string, Pick<Way, "scope" | "of">, Send] => [
      `WatchFindings of ${topic}`,
      topic === "findings" ? readAll : read,
      (transport, options) =>
        codeOf(first(createClient(LifecycleService, transport).watchFindings({ topic }, options))),
    ],
  ),
  [
    "WatchAlerts",
    readAll,
    (transport, options) =>
      codeOf(first(createClient(AlertService, transport).watchAlerts({ topic: "alerts" }, options))),
  ],
  ...([`apps/${ownApp}/incidents`, "incidents"] as const).map(
    (topic): [string, Pick<Way, "scope" | "of">, Send] => [
      `WatchIncidents of ${topic}`,
      topic === "incidents" ? readAll : read,
      (transport, options) =>
        codeOf(first(createClient(AlertService, transport).watchIncidents({ topic }, options))),
    ],
  ),
  ["health", everyone, (transport, options) => codeOf(createClient(Health, transport).check({}, options))],
  [
    "reflection",
    everyone,
    (transport, options) => {
      async function* questions() {
        yield { host: "", messageRequest: { case: "listServices", value: "" } as const };
      }
      return codeOf(
        first(createClient(ServerReflection, transport).serverReflectionInfo(questions(), options)),
      );
    },
    true,
  ],
];

/** Those that speak both ways at once. */
const bidirectional = /^(gRPC|gRPC with gzip|gRPC with JSON|Connect over HTTP\/2)$/;

/** Transports are kept: each has connections of its own. */
const opened = new WeakMap<TestMars, Map<string, Transport>>();

function transportOf(mars: TestMars, name: string, open: (mars: TestMars) => Transport): Transport {
  const known = opened.get(mars) ?? new Map<string, Transport>();
  opened.set(mars, known);
  const transport = known.get(name) ?? open(mars);
  known.set(name, transport);
  return transport;
}

const rpcWays: readonly Way[] = transports.flatMap(([protocol, open]) =>
  sends
    .filter(([, , , both]) => both === undefined || bidirectional.test(protocol))
    .map(
      ([name, more, send]): Way => ({
        name: `${name} by ${protocol}`,
        ...more,
        call: (mars, token) => send(transportOf(mars, protocol, open), { headers: headersOf(token) }),
      }),
    ),
);

const closeCodes: Readonly<Record<number, number>> = { 4401: unknown, 4403: denied };
const frameCodes: Readonly<Record<string, number>> = { permission_denied: denied, not_found: notFound };

/** Sends a frame on a socket, and gets the code of its answer, or of the socket's end. */
async function ask(client: LiveClient, frame: string, codeIn: (answer: unknown) => number): Promise<number> {
  client.send(frame);
  const closed = client.closed.then(({ code }) => closeCodes[code] ?? code);
  const code = await Promise.race([client.next().then(codeIn), closed]);
  await client.close();
  return code;
}

function socket(name: string, topic: string, more: Pick<Way, "scope" | "of">): Way {
  return {
    name,
    ...more,
    async call(mars, token) {
      const client = await LiveClient.open(mars, "/ws", headersOf(token));
      return ask(client, JSON.stringify({ type: "subscribe", topic }), (answer) => {
        const { type, code } = answer as { type: string; code: string };
        return type === "subscribed" ? ok : (frameCodes[code] ?? Code.Unknown);
      });
    },
  };
}

const socketWays: readonly Way[] = [
  socket("a socket of an app", `apps/${ownApp}`, read),
  socket("a socket of a message", `apps/${ownApp}/messages/m`, read),
  socket("a socket of an app's findings", `apps/${ownApp}/findings`, read),
  socket("a socket of all", "all", readAll),
  socket("a socket of a timeline", "event_timeline:m", readAll),
  socket("a socket of a journey", "journeys/x-1", readAll),
  {
    name: "Phoenix",
    ...readAll,
    async call(mars, token) {
      const query = token === undefined ? "" : `&token=${token}`;
      const client = await LiveClient.open(mars, `/socket/websocket?vsn=2.0.0${query}`);
      const join = JSON.stringify(["1", "1", "event_timeline:m", "phx_join", {}]);
      return ask(client, join, (answer) =>
        (answer as { status: string }[])[4]?.status === "ok" ? ok : denied,
      );
    },
  },
];

export const ways: readonly Way[] = [...restWays, ...rpcWays, ...socketWays];
