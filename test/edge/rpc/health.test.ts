import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { createHealthMethods } from "../../../src/edge/rpc/health-service.ts";
import {
  Health,
  HealthCheckResponse_ServingStatus as Status,
} from "../../../src/gen/grpc/health/v1/health_pb.ts";
import { IngestService } from "../../../src/gen/mars/v1/ingest_service_pb.ts";
import { MessageService } from "../../../src/gen/mars/v1/message_service_pb.ts";
import { startMars, type TestMars } from "../../support/mars.ts";

const { SERVING, NOT_SERVING, SERVICE_UNKNOWN } = Status;

let mars: TestMars;
beforeAll(async () => {
  mars = await startMars();
});
afterAll(() => mars[Symbol.asyncDispose]());

const transports = {
  gRPC: () => createGrpcTransport({ baseUrl: `http://127.0.0.1:${mars.grpcPort}` }),
  Connect: () => createConnectTransport({ baseUrl: mars.url, httpVersion: "2" }),
};

describe.each(Object.entries(transports))("health by %s", (_, transport) => {
  test("is known of the whole and of each service", async () => {
    const client = createClient(Health, transport());
    for (const service of ["", MessageService.typeName, IngestService.typeName]) {
      expect(await client.check({ service })).toMatchObject({ status: SERVING });
    }
    const { statuses } = await client.list({});
    expect(statuses).toMatchObject({ "": { status: SERVING }, "mars.v1.AlertService": { status: SERVING } });
  });

  test("is not known of a service that there is not", async () => {
    const client = createClient(Health, transport());
    expect(await codeOf(client.check({ service: "none" }))).toBe(Code.NotFound);
    for await (const { status } of client.watch({ service: "none" })) {
      expect(status).toBe(SERVICE_UNKNOWN);
      break;
    }
  });
});

test("a Mars that takes no events can still be read", () => {
  const refusing = { state: "serving", unready: "the disk is full", stalled: "", warnings: [] } as const;
  const methods = createHealthMethods({
    health: () => refusing,
    services: [IngestService, MessageService],
    takesEvents: (service) => service === IngestService,
  });
  expect(methods.list().statuses).toEqual({
    "": { status: NOT_SERVING },
    [IngestService.typeName]: { status: NOT_SERVING },
    [MessageService.typeName]: { status: SERVING },
  });
});

test("a watcher is sent that Mars stops", async () => {
  const seen: Status[] = [];
  let stopped: Promise<void> | undefined;
  const client = createClient(Health, transports.gRPC());
  const watched = (async () => {
    for await (const { status } of client.watch({})) {
      seen.push(status);
      stopped ??= mars.stop();
    }
  })();
  expect(await codeOf(watched)).toBe(Code.Unavailable);
  await stopped;
  expect(seen).toEqual([SERVING, NOT_SERVING]);
});

async function codeOf(call: Promise<unknown>): Promise<Code | undefined> {
  const error: unknown = await call.then(
    () => undefined,
    (thrown) => thrown,
  );
  return error instanceof ConnectError ? error.code : undefined;
}
