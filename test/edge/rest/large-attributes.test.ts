import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { eventBounds } from "../../../src/core/event-bounds.ts";
import { attributesBytesMax } from "../../../src/core/limits.ts";
import { IngestService } from "../../../src/gen/mars/v1/ingest_service_pb.ts";
import { startMars, type TestMars } from "../../support/mars.ts";
import { messageOf } from "../otlp/records.ts";
import { event, post } from "./client.ts";

let mars: TestMars;
beforeAll(async () => {
  mars = await startMars({ attributesBytesMax: 65_536 });
});
afterAll(async () => {
  await mars[Symbol.asyncDispose]();
  // It is one for the process, and so for the tests behind this one.
  eventBounds.allowAttributes(attributesBytesMax);
});

/** 65,536 bytes as JSON; as protobuf several times as many. */
const attributes = (() => {
  const list = Array.from({ length: 32_763 }, () => 1);
  const made = { list };
  return JSON.stringify(made).length === 65_536
    ? made
    : { list, x: "y".repeat(65_536 - JSON.stringify({ list, x: "" }).length) };
})();

describe("attributes of 64 KiB, where they are allowed", () => {
  test("come by REST, one and many, in JSON and in lines", async () => {
    const url = `${mars.url}/api/event`;
    expect((await post(url, event({ message_id: "one", attributes }))).status).toBe(200);
    const many = Array.from({ length: 20 }, (_, n) =>
      event({ message_id: "bulk", event: `e${n}`, attributes }),
    );
    expect((await post(`${url}/bulk`, { events: many })).body).toMatchObject({ accepted: 20, rejected: 0 });
    const lines = many.map((one) => JSON.stringify({ ...one, message_id: "lines" })).join("\n");
    const headers = { "content-type": "application/x-ndjson" };
    expect((await post(`${url}/bulk`, lines, headers)).body).toMatchObject({ accepted: 20, rejected: 0 });
    for (const id of ["one", "bulk", "lines"]) {
      expect((await messageOf(mars, "shop", id)).events[0].attributes).toEqual(attributes);
    }
  });

  test("come by RPC, over both ports, one and many", async () => {
    const transports = {
      grpc: createGrpcTransport({ baseUrl: `http://127.0.0.1:${mars.grpcPort}` }),
      connect: createConnectTransport({ baseUrl: mars.url, httpVersion: "1.1" }),
      json: createConnectTransport({ baseUrl: mars.url, httpVersion: "1.1", useBinaryFormat: false }),
    };
    for (const [name, transport] of Object.entries(transports)) {
      const client = createClient(IngestService, transport);
      const one = { appId: "shop", messageId: name, event: "sent", attributes };
      await client.collectEvent(one);
      const events = Array.from({ length: 5 }, (_, n) => ({ ...one, event: `e${n}` }));
      expect(await client.collectEvents({ events })).toMatchObject({ accepted: 5, rejected: 0 });
      expect((await messageOf(mars, "shop", name)).event_count).toBe(6);
    }
  });

  test("come of a source's deliveries, and what does not fit is cut with a note", async () => {
    const source = {
      app_id: "shop",
      verify: { scheme: "none" },
      message_id: "body.id",
      event: '"SENT"',
      attributes: { text: "body.text", more: "body.more", other: "body.list" },
    };
    const put = async (path: string, body: unknown, method = "POST") => {
      const headers = { "content-type": "application/json" };
      const response = await fetch(mars.url + path, { method, headers, body: JSON.stringify(body) });
      // biome-ignore lint/suspicious/noExplicitAny: looked at member by member.
      return { status: response.status, body: (await response.json()) as any };
    };
    expect((await put("/api/sources/large", source, "PUT")).status).toBe(200);
    const text = "x".repeat(60_000);
    const whole = { id: "source", text };
    expect(await put("/in/large", whole)).toMatchObject({ status: 200, body: { accepted: 1 } });
    expect((await messageOf(mars, "shop", "source")).events[0].attributes).toEqual({ text });

    const list = Array.from({ length: 50 }, () => "y".repeat(2_000));
    const body = JSON.stringify({ id: "cut", text, more: text, list });
    const { events, notes } = (await put("/api/sources/large/try", { body })).body;
    const { attributes } = events[0];
    expect(Buffer.byteLength(JSON.stringify(attributes))).toBeLessThanOrEqual(65_536);
    expect(Object.keys(attributes)).toEqual(["mars.cut", "more", "text"]);
    expect(attributes["mars.cut"]).toBe(3);
    expect(notes).toEqual([
      expect.stringMatching(/^text is cut to \d{5} bytes$/),
      expect.stringMatching(/^more is cut to \d{5} bytes$/),
      "other is left out: there is no room for it in 65536 bytes",
    ]);
  });

  test("may not have more", async () => {
    const { status, body } = await post(
      `${mars.url}/api/event`,
      event({ attributes: { ...attributes, z: 1 } }),
    );
    expect([status, body.errors[0].message]).toEqual([422, "must be at most 65536 bytes as JSON, has 65542"]);
    const huge = event({ attributes: { text: "x".repeat(600_000) } });
    expect((await post(`${mars.url}/api/event`, huge)).status).toBe(413);
  });
});
