import { afterAll, beforeAll, expect, test } from "bun:test";
import fc from "fast-check";
import type { Micros, SequencedEvent } from "../../../src/core/event.ts";
import type { MessageQuery } from "../../../src/core/query.ts";
import { type Assessment, type FunnelStatus, funnelStatuses, shownStates } from "../../../src/core/state.ts";
import { activeBy, assess } from "../../../src/lifecycle/assess.ts";
import { createPlan } from "../../../src/lifecycle/plan.ts";
import { parseDefinition } from "../../support/definition.ts";
import { projectAll } from "../../support/project.ts";
import { batchOf, event, openStore, type TestStore } from "../../support/store.ts";

const second = 1_000_000;
const clock = 100 * second;

const definition = parseDefinition({
  stages: [
    { event: "CREATED" },
    { event: "SENT", within: "20s" },
    { any_of: ["SEEN", "OPENED"], after: "SENT", within: "40s" },
  ],
  complete_on: ["SEEN", "OPENED"],
  fail_on: ["BOUNCED"],
});
const plan = createPlan(definition);

interface Model extends Pick<Assessment, "overdueSince"> {
  readonly id: number;
  readonly appId: string;
  readonly messageId: string;
  readonly createdAt: Micros;
  readonly updatedAt: Micros;
  readonly state: string;
  readonly statuses: ReadonlyMap<string, FunnelStatus>;
  readonly events: ReadonlySet<string>;
}

let opened: TestStore;
let models: Model[];

/** Two apps with the lifecycle, one without; every few messages alike, and pages that end long before the end. */
beforeAll(async () => {
  opened = await openStore(7);
  await opened.store.putLifecycle("app0", definition);
  await opened.store.putLifecycle("app1", definition);
  const events: SequencedEvent[] = [];
  for (let n = 0; n < 90; n++) {
    const [appId, messageId, createdAt] = [`app${n % 3}`, `m${n}`, ((n * 7) % 90) * second];
    const add = (name: string, afterSeconds: number) =>
      events.push(
        event(events.length + 1, {
          appId,
          messageId,
          event: name,
          createdAt: createdAt + afterSeconds * second,
        }),
      );
    add("CREATED", 0);
    if (n % 4 !== 0) add("SENT", n % 30);
    if (n % 8 === 1) add(n % 16 === 1 ? "SEEN" : "OPENED", 31);
    if (n % 11 === 0) add("BOUNCED", 5);
  }
  await opened.store.apply(await batchOf(events));
  await projectAll(opened.store, events.length, clock);
  models = [...Map.groupBy(events, ({ messageId }) => messageId).values()].map(modelOf);
});
afterAll(() => opened[Symbol.dispose]());

const filters = fc.record(
  {
    appId: fc.constantFrom("app0", "app1", "app2", "nobody"),
    messageId: fc.constantFrom("m0", "m4", "m33"),
    states: fc.uniqueArray(fc.constantFrom(...shownStates), { minLength: 1 }),
    overdueSince: fc.integer({ min: 0, max: 90 }).map((n) => n * second),
    stage: fc.record({
      name: fc.constantFrom("CREATED", "SENT", "SEEN|OPENED", "SEEN"),
      status: fc.constantFrom(...funnelStatuses),
    }),
    followed: fc.constant(true),
    missing: fc.constantFrom("SENT", "SEEN"),
    prefix: fc.constantFrom("m1", "m"),
    since: fc.integer({ min: 0, max: 90 }).map((n) => n * second),
    until: fc.integer({ min: 0, max: 90 }).map((n) => n * second),
  },
  { requiredKeys: [] },
);

test("messages are listed by their state and their stages' as a naive model lists them, page by page", async () => {
  await fc.assert(
    fc.asyncProperty(
      filters,
      fc.constantFrom("newest", "oldest", "updated", "overdue" as const),
      fc.integer({ min: 1, max: 30 }),
      async (filter, order, limit) => {
        const query = { ...filter, order, limit } as MessageQuery;
        expect(await listAll(query)).toEqual(naive(query));
      },
    ),
    { numRuns: 500 },
  );
});

test("a message says where it stands along its lifecycle, and one without a lifecycle is untracked", async () => {
  for (const { appId, messageId, state } of models) {
    const { message } = await opened.queries.get({ appId, messageId });
    expect([messageId, message?.state]).toEqual([messageId, state as never]);
    expect(message?.instance?.version).toBe(appId === "app2" ? undefined : 1);
  }
  const { message } = await opened.queries.get({ appId: "app1", messageId: "m1" });
  expect(message?.instance).toEqual({
    version: 1,
    watermark: clock,
    run: 1,
    state: "complete",
    completedAt: 38 * second,
    stages: [
      { name: "CREATED", after: "", optional: false, status: "done", doneAt: 7 * second },
      {
        name: "SENT",
        after: "CREATED",
        optional: false,
        status: "done",
        doneAt: 8 * second,
        dueAt: 27 * second,
      },
      {
        name: "SEEN|OPENED",
        after: "SENT",
        optional: false,
        status: "done",
        doneAt: 38 * second,
        dueAt: 48 * second,
      },
    ],
  });
});

test("a message goes by the version that held at its first event, and is as new as its events", async () => {
  using other = await openStore();
  const { store, queries } = other;
  const put = (within: string) =>
    store.putLifecycle(
      "app",
      parseDefinition({ stages: [{ event: "CREATED" }, { event: "SENT", within }], complete_on: ["SENT"] }),
    );
  await store.apply(await batchOf([event(1, { messageId: "before" })]));
  await put("1s");
  await store.apply(await batchOf([event(2, { messageId: "first", createdAt: 0 })]));
  await put("1m");
  await store.apply(await batchOf([event(3, { messageId: "second", createdAt: 0 })]));
  await store.putLifecycle("app", undefined);
  await store.apply(await batchOf([event(4, { messageId: "after" })]));
  await projectAll(store, 4, 10 * second);

  const instanceOf = async (messageId: string) => {
    const { message } = await queries.get({ appId: "app", messageId });
    return [message?.state, message?.overdueSince, message?.instance?.version];
  };
  expect(await instanceOf("before")).toEqual(["untracked", undefined, undefined]);
  expect(await instanceOf("first")).toEqual(["overdue", second, 1]);
  expect(await instanceOf("second")).toEqual(["open", undefined, 2]);
  expect(await instanceOf("after")).toEqual(["untracked", undefined, undefined]);

  // Stored, and not followed yet.
  await store.apply(await batchOf([event(5, { messageId: "first", event: "SENT", createdAt: 500_000 })]));
  expect(await instanceOf("first")).toEqual(["complete", undefined, 1]);
});

async function listAll(query: MessageQuery) {
  const found: unknown[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < 100; page++) {
    const answer = await opened.queries.list(cursor === undefined ? query : { ...query, cursor });
    found.push(
      ...answer.messages.map(({ messageId, state, overdueSince }) => [messageId, state, overdueSince]),
    );
    cursor = answer.nextCursor;
    if (cursor === undefined) return found;
  }
  throw new Error("the list does not end");
}

function naive(query: MessageQuery) {
  const { order, states, overdueSince, stage, missing } = query;
  const at = (one: Model) =>
    order === "overdue" ? one.overdueSince! : order === "updated" ? one.updatedAt : one.createdAt;
  const sign = order === "oldest" || order === "overdue" ? 1 : -1;
  return models
    .filter(
      (one) =>
        (order !== "overdue" || one.overdueSince !== undefined) &&
        (query.appId === undefined || one.appId === query.appId) &&
        (query.messageId === undefined || one.messageId === query.messageId) &&
        (query.prefix === undefined || one.messageId.startsWith(query.prefix)) &&
        (states === undefined || (states as readonly string[]).includes(one.state)) &&
        (overdueSince === undefined || (one.overdueSince ?? Infinity) <= overdueSince) &&
        (stage === undefined || one.statuses.get(stage.name) === stage.status) &&
        (query.followed === undefined || one.appId !== "app2") &&
        (missing === undefined || !one.events.has(missing)) &&
        (query.since === undefined || at(one) >= query.since) &&
        (query.until === undefined || at(one) < query.until),
    )
    .sort((a, b) => sign * (at(a) - at(b) || a.id - b.id))
    .map(({ messageId, state, overdueSince: since }) => [messageId, state, since]);
}

function modelOf(events: readonly SequencedEvent[]): Model {
  const { seq: id, appId, messageId } = events[0]!;
  const first = (name: string) => events.find((one) => one.event === name)?.createdAt ?? null;
  const at = events.map(({ createdAt }) => createdAt);
  const instance =
    appId === "app2" ? undefined : assess(plan, [...plan.slots.keys()].map(first), activeBy(clock));
  const ended = instance?.state === "complete" || instance?.state === "failed";
  return {
    id,
    appId,
    messageId,
    createdAt: Math.min(...at),
    updatedAt: Math.max(...at),
    state: instance?.state ?? "untracked",
    ...(instance?.overdueSince !== undefined && { overdueSince: instance.overdueSince }),
    statuses: new Map(
      instance?.stages.map(({ name, status }) => [
        name,
        status === "done" ? "reached" : ended ? "never" : status === "overdue" ? "overdue" : "waiting",
      ]),
    ),
    events: new Set(events.map((one) => one.event)),
  };
}
