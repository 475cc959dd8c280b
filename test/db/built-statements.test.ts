/** Query plans of the statements that are built for a query: those of pages and lists, as the database gets them. */
import { afterAll, expect, test } from "bun:test";
import type { InStatement } from "@libsql/client";
import type { MessageQuery, MessageRead } from "../../src/core/query.ts";
import { Database } from "../../src/db/database.ts";
import { QueryPlans } from "../support/query-plan.ts";
import { batchOf, event, openStore, type TestStore } from "../support/store.ts";

const { batch } = Database.prototype;

afterAll(() => {
  Database.prototype.batch = batch;
});

/** The statements of what `run` reads, each once. */
async function record(run: () => Promise<unknown>): Promise<InStatement[]> {
  const seen = new Map<string, InStatement>();
  Database.prototype.batch = function (this: Database, statements, mode) {
    for (const one of statements) seen.set(typeof one === "string" ? one : one.sql, one);
    return batch.call(this, statements, mode);
  };
  try {
    await run();
  } finally {
    Database.prototype.batch = batch;
  }
  return [...seen.values()];
}

async function filledStore(): Promise<TestStore> {
  const opened = await openStore(100);
  const events = Array.from({ length: 1_000 }, (_, n) =>
    event(n + 1, { messageId: `m${n % 300}`, event: `STAGE ${n % 7}`, externalId: `other ${n % 400}` }),
  );
  await opened.store.apply(await batchOf(events));
  return opened;
}

/** Calls with the first page's cursor too. */
async function pages<Q extends { cursor?: string }>(
  read: (query: Q) => Promise<{ nextCursor?: string }>,
  query: Q,
): Promise<void> {
  const { nextCursor } = await read(query);
  if (nextCursor !== undefined) await read({ ...query, cursor: nextCursor });
}

const filters: Partial<MessageQuery>[] = [
  {},
  { appId: "app" },
  { appId: "app", event: "STAGE 1", missing: "STAGE 2" },
  { appId: "app", since: 1, until: 9e15 },
  { messageId: "m7", appId: "app" },
  { prefix: "m1", appId: "app", since: 1 },
  { prefix: "m" },
  { externalId: "other 7", appId: "app" },
  { states: ["overdue"] },
  { states: ["open", "failed"], appId: "app" },
  { overdueSince: 1, appId: "app" },
  {
    appId: "app",
    attributes: [
      { name: "region", value: "north" },
      { name: "n", value: "1" },
    ],
  },
];

test("no page or list sorts a table that grows, or reads it without a bound", async () => {
  using opened = await filledStore();
  const { queries } = opened;
  const statements = await record(async () => {
    for (const filter of filters) {
      for (const order of ["newest", "oldest", "updated", "overdue"] as const) {
        await pages(queries.list, { ...filter, order, limit: 10 });
      }
    }
    for (const order of ["oldest", "newest"] as const) {
      const get = async (page: MessageRead) => (await queries.get(page)).message ?? {};
      await pages(get, {
        appId: "app",
        messageId: "m7",
        order,
        limit: 1,
      });
      const attributes = [{ name: "region", value: "north" }];
      for (const one of [
        {},
        { appId: "app" },
        { messageId: "m7" },
        { kind: "late" } as const,
        { appId: "app", attributes },
      ]) {
        await pages(queries.findings, { ...one, order, limit: 10, state: "any" });
      }
    }
    await pages(queries.overdue, { clock: 1, limit: 10, stage: "STAGE 1" } as never);
    for (const one of [{}, { appId: "app" }, { apps: ["a", "b-*"] }]) {
      await queries.overdueGroups({ ...one, triage: "any", newSince: 1, clock: 1e15, limit: 10 });
    }
    await pages(queries.overdue, {
      clock: 1,
      limit: 10,
      appId: "app",
      attributes: [{ name: "region", value: "north" }],
    });
    for (const one of [{}, { since: 1 }, { state: "overdue" } as const, { state: "complete" } as const]) {
      await queries.counts({ appId: "app", name: "region", ...one });
    }
    for (const order of ["asc", "desc"] as const) {
      for (const one of [{}, { event: "STAGE 1" }]) {
        const asked = { appId: "app", messageId: "m7", order, limit: 1, ...one };
        await pages(queries.messageEvents, asked);
        const { nextCursor } = await queries.messageEvents(asked);
        const second = nextCursor && (await queries.messageEvents({ ...asked, cursor: nextCursor }));
        if (second && second.previousCursor !== undefined)
          await queries.messageEvents({ ...asked, cursor: second.previousCursor });
      }
    }
    for (const one of [{}, { appId: "app" }, { appId: "app", event: "STAGE 1", since: 1 }]) {
      await pages(queries.listedEvents, { messages: one, limit: 3 });
    }
    await queries.histories({ appId: "app", since: 0, until: 9e15 });
    await queries.apps({ limit: 10 });
    await queries.apps({ cursor: Buffer.from('["apps","a"]').toString("base64url"), limit: 10 });
    await queries.apps({ apps: ["a", "b-*"], limit: 10 });
    for (const one of [{}, { state: "active" } as const, { rule: "r", appId: "app" }]) {
      await pages(queries.alertIncidents, { ...one, limit: 10, countMax: 100 } as never);
    }
    for (const one of [{}, { sink: "s" }, { incident: 1 }]) {
      await pages(queries.alertDeliveries, { ...one, limit: 10 } as never);
    }
    await queries.listSetAside({ limit: 10, cursor: undefined });
  });
  expect(statements.length).toBeGreaterThan(100);
  const plans = new QueryPlans(opened.url);
  const faults: [string, string[]][] = [];
  for (const one of statements) {
    const scans = await plans.scans(one, true);
    if (scans.length > 0) faults.push([typeof one === "string" ? one : one.sql, scans]);
  }
  plans.close();
  expect(faults).toEqual([]);
});
