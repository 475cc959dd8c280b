import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { create, toBinary, toJsonString } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { eventBodyBytesMax } from "../../../src/core/limits.ts";
import { CollectEventsRequestSchema } from "../../../src/gen/mars/v1/ingest_service_pb.ts";
import { startMars, type TestMars } from "../../support/mars.ts";
import { statsWhen } from "../../support/rest.ts";
import { rpcClients, transports } from "./clients.ts";

let mars: TestMars;
beforeAll(async () => {
  mars = await startMars();
});
afterAll(() => mars[Symbol.asyncDispose]());

/** Some hundred kilobytes of events, of which one is too long to be looked at. */
function events(appId: string) {
  const attributes = Object.fromEntries(Array.from({ length: 30 }, (_, n) => [`key-${n}`, n]));
  const event = (messageId: string) => ({ appId, messageId, event: "e", attributes });
  const long = { ...event("long"), attributes: { text: "x".repeat(eventBodyBytesMax) } };
  return Array.from({ length: 800 }, (_, n) => (n === 400 ? long : event(`m-${n}`)));
}

const expected = {
  accepted: 799,
  rejected: 1,
  errors: [{ index: 400, field: "", message: expect.stringContaining("must be at most 65536 bytes") }],
};

describe("a large batch", () => {
  for (const [name, open] of transports) {
    test(`is taken piece by piece by ${name}, and one event that is too long is refused alone`, async () => {
      const { ingest } = rpcClients(open(mars));
      const result = await ingest.collectEvents({ events: events(name) });
      expect(result).toMatchObject(expected);
      const { messages } = await rpcClients(open(mars)).messages.listMessages({
        appId: name,
        limit: 1000,
        minSeq: result.seq,
      });
      expect(messages).toHaveLength(799);
      expect(messages[0]).toMatchObject({ lastEvent: "e", eventCount: 1n });
    });

    test(`of a stream is accepted in its turn by ${name}`, async () => {
      if (name.includes("HTTP/1.1")) return;
      const { ingest } = rpcClients(open(mars));
      const acks = [];
      async function* batches() {
        yield { batchId: 1n, events: [{ appId: name, messageId: "small", event: "e" }] };
        yield { batchId: 2n, events: events(`${name} stream`) };
        yield { batchId: 3n, events: [{ appId: name, messageId: "small", event: "f" }, {}] };
      }
      for await (const ack of ingest.collectStream(batches())) acks.push(ack);
      expect(acks).toMatchObject([
        { batchId: 1n, accepted: 1, rejected: 0 },
        { batchId: 2n, ...expected },
        { batchId: 3n, accepted: 1, rejected: 1 },
      ]);
    });
  }

  test("that is cut off, or no protobuf at all, is refused as a whole", async () => {
    const message = toBinary(
      CollectEventsRequestSchema,
      create(CollectEventsRequestSchema, { events: events("cut") }),
    );
    const garbage = new Uint8Array(200_000).fill(0x0b);
    for (const bytes of [message.subarray(0, -10), garbage]) {
      const response = await fetch(`${mars.url}/mars.v1.IngestService/CollectEvents`, {
        method: "POST",
        headers: { "content-type": "application/proto" },
        body: bytes,
      });
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({ code: "invalid_argument" });
    }
  });

  test("of four million empty events is refused before they are decoded", async () => {
    for (const [name, open] of transports) {
      const { ingest } = rpcClients(open(mars));
      const error = await ingest
        .collectEvents({ events: new Array(10_001).fill({}) })
        .catch(ConnectError.from);
      expect([name, (error as ConnectError).code]).toEqual([name, Code.ResourceExhausted]);
    }
    const tiny = new Uint8Array(8 * 1024 * 1024).map((_, at) => (at % 2 === 0 ? 0x0a : 0));
    const start = performance.now();
    const response = await fetch(`${mars.url}/mars.v1.IngestService/CollectEvents`, {
      method: "POST",
      headers: { "content-type": "application/proto" },
      body: tiny,
    });
    expect(response.status).toBe(429);
    expect(performance.now() - start).toBeLessThan(1_000);
  });

  test("may be the JSON of a request, with what else it holds", async () => {
    const request = create(CollectEventsRequestSchema, { events: events("json") });
    const text = toJsonString(CollectEventsRequestSchema, request).replace("{", '{"unknown":{"events":[1]},');
    const response = await fetch(`${mars.url}/mars.v1.IngestService/CollectEvents`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: text,
    });
    expect(await response.json()).toMatchObject({ accepted: 799, rejected: 1 });
  });

  test("leaves nothing behind in the budgets", async () => {
    const { intake } = await statsWhen(
      mars.url,
      ({ intake: { received, large } }) => received.used + large.used === 0,
    );
    expect(intake.received.waiting + intake.large.waiting).toBe(0);
  });
});
