import { expect, test } from "bun:test";
import { createEventMapper } from "../../src/brokers/mapper.ts";
import { eventsOf } from "../../src/brokers/message-events.ts";
import { chunksOf } from "../../src/brokers/under-way.ts";
import { parseJson } from "../../src/edge/json.ts";

const mapper = createEventMapper(parseJson);
const log = { error: () => undefined };
const brokerAt = 1_700_000_000_000_000;

async function map(body: string | Uint8Array, appId?: string) {
  const bytes = typeof body === "string" ? Buffer.from(body) : body;
  const message = { id: "nats:orders@x:7", body: bytes, headers: () => ({}), brokerAt };
  const { events, reason } = await eventsOf(message, appId === undefined ? {} : { appId }, mapper, log);
  return {
    events: events.map(({ appId, messageId, eventId, createdAt }) => ({
      appId,
      messageId,
      eventId,
      createdAt,
    })),
    reason,
  };
}

const event = (messageId: string) => ({ app_id: "shop", message_id: messageId, event: "created" });
const found = (messageId: string, eventId: string) => ({
  appId: "shop",
  messageId,
  eventId,
  createdAt: brokerAt,
});

test("one event has the id of its message, several its place behind it, and all the time of the broker", async () => {
  const two = [found("a", "nats:orders@x:7:0"), found("b", "nats:orders@x:7:1")];
  const both = [event("a"), event("b")];
  expect(await map(JSON.stringify(event("a")))).toEqual({
    events: [found("a", "nats:orders@x:7")],
    reason: undefined,
  });
  for (const body of [
    JSON.stringify(both),
    JSON.stringify({ events: both }),
    `${both.map((one) => JSON.stringify(one)).join("\n")}\n`,
  ])
    expect(await map(body)).toEqual({ events: two, reason: undefined });
  expect((await map(JSON.stringify(event("a"), undefined, 2))).events).toHaveLength(1);
});

test("what the producer gives is kept", async () => {
  const own = { ...event("a"), event_id: "own", created_at: "2026-01-01T00:00:00Z" };
  const { events } = await map(JSON.stringify(own));
  expect(events).toEqual([{ ...found("a", "own"), createdAt: Date.UTC(2026, 0, 1) * 1_000 }]);
});

test("a collector with an app has that app only", async () => {
  const { app_id: _, ...without } = event("a");
  expect((await map(JSON.stringify(without), "shop")).events).toEqual([found("a", "nats:orders@x:7")]);
  expect((await map(JSON.stringify(event("a")), "shop")).reason).toBeUndefined();
  expect(await map(JSON.stringify(event("a")), "other")).toEqual({
    events: [],
    reason: "app_id must be absent or other, the collector's",
  });
  // Nothing is passed over: what is no object is refused, too.
  for (const body of ["null", "1", '""', "[null]"])
    expect((await map(body, "shop")).reason).toContain("must be a JSON object");
});

test("valid events of a message are kept beside others, and the reason names the first of these", async () => {
  const { events, reason } = await map(JSON.stringify([event("a"), { app_id: "shop" }, 5]));
  expect(events).toEqual([found("a", "nats:orders@x:7:0")]);
  expect(reason).toBe("events[1].message_id is required; 2 of 3 events are refused");
});

test("what cannot be read is refused with a reason that has nothing of it", async () => {
  expect((await map("secret")).reason).toMatch(/^body is not valid JSON: (?!.*secret)/);
  expect((await map("")).reason).toBe("body is empty");
  expect((await map(Uint8Array.of(0xff))).reason).toBe("body is not valid UTF-8");
  expect((await map("[".repeat(100_000))).reason).toContain("must not nest deeper");
  expect((await map(JSON.stringify(Array(10_001).fill(0)))).reason).toBe(
    "must have at most 10000 events, has 10001",
  );
  expect((await map(new Uint8Array(8 * 1024 * 1024 + 1))).reason).toMatch(/^must be at most \d+ bytes/);
});

test("messages are mapped in chunks of bounded number and bytes, each of them once and in order", () => {
  const message = (position: number, bytes: number) => ({
    position: String(position),
    id: "",
    body: new Uint8Array(bytes),
    headers: () => ({}),
    redelivered: false,
  });
  const messages = Array.from({ length: 1_000 }, (_, at) => message(at, at === 500 ? 2_000_000 : 10));
  const chunks = chunksOf(messages);
  expect(chunks.flat()).toEqual(messages);
  expect(Math.max(...chunks.map(({ length }) => length))).toBe(256);
  expect(chunks.some((chunk) => chunk[0]?.body.length === 2_000_000 && chunk.length === 1)).toBe(true);
  expect(chunksOf([])).toEqual([]);
});
