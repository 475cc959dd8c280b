import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { randomUUID } from "node:crypto";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import { startMars, type TestMars } from "../../support/mars.ts";
import { failure, type RpcClients, rpcClients, transports, violations } from "./clients.ts";

let mars: TestMars;
beforeAll(async () => {
  mars = await startMars();
});
afterAll(() => mars[Symbol.asyncDispose]());

describe.each([...transports])("ingest by %s", (_, open) => {
  const appId = randomUUID();
  let clients: RpcClients;
  beforeAll(() => {
    clients = rpcClients(open(mars));
  });

  test("an event is acknowledged with its seq and can be read back by it", async () => {
    const messageId = randomUUID();
    const { seq } = await clients.ingest.collectEvent({
      appId,
      messageId,
      event: "größe ☃ 𝄞",
      createdAt: { seconds: 1_769_860_800n, nanos: 123_456_789 },
      eventId: "e-1",
      externalId: "order/7",
      attributes: { weight: 1.5, tags: ["a", null, true], nested: { __proto: {} } },
    });
    expect(seq).toBeGreaterThan(0n);
    const { message, asOfSeq } = await clients.messages.getMessage({ appId, messageId, minSeq: seq });
    expect(asOfSeq).toBeGreaterThanOrEqual(seq);
    expect(message?.summary).toMatchObject({ appId, messageId, eventCount: 1n, lastEvent: "größe ☃ 𝄞" });
    expect(message?.events).toHaveLength(1);
    expect(message?.events[0]).toMatchObject({
      event: "größe ☃ 𝄞",
      createdAt: { seconds: 1_769_860_800n, nanos: 123_456_000 },
      eventId: "e-1",
      externalId: "order/7",
      attributes: { weight: 1.5, tags: ["a", null, true], nested: { __proto: {} } },
      seq,
      duplicates: 0n,
    });
  });

  test("the original's call succeeds with any created_at", async () => {
    const messageId = randomUUID();
    const before = timestampFromDate(new Date()).seconds;
    expect(
      await clients.legacy.collectEvent({ appId, messageId, event: "Hello", createdAt: "Hello" }),
    ).toMatchObject({ success: true });
    await clients.legacy.collectEvent({ appId, messageId, event: "Empty" });
    await clients.legacy.collectEvent({
      appId,
      messageId,
      event: "Timed",
      createdAt: "2026-01-31T12:00:00.5+01:00",
    });
    const { seq } = await clients.ingest.collectEvent({ appId, messageId, event: "last" });
    const { message } = await clients.messages.getMessage({ appId, messageId, minSeq: seq });
    const times = new Map(message?.events.map(({ event, createdAt }) => [event, createdAt]));
    expect(times.get("Hello")?.seconds).toBeGreaterThanOrEqual(before);
    expect(times.get("Empty")?.seconds).toBeGreaterThanOrEqual(before);
    expect(times.get("Timed")).toMatchObject({ seconds: 1_769_857_200n, nanos: 500_000_000 });
  });

  test("one message id from two apps is two messages", async () => {
    const messageId = randomUUID();
    const { seq, accepted } = await clients.ingest.collectEvents({
      events: [
        { appId, messageId, event: "mine" },
        { appId: `${appId}-2`, messageId, event: "theirs" },
      ],
    });
    expect(accepted).toBe(2);
    const mine = await clients.messages.getMessage({ appId, messageId, minSeq: seq });
    const theirs = await clients.messages.getMessage({ appId: `${appId}-2`, messageId, minSeq: seq });
    expect(mine.message?.events.map(({ event }) => event)).toEqual(["mine"]);
    expect(theirs.message?.events.map(({ event }) => event)).toEqual(["theirs"]);
  });

  test("the valid events of a batch are accepted and the others listed", async () => {
    const messageId = randomUUID();
    const result = await clients.ingest.collectEvents({
      events: [
        { appId, messageId, event: "first" },
        { appId, messageId, event: "" },
        { appId, messageId: "x".repeat(513), event: "late", createdAt: { seconds: 8_993_980_800n } },
        { appId, messageId, event: "second" },
      ],
    });
    expect(result).toMatchObject({ accepted: 2, rejected: 2 });
    expect(result.errors.map(({ index, field }) => [index, field])).toEqual([
      [1, "event"],
      [2, "message_id"],
      [2, "created_at"],
    ]);
    const { message } = await clients.messages.getMessage({ appId, messageId, minSeq: result.seq });
    expect(message?.events.map(({ event }) => event).sort()).toEqual(["first", "second"]);
  });

  test("faults beyond the hundredth are counted and not listed", async () => {
    const bad = Array.from({ length: 150 }, () => ({ appId, messageId: "m", event: "" }));
    const result = await clients.ingest.collectEvents({
      events: [...bad, { appId, messageId: randomUUID(), event: "good" }],
    });
    expect(result).toMatchObject({ accepted: 1, rejected: 150 });
    expect(result.errors).toHaveLength(100);
  });

  test("a batch without a valid event is refused with the fields at fault", async () => {
    const error = await failure(
      clients.ingest.collectEvents({ events: [{ appId, messageId: "m" }, { appId }] }),
    );
    expect(error.code).toBe(Code.InvalidArgument);
    expect(violations(error)).toEqual(["events[0].event", "events[1].message_id", "events[1].event"]);
  });

  test("an empty batch is refused", async () => {
    const error = await failure(clients.ingest.collectEvents({}));
    expect(error.code).toBe(Code.InvalidArgument);
    expect(violations(error)).toEqual(["events"]);
  });

  test("ten thousand events are a batch and one more is not", async () => {
    const messageId = randomUUID();
    const events = Array.from({ length: 10_001 }, (_, i) => ({
      appId,
      messageId,
      event: "e",
      eventId: `${i}`,
    }));
    const error = await failure(clients.ingest.collectEvents({ events }));
    expect(error.code).toBe(Code.ResourceExhausted);
    expect(violations(error)).toEqual(["events"]);
    events.pop();
    expect(await clients.ingest.collectEvents({ events })).toMatchObject({ accepted: 10_000, rejected: 0 });
  });

  test.each([
    ["no app", { messageId: "m", event: "e" }, ["app_id"]],
    ["an app id of 257 bytes", { appId: `${"é".repeat(128)}x`, messageId: "m", event: "e" }, ["app_id"]],
    ["a message id of 513 bytes", { appId, messageId: "x".repeat(513), event: "e" }, ["message_id"]],
    ["NUL in an id", { appId, messageId: "a\0b", event: "e" }, ["message_id"]],
    ["an event of 257 bytes", { appId, messageId: "m", event: "x".repeat(257) }, ["event"]],
    ["an event id too long", { appId, messageId: "m", event: "e", eventId: "x".repeat(257) }, ["event_id"]],
    [
      "an external id too long",
      { appId, messageId: "m", event: "e", externalId: "x".repeat(513) },
      ["external_id"],
    ],
    [
      "attributes of over 8 KiB",
      { appId, messageId: "m", event: "e", attributes: { a: "x".repeat(8192) } },
      ["attributes"],
    ],
    ["two faults", { appId, messageId: "", event: "" }, ["message_id", "event"]],
  ])("%s is refused by field", async (_, event, fields) => {
    const error = await failure(clients.ingest.collectEvent(event));
    expect(error.code).toBe(Code.InvalidArgument);
    expect(violations(error)).toEqual(fields);
    if (!("eventId" in event || "externalId" in event || "attributes" in event)) {
      expect((await failure(clients.legacy.collectEvent(event))).code).toBe(Code.InvalidArgument);
    }
  });

  test("a body of over 8 MiB is refused", async () => {
    const events = Array.from({ length: 1200 }, () => ({
      appId,
      messageId: "m",
      event: "e",
      attributes: { a: "x".repeat(7500) },
    }));
    expect((await failure(clients.ingest.collectEvents({ events }))).code).toBe(Code.ResourceExhausted);
  });
});

test("a time before 1685 or after 2254 is refused by field, and so are nanos that are none", async () => {
  const { ingest } = rpcClients(transports[0]![1](mars));
  for (const createdAt of [
    { seconds: -62_135_596_800n },
    { seconds: 8_993_980_800n },
    { seconds: 2n ** 62n },
    { seconds: 0n, nanos: -1 },
    { seconds: 0n, nanos: 1_000_000_000 },
  ]) {
    const error = await failure(ingest.collectEvent({ appId: "a", messageId: "m", event: "e", createdAt }));
    expect(error.code).toBe(Code.InvalidArgument);
    expect(violations(error)).toEqual(["created_at"]);
  }
});
