import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { gzipSync } from "node:zlib";
import { startMars, type TestMars } from "../../support/mars.ts";
import { mulberry32 } from "../../support/random.ts";
import { get, post } from "../rest/client.ts";
import { logsOf, messageOf, postProto, protoLogs, span, spansOf, text, trace } from "./records.ts";

let mars: TestMars;
beforeAll(async () => {
  mars = await startMars();
});
afterAll(() => mars[Symbol.asyncDispose]());

const logs = () => `${mars.url}/v1/logs`;
const traces = () => `${mars.url}/v1/traces`;

describe("log records", () => {
  test("become events of the messages that their attributes name, in JSON", async () => {
    const record = {
      timeUnixNano: "1700000000123456789",
      traceId: trace.toUpperCase(),
      spanId: span,
      eventName: "order.paid",
      severityNumber: 9,
      body: { stringValue: "paid" },
      attributes: [
        text("mars.message_id", "json-1"),
        text("mars.external_id", "order-1"),
        { key: "amount", value: { intValue: "42" } },
        { key: "rate", value: { doubleValue: 0.5 } },
        { key: "tags", value: { arrayValue: { values: [{ stringValue: "a" }, { boolValue: true }] } } },
        { key: "map", value: { kvlistValue: { values: [text("k", "v")] } } },
      ],
      unknownField: 1,
    };
    const answer = await post(logs(), logsOf("json", record));
    expect([answer.status, answer.body]).toEqual([200, {}]);
    expect(answer.headers.get("content-type")).toBe("application/json");
    const { events, external_ids: _, ...message } = await messageOf(mars, "json", "json-1");
    expect(message.message_id).toBe("json-1");
    expect(events).toEqual([
      expect.objectContaining({
        event: "order.paid",
        created_at: "2023-11-14T22:13:20.123456Z",
        external_id: "order-1",
        trace_id: trace,
        span_id: span,
        attributes: {
          amount: 42,
          rate: 0.5,
          tags: ["a", true],
          map: { k: "v" },
          body: "paid",
          severity: "INFO",
          "service.name": "json",
        },
      }),
    ]);
  });

  test("and in protobuf, packed, with the answer in protobuf", async () => {
    const { bytes } = protoLogs("proto", [
      { name: "order.sent", id: "proto-1", attributes: { carrier: "post" } },
    ]);
    const { status, type, answer } = await postProto(logs(), gzipSync(bytes), { "content-encoding": "gzip" });
    expect([status, type, answer?.partialSuccess]).toEqual([200, "application/x-protobuf", undefined]);
    const { events } = await messageOf(mars, "proto", "proto-1");
    expect(events).toHaveLength(1);
    expect(events[0]).toMatchObject({
      event: "order.sent",
      created_at: "2023-11-14T22:13:20.123456Z",
      attributes: { carrier: "post", "service.name": "proto" },
    });
  });

  test("change nothing when they are sent again, and differ where they say something else", async () => {
    const one = { eventName: "tried", timeUnixNano: 0, attributes: [text("mars.message_id", "again")] };
    const other = { ...one, body: { stringValue: "second" } };
    for (let n = 0; n < 3; n++) expect((await post(logs(), logsOf("again", one, other))).body).toEqual({});
    const { events } = await messageOf(mars, "again", "again");
    expect(events.map(({ duplicates }: { duplicates: number }) => duplicates)).toEqual([2, 2]);
  });

  test("without a message id or a name are counted in an answer that is a success", async () => {
    const before = await rejected();
    const answer = await post(
      logs(),
      logsOf(
        "partial",
        { eventName: "no id" },
        { attributes: [text("mars.message_id", "no-name")] },
        { eventName: "good", attributes: [text("mars.message_id", "good")] },
        { eventName: "x".repeat(300), attributes: [text("mars.message_id", "bad")] },
      ),
    );
    expect(answer.status).toBe(200);
    expect(answer.body.partialSuccess).toEqual({
      rejectedLogRecords: "3",
      errorMessage:
        "records refused: 1 without a message id; 1 without the name of an event; 1 with invalid fields (the first: event must be at most 256 bytes, has 300)",
    });
    expect(await messageOf(mars, "partial", "good")).toBeDefined();
    expect(await rejected()).toEqual({
      no_message_id: (before.no_message_id ?? 0) + 1,
      no_event_name: (before.no_event_name ?? 0) + 1,
      invalid: (before.invalid ?? 0) + 1,
    });
  });

  test("take their time, name and id from where there is one", async () => {
    const record = {
      observedTimeUnixNano: 1_700_000_000_000_000_000,
      traceId: trace,
      attributes: [text("event.name", "by attribute"), text("mars.event_id", "e-1")],
    };
    await post(logs(), logsOf("fallbacks", record));
    const { events } = await messageOf(mars, "fallbacks", trace);
    expect(events).toEqual([
      expect.objectContaining({
        event: "by attribute",
        event_id: "e-1",
        created_at: "2023-11-14T22:13:20.000000Z",
      }),
    ]);
  });

  test("with more than fits keep what comes first, and say that something is cut", async () => {
    const attributes = [
      text("mars.message_id", "long"),
      text("first", "1"),
      text("long", "x".repeat(20_000)),
    ];
    const record = { eventName: "long", body: { stringValue: "y".repeat(20_000) }, attributes };
    expect((await post(logs(), logsOf("long", record))).body).toEqual({});
    const [event] = (await messageOf(mars, "long", "long")).events;
    expect(event.attributes).toMatchObject({ first: "1", "mars.cut": expect.any(Number) });
    expect(event.attributes.long).toEndWith("…");
    expect(Buffer.byteLength(JSON.stringify(event.attributes))).toBeLessThanOrEqual(8_192);
  });

  test("that are many come in pieces, in both encodings", async () => {
    const names = Array.from({ length: 12_000 }, (_, n) => ({ name: `e${n}`, id: `many-${n % 3}` }));
    const { bytes } = protoLogs("many", names);
    expect((await postProto(logs(), bytes)).answer?.partialSuccess).toBeUndefined();
    const records = names.map(({ name, id }) => ({
      eventName: name,
      timeUnixNano: "1700000000123456789",
      attributes: [text("mars.message_id", id)],
    }));
    expect((await post(logs(), logsOf("many", ...records))).body).toEqual({});
    // The same records in another encoding are the same events.
    const { event_count } = await messageOf(mars, "many", "many-0");
    expect(event_count).toBe(4_000);
  });

  test("that are none: an empty request is a success", async () => {
    expect((await post(logs(), {})).body).toEqual({});
    expect((await postProto(logs(), new Uint8Array(0))).status).toBe(200);
  });
});

describe("spans", () => {
  const record = {
    traceId: trace,
    spanId: span,
    parentSpanId: "eee19b7ec3c1b173",
    name: "orders process",
    kind: 5,
    startTimeUnixNano: "1700000000000000000",
    endTimeUnixNano: "1700000001500000000",
    attributes: [text("messaging.message.id", "span-1"), text("messaging.operation.type", "process")],
    events: [{ timeUnixNano: "1700000001000000000", name: "retried", attributes: [text("reason", "busy")] }],
    status: { code: 2, message: "out of stock" },
    flags: 257,
  };

  test("are events at their end, and so are the events in them", async () => {
    expect((await post(traces(), spansOf("spans", record))).body).toEqual({});
    const { events } = await messageOf(mars, "spans", "span-1");
    expect(events).toEqual([
      expect.objectContaining({ event: "retried", event_id: `${span}:0`, attributes: { reason: "busy" } }),
      expect.objectContaining({
        event: "process",
        event_id: span,
        created_at: "2023-11-14T22:13:21.500000Z",
        trace_id: trace,
        trace_flags: "01",
        attributes: {
          "messaging.operation.type": "process",
          "span.duration_ms": 1500,
          "span.kind": "consumer",
          "span.name": "orders process",
          "span.parent_id": "eee19b7ec3c1b173",
          "span.status": "error",
          "span.status_message": "out of stock",
          "service.name": "spans",
        },
      }),
    ]);
  });

  test("without an id of a message belong to their trace", async () => {
    await post(traces(), spansOf("spans", { ...record, attributes: [], events: [] }));
    const { events } = await messageOf(mars, "spans", trace);
    expect(events.map((one: { event: string }) => one.event)).toEqual(["orders process"]);
  });

  test("are events at their start where that is set, by the attributes that are set", async () => {
    await using other = await startMars({ otlpSpanStarts: true, otlpMessageIds: ["order.id"] });
    const spans = spansOf("set", { ...record, events: [], attributes: [text("order.id", "o-1")] });
    await post(`${other.url}/v1/traces`, spans);
    const { events } = await messageOf(other, "set", "o-1");
    expect(events.map((one: { event: string }) => one.event)).toEqual([
      "orders process.started",
      "orders process",
    ]);
    const without = await post(`${other.url}/v1/traces`, spansOf("set", { ...record, attributes: [] }));
    expect(without.body.partialSuccess.rejectedSpans).toBe("1");
  });
});

describe("refusals", () => {
  test("are all that a damaged request gets, and never an error of ours", async () => {
    const names = Array.from({ length: 20 }, (_, n) => ({
      name: `e${n}`,
      id: "damaged",
      attributes: { a: "b" },
    }));
    const { bytes } = protoLogs("damaged", names);
    const json = JSON.stringify(
      logsOf("damaged", { eventName: "e", attributes: [text("mars.message_id", "damaged")] }),
    );
    const random = mulberry32(7);
    const below = (bound: number) => Math.floor(random() * bound);
    for (let n = 0; n < 200; n++) {
      const damaged = Uint8Array.from(bytes.subarray(0, 1 + below(bytes.byteLength)));
      for (let m = 0; m < 3; m++) damaged[below(damaged.byteLength)] = below(256);
      expect([200, 400]).toContain((await postProto(logs(), damaged)).status);
      const at = below(json.length);
      const cut = json.slice(0, at) + json.slice(at + 1 + below(4));
      expect([200, 400]).toContain((await post(logs(), cut)).status);
    }
  });

  test("are google.rpc.Status in the encoding of the request", async () => {
    const json = await post(logs(), "{");
    expect([json.status, json.headers.get("content-type")]).toEqual([400, "application/json"]);
    expect(json.body).toEqual({ code: 3, message: expect.stringContaining("not valid JSON") });
    const proto = await postProto(logs(), new Uint8Array([0xff, 0xff]));
    expect([proto.status, proto.type, proto.error?.code]).toEqual([400, "application/x-protobuf", 3]);
    const shape = await post(logs(), { resourceLogs: 1 });
    expect([shape.status, shape.body.code]).toEqual([400, 3]);
  });

  test("are for bodies beyond 16 MiB after decompression, and not for one that has as many", async () => {
    const most = 16 * 1024 * 1024;
    const some = protoLogs("bound", [{ name: "e", id: "b" }]).bytes;
    /** With a field that the protocol does not know: 15, of so many bytes. */
    const filled = (bytes: number, filler: number) => {
      const rest = bytes - some.byteLength - 5;
      const length = [0, 7, 14, 21].map((shift) => ((rest >> shift) & 127) | (shift < 21 ? 128 : 0));
      const field = new Uint8Array(rest);
      crypto.getRandomValues(field.subarray(0, filler));
      return Buffer.concat([some, Uint8Array.of(0x7a, ...length), field]);
    };
    const gzip = { "content-encoding": "gzip" };
    const noise = 60_000;
    expect((await postProto(logs(), filled(most, noise))).status).toBe(200);
    expect((await postProto(logs(), gzipSync(filled(most, noise)), gzip)).status).toBe(200);
    expect((await messageOf(mars, "bound", "b")).event_count).toBe(1);
    const over = await postProto(logs(), gzipSync(filled(most + 1, noise)), gzip);
    expect([over.status, over.error?.code, over.error?.message]).toEqual([
      413,
      8,
      expect.stringContaining(`at most ${most} bytes, has more after decompression`),
    ]);
    // What is nothing but air is refused before it is unpacked that far.
    const bomb = await postProto(logs(), gzipSync(new Uint8Array(most)), gzip);
    expect([bomb.status, bomb.error?.message]).toEqual([413, expect.stringContaining("1000 times")]);
  }, 30_000);

  test("for another type, a longer body, too many records", async () => {
    const other = await post(logs(), "a", { "content-type": "text/plain" });
    expect([other.status, other.body.code]).toEqual([415, 3]);
    const long = await postProto(logs(), new Uint8Array(16 * 1024 * 1024 + 1));
    expect([long.status, long.error?.code]).toEqual([413, 8]);
    const many = await postProto(
      logs(),
      protoLogs(
        "more",
        Array.from({ length: 50_001 }, () => ({ name: "e", id: "m" })),
      ).bytes,
    );
    expect([many.status, many.error?.message]).toEqual([413, expect.stringContaining("50000")]);
    expect(await messageOf(mars, "more", "m")).toBeUndefined();
  });
});

async function rejected(): Promise<Record<string, number>> {
  const { body } = await get(`${mars.url}/api/q/stats`);
  return body.doors.otlp.reasons;
}
