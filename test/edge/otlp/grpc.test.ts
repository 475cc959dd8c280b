import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { create } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { LogsService } from "../../../src/gen/opentelemetry/proto/collector/logs/v1/logs_service_pb.ts";
import {
  ExportTraceServiceRequestSchema,
  TraceService,
} from "../../../src/gen/opentelemetry/proto/collector/trace/v1/trace_service_pb.ts";
import { startMars, type TestMars } from "../../support/mars.ts";
import { get, post } from "../rest/client.ts";
import { messageOf, protoLogs } from "./records.ts";

let mars: TestMars;
beforeAll(async () => {
  mars = await startMars();
});
afterAll(() => mars[Symbol.asyncDispose]());

const logs = (port = mars.grpcPort) =>
  createClient(LogsService, createGrpcTransport({ baseUrl: `http://127.0.0.1:${port}` }));

describe("OTLP over gRPC", () => {
  test("log records become events, small and large requests alike", async () => {
    const small = protoLogs("grpc", [{ name: "a", id: "small" }]).request;
    expect((await logs().export(small)).partialSuccess).toBeUndefined();
    const names = Array.from({ length: 9_000 }, (_, n) => ({ name: `e${n}`, id: "large" }));
    expect((await logs().export(protoLogs("grpc", names).request)).partialSuccess).toBeUndefined();
    expect((await messageOf(mars, "grpc", "small")).event_count).toBe(1);
    expect((await messageOf(mars, "grpc", "large")).event_count).toBe(9_000);
  });

  test("an empty request is a success", async () => {
    expect((await logs().export({})).partialSuccess).toBeUndefined();
  });

  test("what has no message id is counted in the answer", async () => {
    const { request } = protoLogs("grpc", [
      { name: "a", id: "" },
      { name: "b", id: "partial" },
    ]);
    const { partialSuccess } = await logs().export(request);
    expect(partialSuccess?.rejectedLogRecords).toBe(1n);
    expect(partialSuccess?.errorMessage).toBe("records refused: 1 without a message id");
    const traces = createClient(
      TraceService,
      createGrpcTransport({ baseUrl: `http://127.0.0.1:${mars.grpcPort}` }),
    );
    const spans = create(ExportTraceServiceRequestSchema, {
      resourceSpans: [{ scopeSpans: [{ spans: [{ name: "x" }] }] }],
    });
    expect((await traces.export(spans)).partialSuccess?.rejectedSpans).toBe(1n);
  });

  test("calls and events are counted by their own door", async () => {
    const { body } = await get(`${mars.url}/api/q/stats`);
    expect(body.doors.otlp.accepted).toBeGreaterThan(9_000);
    expect(body.calls.rpc["opentelemetry.proto.collector.logs.v1.LogsService/Export"].ended.ok).toBe(4);
    const metrics = await (await fetch(`${mars.url}/metrics`)).text();
    expect(metrics).toContain('mars_ingest_rejected_records_total{door="otlp",reason="no_message_id"} 2');
  });
});

describe("with keys", () => {
  test("the app is that of the key, and else the one that the resource names, if the key is for it", async () => {
    const adminKey = "an-admin-key-of-more-than-32-characters";
    await using closed = await startMars({ adminKey });
    const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
    const keyFor = async (...apps: string[]) => {
      const headers = { ...bearer(adminKey), "content-type": "application/json" };
      const { body } = await post(`${closed.url}/api/keys`, { kind: "in", apps, name: apps.join() }, headers);
      return body.token as string;
    };
    const { request } = protoLogs("billing", [{ name: "a", id: "m-1" }]);
    const send = (token: string) => logs(closed.grpcPort).export(request, { headers: bearer(token) });
    await send(await keyFor("shop"));
    await send(await keyFor("bill*"));
    const denied = await send(await keyFor("shop*")).catch(ConnectError.from);
    expect(denied).toMatchObject({ code: Code.PermissionDenied });
    const none = await logs(closed.grpcPort).export(request).catch(ConnectError.from);
    expect(none).toMatchObject({ code: Code.Unauthenticated });
    const list = await get(`${closed.url}/api/messages?min_seq=2`, { headers: bearer(adminKey) });
    expect(list.body.messages.map((one: { app_id: string }) => one.app_id).sort()).toEqual([
      "billing",
      "shop",
    ]);
  });
});
