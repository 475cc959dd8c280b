/** Messages that are parts of themselves, whose lifecycle changes. */
import { expect, test } from "bun:test";
import { author } from "../../support/caller.ts";
import { parseDefinition } from "../../support/definition.ts";
import { projectAll } from "../../support/project.ts";
import { batchOf, event, openStore } from "../../support/store.ts";

const second = 1_000_000;
const lifecycle = (...completeOn: string[]) =>
  parseDefinition({
    stages: [
      { event: "SENT" },
      { children: "complete", after: "SENT", within: "1s" },
      { event: "DONE", after: "SENT", optional: true },
    ],
    complete_on: completeOn,
    grace: "0s",
  });

test("a circle of parts that a backfill makes incomplete is not complete by itself", async () => {
  using opened = await openStore();
  const { store, queries } = opened;
  await store.putLifecycle("app", lifecycle("children", "DONE"));
  // `a` is its own part; `b` and `c` are each other's.
  const events = [
    event(1, { messageId: "a", event: "SENT", parentId: "a", createdAt: second }),
    event(2, { messageId: "a", event: "DONE", createdAt: second }),
    event(3, { messageId: "b", event: "SENT", parentId: "c", createdAt: second }),
    event(4, { messageId: "b", event: "DONE", createdAt: second }),
    event(5, { messageId: "c", event: "SENT", parentId: "b", createdAt: second }),
  ];
  await store.apply(await batchOf(events));
  await projectAll(store, 5, 3 * second);
  const states = async () => {
    const { messages } = await queries.list({ order: "oldest", limit: 10 });
    return messages.map(({ messageId, state }) => `${messageId} ${state}`).join();
  };
  expect(await states()).toBe("a complete,b complete,c complete");
  const all = { since: Number.MIN_SAFE_INTEGER, of: 3 };
  await store.putLifecycle("app", lifecycle("children"), 5, author, undefined, all);
  for (let step = 0; step < 5; step++) await projectAll(store, 5, 3 * second);
  expect(await states()).toBe("a overdue,b overdue,c overdue");
  // And back.
  await store.putLifecycle("app", lifecycle("children", "DONE"), 5, author, undefined, all);
  for (let step = 0; step < 5; step++) await projectAll(store, 5, 3 * second);
  expect(await states()).toBe("a complete,b complete,c complete");
});
