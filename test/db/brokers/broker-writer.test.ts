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
