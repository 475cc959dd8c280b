import { expect, test } from "bun:test";
import type { SequencedEvent } from "../../../src/core/event.ts";
import type { HistoriesQuery, MessageHistory } from "../../../src/learning/history.ts";
import { parseDefinition } from "../../support/definition.ts";
import { batchOf, event, openStore } from "../../support/store.ts";

test("an app's versions come latest first, those that ended its lifecycle too, and at most a hundred", async () => {
  using opened = await openStore();
  const { store, queries } = opened;
  const definition = (within: string) =>
    parseDefinition({ stages: [{ event: "A" }, { event: "B", within }], complete_on: ["B"] });
  expect(await queries.lifecycleVersions("app")).toEqual([]);
  const first = await store.putLifecycle("app", definition("1s"));
  await store.apply(await batchOf([event(1)]));
  const ended = await store.putLifecycle("app", undefined);
  await store.putLifecycle("other", definition("1s"));
  expect(await queries.lifecycleVersions("app")).toEqual([ended!, first!]);
  expect([first?.afterSeq, ended?.afterSeq, ended?.definition]).toEqual([0, 1, undefined]);

  for (let n = 3; n <= 103; n++) await store.putLifecycle("app", definition(`${n}s`));
  const versions = (await queries.lifecycleVersions("app")).map(({ version }) => version);
  expect(versions).toEqual(Array.from({ length: 100 }, (_, n) => 103 - n));
});

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
