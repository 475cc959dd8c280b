import { afterAll, expect, test } from "bun:test";
import fc from "fast-check";
import { parseDefinition } from "../../support/definition.ts";
import { projectAll } from "../../support/project.ts";
import { batchOf, event, openStore } from "../../support/store.ts";

const second = 1_000_000;
/** More than the events of any message here have, and too few for what is certain to fit. */
const bytesMax = 19_000;

const opened = await openStore();
afterAll(() => opened[Symbol.dispose]());
await opened.store.putLifecycle(
  "followed",
  parseDefinition({
    stages: [{ event: "CREATED" }, { event: "SENT", within: "20s" }, { event: "SEEN", within: "30s" }],
    complete_on: ["SEEN"],
    reopen_on: ["AGAIN"],
  }),
);

const random = fc.array(
  fc.record({
    appId: fc.constantFrom("followed", "plain"),
    messageId: fc.constantFrom(..."abcdefgh"),
    event: fc.constantFrom("CREATED", "SENT", "SEEN", "AGAIN", "ÄNDERUNG 𝕏"),
    createdAt: fc.integer({ min: 0, max: 40 }).map((n) => n * second),
    eventId: fc.constantFrom("", "", "e1", "e2"),
    externalId: fc.constantFrom("", "other", 'qu"ote\\'),
    parentId: fc.constantFrom("", "", "parent"),
    attributes: fc.constantFrom("", '{"carrier":"a"}', '{"text":"\\u0001 \\\\ \\""}'),
    aheadBy: fc.constantFrom(undefined, undefined, 3 * second),
  }),
  { minLength: 150, maxLength: 150 },
);

test("a message that is read by one statement is answered as one that is read in parts", async () => {
  const [reports = []] = fc.sample(random, { numRuns: 1, seed: 7 });
  const events = reports.map(({ aheadBy, ...fields }, n) =>
    event(n + 1, { ...fields, ...(aheadBy !== undefined && { aheadBy }) }),
  );
  await opened.store.apply(await batchOf(events));
  // Some messages are behind the projector, and some are ahead of it.
  await projectAll(opened.store, 100, 100 * second);
  let answers = 0;
  for (const appId of ["followed", "plain"]) {
    for (const messageId of "abcdefgh") {
      for (const order of ["oldest", "newest"] as const) {
        const whole = await opened.queries.get({ appId, messageId, order });
        expect(whole).toEqual(await opened.queries.get({ appId, messageId, order, bytesMax }));
        answers += whole.message?.events.length ?? 0;
      }
    }
  }
  expect(answers).toBeGreaterThan(100);
});

test("a page of a message with few events has as many as were asked for, and leads on", async () => {
  const { message } = await opened.queries.get({ appId: "plain", messageId: "a", limit: 2 });
  expect([message?.events.length, message?.nextCursor !== undefined]).toEqual([2, true]);
});
