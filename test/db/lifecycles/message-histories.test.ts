import { expect, test } from "bun:test";
import type { SequencedEvent } from "../../../src/core/event.ts";
import type { HistoriesQuery, MessageHistory } from "../../../src/learning/history.ts";
import { batchOf, event, openStore } from "../../support/store.ts";

test("histories are those of every message of a window, the latest first, with the first event of each name", async () => {
  using opened = await openStore();
  const events: SequencedEvent[] = [];
  const histories: MessageHistory[] = [];
  const count = 2_500;
  for (let n = 0; n < count; n++) {
    const message = { appId: n % 5 === 0 ? "other" : "app", messageId: `m${n}` };
    // Times that tie and that run against the order of arrival.
    const createdAt = (n * 7) % 500;
    const add = (name: string, at: number) => {
      events.push(event(events.length + 1, { ...message, event: name, createdAt: at }));
      return events.at(-1)!;
    };
    add("SENT", createdAt + 9);
    const sent = add("SENT", createdAt + 4);
    const created = add("CREATED", createdAt);
    if (message.appId === "other") continue;
    histories.push({
      messageId: message.messageId,
      createdAt,
      events: [created, sent].map((one) => ({
        event: one.event,
        at: one.createdAt,
        receivedAt: one.receivedAt,
      })),
    });
  }
  await opened.store.apply(await batchOf(events));

  const read = async (window: Pick<HistoriesQuery, "since" | "until">) => {
    const found: MessageHistory[] = [];
    for (let after: string | undefined, pages = 1; ; pages++) {
      const page = await opened.queries.histories({ appId: "app", ...window, ...(after && { after }) });
      found.push(...page.histories);
      after = page.next;
      if (after === undefined) return { found, pages };
    }
  };
  // Of those that tie the one with the latest first event comes first.
  const latestFirst = histories.toReversed().sort((a, b) => b.createdAt - a.createdAt);
  expect(await read({ since: 0, until: 500 })).toEqual({ found: latestFirst, pages: 3 });
  const { found } = await read({ since: 100, until: 300 });
  expect(found).toEqual(latestFirst.filter(({ createdAt }) => createdAt >= 100 && createdAt < 300));
  expect(await opened.queries.histories({ appId: "nobody", since: 0, until: 500 })).toEqual({
    histories: [],
  });
});

test("of a message its first 10,000 events are looked at, and a page looks at some 100,000", async () => {
  using opened = await openStore();
  const messages = 11;
  let seq = 0;
  for (let n = 0; n < messages; n++) {
    const message = { messageId: `m${n}` };
    const ticks = Array.from({ length: 10_000 }, (_, tick) =>
      event(++seq, { ...message, event: tick === 0 ? "CREATED" : "TICK", createdAt: n * 100_000 + tick }),
    );
    const behind = event(++seq, { ...message, event: "DONE", createdAt: (n + 1) * 100_000 });
    await opened.store.apply(await batchOf([...ticks, behind]));
  }
  const window = { appId: "app", since: 0, until: 9e15 };
  const { histories, next } = await opened.queries.histories(window);
  expect(histories.length).toBe(messages - 1);
  expect(histories[0]!.events.map((one) => one.event)).toEqual(["CREATED", "TICK"]);
  const rest = await opened.queries.histories({ ...window, after: next! });
  expect(rest.histories.map(({ messageId }) => messageId)).toEqual(["m0"]);
  expect(rest.next).toBeUndefined();
});
