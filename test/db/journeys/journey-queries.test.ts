import { expect, test } from "bun:test";
import { parseDefinition } from "../../support/definition.ts";
import { projectAll } from "../../support/project.ts";
import { batchOf, event, openStore } from "../../support/store.ts";

const second = 1_000_000;

test("a message that belongs to a journey by its id does so from its first event on, before it is followed", async () => {
  using opened = await openStore();
  const { store, queries } = opened;
  const own = { stages: [{ event: "A" }], complete_on: ["A"], journey_by: "message_id" as const };
  await store.putLifecycle("a", parseDefinition(own));
  const message = (seq: number, appId: string) => event(seq, { appId, messageId: "same", event: "A" });
  await store.apply(await batchOf([message(1, "a"), message(2, "b")]));
  const seen = async () => {
    const { events, journey } = await queries.history({
      topic: { name: "journeys/same", externalId: "same" },
      after: 0,
      upTo: 2,
    });
    return { events: events.map(({ seq }) => seq), apps: journey?.messages.map(({ appId }) => appId) };
  };
  const expected = { events: [1], apps: ["a"] };
  expect(await seen()).toEqual(expected);
  await projectAll(store, 2, 9 * second);
  expect(await seen()).toEqual(expected);
});
