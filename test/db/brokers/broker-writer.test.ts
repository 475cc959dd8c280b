import { expect, test } from "bun:test";
import {
  type BrokerCollector,
  type RefusedMessage,
  refusedBytesMax,
  refusedMessagesMax,
} from "../../../src/core/broker-collector.ts";
import { openStore } from "../../support/store.ts";

const collector: BrokerCollector = {
  id: "orders",
  engine: "nats",
  url: "nats://mars:secret@127.0.0.1:4222",
  source: { stream: "orders", consumer: "mars" },
};

function refused(at: number, more: Partial<RefusedMessage> = {}): RefusedMessage {
  return {
    position: `orders:${at}`,
    at,
    eventId: `nats:orders@x:${at}`,
    reason: "event is required",
    body: Uint8Array.of(at % 256, 0, 255),
    bytes: 3,
    headers: { "x-topic": `t${at}` },
    appId: "shop",
    ...more,
  };
}

test("collectors are kept as they are put, with their pauses, and go with what they refused", async () => {
  using opened = await openStore();
  const { store } = opened;
  await store.putBrokerCollector(collector);
  await store.putBrokerCollector({ ...collector, appId: "shop" });
  await store.pauseBrokerCollector("orders", true);
  await store.pauseBrokerCollector("from_environment", true);
  await store.keepRefused("orders", [refused(1)]);
  expect(await store.readBrokerCollectors()).toEqual({
    collectors: [{ ...collector, appId: "shop" }],
    paused: ["from_environment", "orders"],
    refused: { orders: 1 },
  });
  expect(await store.deleteBrokerCollector("orders")).toBe(true);
  expect(await store.deleteBrokerCollector("orders")).toBe(false);
  expect(await store.readBrokerCollectors()).toEqual({
    collectors: [],
    paused: ["from_environment"],
    refused: {},
  });
});

test("the latest refused messages of each collector are kept, a repeat once, byte for byte", async () => {
  using opened = await openStore();
  const { store } = opened;
  for (let from = 1; from <= 150; from += 50)
    await store.keepRefused(
      "orders",
      Array.from({ length: 50 }, (_, at) => refused(from + at)),
    );
  expect(await store.keepRefused("orders", [refused(150, { reason: "again" })])).toBe(refusedMessagesMax);
  expect(await store.keepRefused("others", [refused(1, { brokerAt: 7 })])).toBe(1);
  const kept = [];
  for (let after = 0; ; after = kept.at(-1)?.id ?? 0) {
    const some = await store.readRefused("orders", after);
    if (some.length === 0) break;
    kept.push(...some);
  }
  expect(kept.map(({ at }) => at)).toEqual(Array.from({ length: 100 }, (_, at) => 51 + at));
  expect(kept.at(-1)).toEqual({
    ...refused(150, { reason: "again" }),
    id: kept.at(-1)?.id,
    collector: "orders",
  } as never);
  expect(await store.removeRefused("orders", [kept[0]?.id ?? 0, 999_999])).toBe(99);
  expect(await store.removeRefused("orders", "all")).toBe(0);
  expect(await store.readRefused("others", 0)).toHaveLength(1);
});

test("a page of long messages is short, and the next goes on behind it", async () => {
  using opened = await openStore();
  const body = new Uint8Array(refusedBytesMax);
  for (let at = 0; at < 30; at++)
    await opened.store.keepRefused("orders", [refused(at, { body, bytes: 100_000 })]);
  const found: number[] = [];
  const sizes: number[] = [];
  let cursor: string | undefined;
  do {
    const page = await opened.queries.refusedMessages({ collector: "orders", limit: 100, cursor });
    sizes.push(page.messages.length);
    found.push(...page.messages.map(({ at }) => at));
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  expect(found).toEqual(Array.from({ length: 30 }, (_, at) => 29 - at));
  expect(Math.max(...sizes)).toBeLessThan(10);
});

test("an erasure takes refused messages of the app that have the id, however JSON has it written", async () => {
  using opened = await openStore();
  const { store } = opened;
  const having = (at: number, body: string, more: Partial<RefusedMessage> = {}) =>
    refused(at, { body: Buffer.from(body), headers: {}, reason: "no", ...more });
  await store.keepRefused("orders", [
    having(1, '{"message_id":"bestellung-ü/1","event":1}'),
    having(2, String.raw`{"message_id":"bestellung-\u00fc/1"}`),
    having(3, "x", { headers: { key: "bestellung-ü/1" } }),
    having(4, "x", { reason: "bestellung-ü/1 has no event" }),
    having(5, '{"message_id":"bestellung-ü/1"}', { appId: "" }),
    having(6, '{"message_id":"bestellung-ü/1"}', { appId: "other" }),
    having(7, '{"message_id":"bestellung-u/1"}'),
  ]);
  await store.keepRefused("others", [
    having(8, '{"app_id":"shop"}', { appId: "" }),
    having(9, "{}", { appId: "" }),
  ]);
  expect(await store.eraseRefused("shop", "bestellung-ü/1")).toEqual({
    removed: 5,
    kept: { orders: 2, others: 2 },
  });
  expect(await store.eraseRefused("shop", undefined)).toEqual({ removed: 2, kept: { orders: 1, others: 1 } });
});

test("refused messages are kept as long as the messages of their app", async () => {
  using opened = await openStore();
  const { store } = opened;
  const day = 86_400_000_000;
  const now = 1_000 * day;
  await store.putAppRetention({ appId: "short", keepFor: day });
  await store.putAppRetention({ appId: "always", keepFor: 0 });
  await store.keepRefused("orders", [
    refused(now - 2 * day, { appId: "short" }),
    refused(now - 2 * day + 1, { appId: "shop" }),
    refused(now - 31 * day, { appId: "shop" }),
    refused(now - 31 * day + 1, { appId: "always" }),
    refused(now - 31 * day + 2, { appId: "" }),
  ]);
  expect(await store.pruneRefused(now, 0)).toMatchObject({ removed: 1 });
  expect(await store.pruneRefused(now, 30 * day)).toEqual({ removed: 2, kept: { orders: 2 } });
  // Before it is known what time it is.
  expect(await store.pruneRefused(-1, 30 * day)).toMatchObject({ removed: 0 });
});
