import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { randomUUID } from "node:crypto";
import { create, toBinary } from "@bufbuild/protobuf";
import { EventRequestSchema, MarsGrpc } from "../../../src/gen/event_pb.ts";
import { AdminService } from "../../../src/gen/mars/v1/admin_service_pb.ts";
import { AlertService } from "../../../src/gen/mars/v1/alert_service_pb.ts";
import { IngestService } from "../../../src/gen/mars/v1/ingest_service_pb.ts";
import { LifecycleService } from "../../../src/gen/mars/v1/lifecycle_service_pb.ts";
import { MessageService } from "../../../src/gen/mars/v1/message_service_pb.ts";
import { startMars, type TestMars } from "../../support/mars.ts";
import { frame } from "./wire.ts";

const page = "https://page.example";
const collectEvent = "/mars.v1.IngestService/CollectEvent";

let mars: TestMars;
beforeAll(async () => {
  mars = await startMars({ allowedOrigins: [page] });
});
afterAll(() => mars[Symbol.asyncDispose]());

function post(
  path: string,
  body: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(mars.url + path, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body,
  });
}

test("native gRPC is refused by every method, for this port can send no trailers; nothing is stored", async () => {
  const services = [MarsGrpc, IngestService, MessageService, LifecycleService, AlertService, AdminService];
  const before = await lastSeq();
  const message = toBinary(
    EventRequestSchema,
    create(EventRequestSchema, { appId: "a", messageId: "m", event: "e" }),
  );
  for (const { typeName, methods } of services) {
    for (const { name } of methods) {
      const path = `/${typeName}/${name}`;
      const response = await post(path, new Uint8Array(frame(message)), {
        "content-type": "application/grpc",
      });
      expect([path, response.status]).toEqual([path, 415]);
    }
  }
  expect(await lastSeq()).toBe(before);
});

async function lastSeq(): Promise<number> {
  return ((await (await fetch(`${mars.url}/api/q/stats`)).json()) as { last_seq: number }).last_seq;
}

describe("Connect by hand", () => {
  test("a misspelt field of a question is refused with what was meant, by any name that protobuf has", async () => {
    const asked: [path: string, body: object, detail: string][] = [
      ["MessageService/ListMessages", { appid: "a" }, "appid is not known: did you mean app_id?"],
      [
        "MessageService/ListMessages",
        { app_id: "a", limti: 1, x: 2 },
        "limti is not known: did you mean limit?; 1 more problem",
      ],
      [
        "LifecycleService/PutLifecycle",
        { appId: "a", lifecycle: { completeOn: ["A"], stages: [{ events: ["A"], optinal: true }] } },
        "lifecycle.stages[0].optinal is not known: did you mean optional?",
      ],
    ];
    for (const [path, body, detail] of asked) {
      const response = await post(`/mars.v1.${path}`, JSON.stringify(body));
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({
        code: "invalid_argument",
        message: detail,
        details: [{}],
      });
    }
    const known = { appId: "none", stageEvents: ["A"], stage_state: "FUNNEL_STATUS_REACHED", followed: true };
    const response = await post("/mars.v1.MessageService/ListMessages", JSON.stringify(known));
    expect(response.status).toBe(200);
  });

  test("a JSON body like that of REST is taken, unknown fields and all", async () => {
    const event = {
      app_id: "a",
      message_id: "m",
      event: "e",
      created_at: "2026-01-31T12:00:00.123456789+01:00",
      attributes: { a: 1 },
      colour: "red",
    };
    const response = await post(collectEvent, JSON.stringify(event));
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ seq: expect.stringMatching(/^\d+$/) });
  });

  test("a message can be read by GET", async () => {
    const ids = { appId: "a", messageId: randomUUID() };
    const { seq } = (await (await post(collectEvent, JSON.stringify({ ...ids, event: "e" }))).json()) as {
      seq: string;
    };
    const message = encodeURIComponent(JSON.stringify({ ...ids, minSeq: seq }));
    const url = `${mars.url}/mars.v1.MessageService/GetMessage?connect=v1&encoding=json&message=${message}`;
    const response = await fetch(url);
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ message: { summary: ids, events: [{ event: "e", seq }] } });
  });

  test.each([
    ["no JSON", "{"],
    ["no object", "5"],
    ["a number for an id", '{"app_id":"a","message_id":5,"event":"e"}'],
    ["a time that is none", '{"app_id":"a","message_id":"m","event":"e","created_at":"Hello"}'],
    ["half a surrogate", '{"app_id":"a","message_id":"m","event":"\\ud800"}'],
    [
      "half a surrogate in attributes",
      '{"app_id":"a","message_id":"m","event":"e","attributes":{"a":"\\udc00"}}',
    ],
    ["bytes that are no UTF-8", Buffer.from('{"app_id":"a","message_id":"m","event":"\xff"}', "latin1")],
    ["attributes that are a list", '{"app_id":"a","message_id":"m","event":"e","attributes":[]}'],
    ["JSON nested 10,000 deep", `{"attributes":${'{"a":'.repeat(10_000)}1${"}".repeat(10_001)}`],
    ["lists nested 10,000 deep", `{"attributes":{"a":${"[".repeat(10_000)}${"]".repeat(10_000)}}}`],
  ])("%s is an invalid argument", async (_, body) => {
    const response = await post(collectEvent, body);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ code: "invalid_argument" });
  });

  test("bytes that are no message are an invalid argument", async () => {
    const response = await post(collectEvent, "\xff\xff", { "content-type": "application/proto" });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ code: "invalid_argument" });
  });

  test("bytes that are no message are an invalid argument to gRPC-Web", async () => {
    const type = { "content-type": "application/grpc-web+proto" };
    const response = await post(collectEvent, new Uint8Array(frame(Buffer.from("\xff\xff", "latin1"))), type);
    const answer = Buffer.from(await response.arrayBuffer());
    expect(answer[0]).toBe(0x80);
    expect(answer.readUInt32BE(1)).toBe(answer.byteLength - 5);
    expect(answer.subarray(5).toString().split("\r\n")).toContain("grpc-status: 3");
  });

  test("a stream's bytes that are no message are an invalid argument", async () => {
    const sent = new Uint8Array(frame(Buffer.from("\xff\xff", "latin1")));
    for (const path of ["/mars.v1.MessageService/WatchEvents", "/mars.v1.IngestService/CollectStream"]) {
      const response = await post(path, sent, { "content-type": "application/connect+proto" });
      const answer = Buffer.from(await response.arrayBuffer());
      expect([response.status, answer[0]]).toEqual([200, 2]);
      expect(answer.readUInt32BE(1)).toBe(answer.byteLength - 5);
      expect(JSON.parse(answer.subarray(5).toString())).toMatchObject({
        error: { code: "invalid_argument" },
      });
    }
  });

  test.each([1, 2, 3, 4, 128, 255])(
    "frame flags %d are an invalid argument where nothing gives them a meaning",
    async (flags) => {
      const sent = new Uint8Array(frame(Buffer.alloc(0), { flags }));
      for (const type of ["application/connect+proto", "application/grpc-web+proto"]) {
        const path = "/mars.v1.MessageService/WatchEvents";
        const text = await (await post(path, sent, { "content-type": type })).text();
        expect(text).toMatch(/grpc-status: 3|"code":"invalid_argument"/);
      }
    },
  );

  test("a deadline beyond what timers take is as good as none", async () => {
    const event = JSON.stringify({ app_id: "a", message_id: "m", event: "e" });
    for (const deadline of [{ "connect-timeout-ms": "9999999999" }, { "grpc-timeout": "99999999H" }]) {
      expect((await post(collectEvent, event, deadline)).status).toBe(200);
    }
    const type = { "content-type": "application/grpc-web+proto", "grpc-timeout": "99999999H" };
    const call = toBinary(
      EventRequestSchema,
      create(EventRequestSchema, { appId: "a", messageId: "m", event: "e" }),
    );
    const legacy = await post(
      "/MarsWeb.GrpcService.MarsGrpc/collectEvent",
      new Uint8Array(frame(call)),
      type,
    );
    expect(await legacy.text()).toContain("grpc-status: 0");
  });

  test("base64 that is none is an invalid argument", async () => {
    for (const message of ["!!!", "a b", "%00"]) {
      const url = `${mars.url}/mars.v1.MessageService/GetMessage?connect=v1&encoding=proto&base64=1&message=${message}`;
      const response = await fetch(url);
      expect([response.status, await response.json()]).toMatchObject([400, { code: "invalid_argument" }]);
    }
  });

  test("a bomb is refused, and so is what is not gzip", async () => {
    const gzip = { "content-encoding": "gzip" };
    const bomb = await post(collectEvent, Bun.gzipSync(Buffer.alloc(64 * 1024 * 1024, "[")), gzip);
    expect([bomb.status, ((await bomb.json()) as { code: string }).code]).toEqual([
      429,
      "resource_exhausted",
    ]);
    const junk = await post(collectEvent, "junk", gzip);
    expect([junk.status, ((await junk.json()) as { code: string }).code]).toEqual([400, "invalid_argument"]);
  });

  test("a media type that is none of RPC's is refused", async () => {
    expect((await post(collectEvent, "{}", { "content-type": "text/plain" })).status).toBe(415);
    expect((await fetch(mars.url + collectEvent)).status).toBe(405);
    expect((await post("/mars.v1.IngestService/Nothing", "{}")).status).toBe(404);
  });
});

describe("a page of another origin", () => {
  function preflight(origin: string): Promise<Response> {
    return fetch(mars.url + collectEvent, {
      method: "OPTIONS",
      headers: {
        origin,
        "access-control-request-method": "POST",
        "access-control-request-headers": "content-type,connect-protocol-version",
      },
    });
  }

  test("may call when its origin is allowed", async () => {
    const { headers, status } = await preflight(page);
    expect(status).toBe(204);
    expect(headers.get("access-control-allow-origin")).toBe(page);
    expect(headers.get("access-control-allow-methods")).toContain("POST");
    expect(headers.get("access-control-allow-headers")?.toLowerCase()).toContain("connect-protocol-version");
    const event = JSON.stringify({ app_id: "a", message_id: "m", event: "e" });
    const response = await post(collectEvent, event, { origin: page });
    expect(response.headers.get("access-control-allow-origin")).toBe(page);
    expect(response.headers.get("access-control-expose-headers")?.toLowerCase()).toContain("grpc-status");
  });

  test("may not read an answer otherwise", async () => {
    expect((await preflight("https://evil.example")).headers.get("access-control-allow-origin")).toBeNull();
    const event = JSON.stringify({ app_id: "a", message_id: "m", event: "e" });
    const response = await post(collectEvent, event, { origin: "https://evil.example" });
    expect(response.headers.get("access-control-allow-origin")).toBeNull();
  });
});
