import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { startMars, type TestMars } from "../../support/mars.ts";
import { messageOf } from "../otlp/records.ts";
import { get, post } from "../rest/client.ts";

let mars: TestMars;
beforeAll(async () => {
  mars = await startMars();
});
afterAll(() => mars[Symbol.asyncDispose]());

const url = () => `${mars.url}/api/cloudevents?app_id=shop`;
const structured = { "content-type": "application/cloudevents+json" };
const batched = { "content-type": "Application/CloudEvents-Batch+JSON; charset=utf-8" };

/** One that is good, unless `more` says otherwise. */
function cloudEvent(more: Readonly<Record<string, unknown>> = {}) {
  return {
    specversion: "1.0",
    id: "A234-1234-1234",
    source: "https://example.com/orders",
    type: "com.example.order.paid",
    subject: "order-1",
    ...more,
  };
}

async function binary(headers: Readonly<Record<string, string>>, body?: string | Uint8Array<ArrayBuffer>) {
  const own = Object.entries(cloudEvent()).map(([name, value]) => [`ce-${name}`, value] as const);
  const all = { ...Object.fromEntries(own), ...headers };
  const response = await fetch(url(), { method: "POST", headers: all, ...(body !== undefined && { body }) });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

describe("a CloudEvent", () => {
  test("in structured mode is an event of the message that its subject names", async () => {
    const event = cloudEvent({
      time: "2026-01-31T12:00:00Z",
      comexampleextension1: "value",
      data: { amount: 3 },
    });
    const { status, body } = await post(url(), event, structured);
    expect([status, body]).toEqual([200, { success: true, seq: expect.any(Number) }]);
    const { events } = await messageOf(mars, "shop", "order-1");
    expect(events).toEqual([
      expect.objectContaining({
        event: "com.example.order.paid",
        event_id: "https://example.com/orders#A234-1234-1234",
        created_at: "2026-01-31T12:00:00.000000Z",
        attributes: {
          comexampleextension1: "value",
          source: "https://example.com/orders",
          data: { amount: 3 },
        },
      }),
    ]);
    // Again it is the same event.
    await post(url(), event, structured);
    expect((await messageOf(mars, "shop", "order-1")).events[0].duplicates).toBe(1);
  });

  test("in binary mode has its attributes in headers, its data of any type in the body", async () => {
    const json = await binary({ "ce-subject": "binary-1", "content-type": "application/json" }, '{"a":[1]}');
    expect(json.status).toBe(200);
    const text = await binary(
      { "ce-subject": "binary-1", "ce-id": "2", "content-type": "text/plain" },
      "hello",
    );
    expect(text.status).toBe(200);
    const bytes = await binary(
      { "ce-subject": "binary-1", "ce-id": "3", "content-type": "image/png" },
      new Uint8Array([1, 2, 3]),
    );
    expect(bytes.status).toBe(200);
    expect((await binary({ "ce-subject": "binary-1", "ce-id": "4" })).status).toBe(200);
    const { events } = await messageOf(mars, "shop", "binary-1");
    const data = events.map((one: { attributes: Record<string, unknown> }) => {
      const { source: _, ...attributes } = one.attributes;
      return attributes;
    });
    expect(data).toEqual([
      { data: { a: [1] } },
      { data: "hello", datacontenttype: "text/plain" },
      { data_base64: "AQID", datacontenttype: "image/png" },
      {},
    ]);
  });

  test("has its headers decoded once, without quotes; what is no UTF-8 is refused", async () => {
    const { status } = await binary({ "ce-subject": '"Euro%20%E2%82%AC %2541"', "ce-id": "decoded" });
    expect(status).toBe(200);
    expect(await messageOf(mars, "shop", "Euro € %41")).toBeDefined();
    const bad = await binary({ "ce-subject": "%C0%A0" });
    expect([bad.status, bad.body.errors]).toEqual([
      422,
      [{ field: "ce-subject", message: "is not UTF-8 in percent-encoding" }],
    ]);
  });

  test("is refused with what is wrong in its own terms", async () => {
    const { id: _, subject: __, ...rest } = cloudEvent({ specversion: "0.3", type: "" });
    const { status, body } = await post(url(), rest, structured);
    expect([status, body.errors]).toEqual([
      422,
      [
        { field: "specversion", message: 'must be "1.0"' },
        { field: "id", message: "is required" },
        { field: "type", message: "must not be empty" },
      ],
    ]);
    const { subject: ___, ...unnamed } = cloudEvent();
    const none = await post(url(), unnamed, structured);
    expect([none.status, none.body.errors[0].field]).toEqual([422, "marsmessageid"]);
    const app = await post(`${mars.url}/api/cloudevents`, cloudEvent(), structured);
    expect([app.status, app.body.errors[0].field]).toEqual([422, "marsappid"]);
    expect((await post(url(), "<xml/>", { "content-type": "application/cloudevents+xml" })).status).toBe(415);
    expect((await post(url(), cloudEvent())).status).toBe(415);
    expect((await post(url(), "{", structured)).status).toBe(400);
    const long = await post(url(), cloudEvent({ data: "x".repeat(300_000) }), structured);
    expect(long.status).toBe(413);
  });

  test("may say its app and its message itself, and more than fits is cut", async () => {
    const event = cloudEvent({
      marsappid: "own",
      marsmessageid: "m-1",
      data: { long: "x".repeat(50_000), b: 1 },
    });
    expect((await post(`${mars.url}/api/cloudevents`, event, structured)).status).toBe(200);
    const [{ attributes }] = (await messageOf(mars, "own", "m-1")).events;
    expect(attributes).toMatchObject({ subject: "order-1", "mars.cut": 1, data: { b: 1 } });
    expect(attributes.data.long).toEndWith("…");
  });
});

describe("a batch", () => {
  test("has an answer for each of its events", async () => {
    const events = [cloudEvent({ subject: "b-1" }), 1, cloudEvent({ subject: "b-2", source: 3 })];
    const { status, body } = await post(url(), events, batched);
    expect([status, body]).toEqual([
      207,
      {
        success: false,
        accepted: 1,
        rejected: 2,
        errors: [
          { index: 1, field: "", message: "must be a JSON object with specversion, id, source and type" },
          { index: 2, field: "source", message: "must be a string" },
        ],
        seq: expect.any(Number),
      },
    ]);
    const metrics = await (await fetch(`${mars.url}/metrics`)).text();
    expect(metrics).toMatch(/mars_ingest_rejected_records_total\{door="cloudevents",reason="invalid"\} \d/);
  });

  test("may be empty, and may be large", async () => {
    expect(await post(url(), [], batched)).toMatchObject({
      status: 200,
      body: { success: true, accepted: 0, rejected: 0 },
    });
    const many = Array.from({ length: 5_000 }, (_, n) => cloudEvent({ subject: "large", id: `${n}` }));
    const { body } = await post(url(), many, batched);
    expect(body).toMatchObject({ success: true, accepted: 5_000, rejected: 0 });
    expect((await messageOf(mars, "shop", "large")).event_count).toBe(5_000);
    for (const text of [`${JSON.stringify(many)},"x":1`, `{"records":${JSON.stringify(many)}}`, "{}"]) {
      const { status } = await post(url(), text, batched);
      expect([400, 413, 422]).toContain(status);
    }
    expect((await post(url(), many.concat(many, many), batched)).status).toBe(413);
  });
});

test("by default events without an app are those of the key's own", async () => {
  const adminKey = "an-admin-key-of-more-than-32-characters";
  await using closed = await startMars({ adminKey });
  const bearer = { authorization: `Bearer ${adminKey}` };
  const key = { kind: "in", apps: ["billing"], name: "one app" };
  const made = await post(`${closed.url}/api/keys`, key, { ...bearer, "content-type": "application/json" });
  const own = { ...structured, authorization: `Bearer ${made.body.token}` };
  const { body } = await post(`${closed.url}/api/cloudevents`, cloudEvent({ marsappid: "other" }), own);
  const found = await get(`${closed.url}/api/messages?min_seq=${body.seq}`, { headers: bearer });
  expect(found.body.messages[0].app_id).toBe("billing");
  expect((await post(`${closed.url}/api/cloudevents?app_id=other`, cloudEvent(), own)).status).toBe(403);
  expect((await post(`${closed.url}/api/cloudevents`, cloudEvent(), structured)).status).toBe(401);
});
