/** CloudEvents in the messages of brokers, by each protocol binding. */
import { expect, test } from "bun:test";
import { createCloudEventsMapper } from "../../src/app/cloud-events-mapper.ts";
import { createEventMapper } from "../../src/brokers/mapper.ts";
import { eventsOf } from "../../src/brokers/message-events.ts";
import type { Engine } from "../../src/core/broker-engine.ts";
import { parseEventJson } from "../../src/edge/json.ts";

const mapping = {
  otlpMessageIds: [],
  otlpSpanStarts: false,
  cloudEventsMessageIds: ["subject"],
  segmentMessageIds: [],
};
const brokerAt = 1_700_000_000_000_000;

async function map(
  body: string | Uint8Array,
  headers: Readonly<Record<string, string>>,
  { engine = "nats", appId = "shop" }: { readonly engine?: Engine; readonly appId?: string | undefined } = {},
) {
  const collector = { engine, ...(appId !== "" && { appId }) };
  const others = createEventMapper(parseEventJson);
  const mapper = createCloudEventsMapper(collector, { mapping, parseJson: parseEventJson, others });
  const message = { id: "place:7", body: Buffer.from(body), headers: () => headers, brokerAt };
  const { events, reason } = await eventsOf(message, collector, mapper, { error: () => undefined });
  return {
    events: events.map(({ appId, messageId, event, eventId, createdAt, attributes }) => ({
      ...{ appId, messageId, event, eventId, createdAt },
      attributes: JSON.parse(attributes || "{}"),
    })),
    reason,
  };
}

const attributes = {
  specversion: "1.0",
  id: "1",
  source: "/shop",
  type: "order.created",
  subject: "order-1",
  time: "2026-01-31T12:00:00Z",
};
const found = {
  appId: "shop",
  messageId: "order-1",
  event: "order.created",
  eventId: "/shop#1",
  createdAt: 1_769_860_800_000_000,
  attributes: { source: "/shop", data: { total: 1 } },
};
const data = JSON.stringify({ total: 1 });
const named = (prefix: string, more: Readonly<Record<string, string>> = {}) =>
  Object.fromEntries(
    Object.entries({ ...attributes, ...more }).map(([name, value]) => [prefix + name, value]),
  );
const json = { "content-type": "application/json" };

test.each([
  ["kafka", "ce_"],
  ["nats", "ce-"],
  ["rabbitmq", "cloudevents:"],
  ["rabbitmq", "cloudevents_"],
  ["sqs", "ce-"],
  ["redis", "ce_"],
  ["mqtt", ""],
] as const)("%s: an event whose attributes are headers named %p…", async (engine, prefix) => {
  const headers = { ...json, ...named(prefix), "mqtt-topic": "orders" };
  expect(await map(data, headers, { engine })).toEqual({ events: [found], reason: undefined });
});

test("an event and a batch of them are known by their content type", async () => {
  const event = { ...attributes, data: { total: 1 } };
  const one = await map(JSON.stringify(event), {
    "content-type": "application/cloudevents+json; charset=utf-8",
  });
  expect(one).toEqual({ events: [found], reason: undefined });
  const batch = [event, { ...event, id: "" }, { ...event, id: "2" }];
  const several = await map(JSON.stringify(batch), { "content-type": "application/cloudevents-batch+json" });
  expect(several.events.map(({ eventId }) => eventId)).toEqual(["/shop#1", "/shop#2"]);
  expect(several.reason).toBe("events[1].id must not be empty");
});

test("values of NATS are decoded, those of Kafka are as they are", async () => {
  const { events } = await map(data, { ...json, ...named("ce-", { subject: "Gr%C3%BC%C3%9Fe" }) });
  expect(events[0]?.messageId).toBe("Grüße");
  const kafka = await map(data, { ...json, ...named("ce_", { subject: "50%25" }) }, { engine: "kafka" });
  expect(kafka.events[0]?.messageId).toBe("50%25");
});

test("data that is no JSON is a text, or in base64; an event without a time has the broker's", async () => {
  const { ce_time: _, ...timeless } = named("ce_");
  const text = await map("hello", { ...timeless, "content-type": "text/plain" }, { engine: "kafka" });
  expect(text.events[0]).toMatchObject({ createdAt: brokerAt, attributes: { data: "hello" } });
  const bytes = await map(new Uint8Array([255, 0]), { ...timeless, "content-type": "application/avro" });
  expect(bytes.events[0]?.attributes).toMatchObject({
    data_base64: "/wA=",
    datacontenttype: "application/avro",
  });
});

test("what is no CloudEvent is an event of Mars' own, and one that breaks a rule is refused", async () => {
  const own = JSON.stringify({ message_id: "m", event: "paid" });
  expect((await map(own, { id: "x", type: "y" }, { engine: "mqtt" })).events[0]?.messageId).toBe("m");
  expect((await map(own, json)).events[0]?.messageId).toBe("m");
  for (const [headers, reason] of [
    [named("ce-", { id: "" }), "id must not be empty"],
    [named("ce-", { specversion: "0.3" }), 'specversion must be "1.0"'],
    [named("ce-", { subject: "%FF" }), "ce-subject is not UTF-8 in percent-encoding"],
    [named("ce-", { subject: "" }), "subject is required"],
    [{ "content-type": "application/cloudevents+avro" }, "content-type must have the format JSON"],
  ] as const) {
    const { events, reason: why } = await map(data, { ...json, ...headers });
    expect(events).toEqual([]);
    expect(why).toStartWith(reason);
  }
  const appless = await map(data, { ...json, ...named("ce-") }, { appId: "" });
  expect(appless.reason).toBe("marsappid is required: the collector has no app_id");
  const own2 = await map(data, { ...json, ...named("ce-", { marsappid: "till" }) }, { appId: "" });
  expect(own2.events[0]?.appId).toBe("till");
});
