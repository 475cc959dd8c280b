import { expect, test } from "bun:test";
import { createClient } from "@libsql/client";
import { MarsError } from "../../src/core/error.ts";
import { Database } from "../../src/db/database.ts";
import { LifecycleCache } from "../../src/db/lifecycles/lifecycle-cache.ts";
import type { ProjectionStep } from "../../src/projection/projection-step.ts";
import { Projector } from "../../src/projection/projector.ts";
import { parseDefinition } from "../support/definition.ts";
import { batchOf, event, openStore, type TestStore } from "../support/store.ts";

const second = 1_000_000;
const definition = parseDefinition({
  stages: [{ event: "A" }, { event: "B", within: "1s" }],
  complete_on: ["B"],
  grace: "0s",
});
const count = 500;

async function sql({ url }: TestStore, ...statements: string[]): Promise<void> {
  const client = createClient({ url });
  await client.execute("PRAGMA busy_timeout = 5000");
  for (const statement of statements) await client.execute(statement);
  client.close();
}

/** Every step until nothing is left to do. */
async function follow(opened: TestStore, upTo: number, watermark: number): Promise<ProjectionStep[]> {
  const steps: ProjectionStep[] = [];
  for (;;) {
    const step = await opened.store.project({ upTo, watermark, raise: true });
    steps.push(step);
    if (step.done) return steps;
    expect(steps.length).toBeLessThan(200);
  }
}

async function begin(): Promise<TestStore> {
  const opened = await openStore();
  await opened.store.putLifecycle("app", definition);
  const events = Array.from({ length: count }, (_, n) =>
    event(n + 1, { messageId: `m${n}`, event: "A", createdAt: n }),
  );
  await opened.store.apply(await batchOf(events));
  return opened;
}

const asides = (steps: readonly ProjectionStep[]) => steps.flatMap(({ aside }) => aside?.message ?? []);
const raised = (steps: readonly ProjectionStep[]) => steps.flatMap(({ findings }) => findings);

test("a message whose finding cannot be written is set aside, and all others are judged", async () => {
  using opened = await begin();
  await sql(
    opened,
    "CREATE TRIGGER no BEFORE INSERT ON findings WHEN NEW.message IN (7, 8, 400) BEGIN SELECT raise(ABORT, 'x'); END",
  );
  const steps = await follow(opened, count, 10 * second);
  expect(asides(steps)).toEqual([7, 8, 400]);
  expect(raised(steps).length).toBe(count - 3);
  const { items } = await opened.queries.listSetAside({ limit: 10, cursor: undefined });
  expect(items).toMatchObject([
    { seq: 7, messageId: "m6", code: "unprocessable" },
    { seq: 8, messageId: "m7" },
    { seq: 400, messageId: "m399" },
  ]);
  expect(items[0]?.event).toBeUndefined();

  // It is passed over when it has another event, and after a restart.
  const store = await opened.restart();
  await store.apply(
    await batchOf([event(count + 1, { messageId: "m6", event: "B", createdAt: 5 * second })]),
  );
  const after = await follow({ ...opened, store }, count + 1, 11 * second);
  expect([asides(after), raised(after)]).toEqual([[], []]);

  // Once the cause is gone it is followed again from its first event on.
  await sql(opened, "DROP TRIGGER no");
  expect(await store.rebuildInstance(7)).toBe(2);
  expect(await store.rebuildInstance(400)).toBe(1);
  const again = await follow({ ...opened, store }, count + 1, 12 * second);
  expect(raised(again).map(({ messageId, kind }) => [messageId, kind])).toEqual([
    ["m6", "late"],
    ["m399", "missing"],
  ]);
  const counts = await opened.queries.apps({ limit: 10 });
  expect(counts.apps[0]).toMatchObject({ events: count + 1, messages: { complete: 1 } });
});

test("a message whose instance cannot be written, or has an event that cannot be counted, holds up no other", async () => {
  using opened = await begin();
  await sql(
    opened,
    "CREATE TRIGGER no BEFORE INSERT ON instances WHEN NEW.message = 250 BEGIN SELECT raise(ABORT, 'x'); END",
    "DELETE FROM messages WHERE id = 300",
  );
  const steps = await follow(opened, count, 10 * second);
  expect(asides(steps)).toEqual([250, 300]);
  expect(raised(steps).length).toBe(count - 2);
  // The event without a message is passed over: there is nothing to follow again.
  expect((await opened.queries.listSetAside({ limit: 10, cursor: undefined })).items).toMatchObject([
    { seq: 250 },
  ]);
  expect((await opened.queries.apps({ limit: 10 })).apps[0]?.events).toBe(count - 1);
});

test("an instance that cannot be read is set aside, when it is due and when it has an event", async () => {
  using opened = await begin();
  await follow(opened, count, 0);
  await sql(opened, "UPDATE instances SET times = '[' WHERE message IN (3, 9)");
  await opened.store.apply(
    await batchOf([
      event(count + 1, { messageId: "m8", event: "B", createdAt: 2 }),
      event(count + 2, { messageId: "m9", event: "B", createdAt: 2 }),
    ]),
  );
  const steps = await follow(opened, count + 2, 10 * second);
  expect(asides(steps)).toEqual([9, 9, 3]);
  expect(raised(steps).length).toBe(count - 3);
});

/** A server that is away for a given number of calls. */
class AwayDatabase extends Database {
  away = 0;

  override batch(...args: Parameters<Database["batch"]>): ReturnType<Database["batch"]> {
    if (this.away === 0) return super.batch(...args);
    this.away -= 1;
    throw new MarsError("unavailable", "the database cannot be used");
  }
}

test("a fault that passes by itself is thrown however often it comes, and nothing is set aside", async () => {
  using opened = await begin();
  const database = new AwayDatabase({ url: opened.url, authToken: "", timeoutMs: 1_000, pragmas: [] });
  const projector = new Projector(database, new LifecycleCache(database));
  const target = { upTo: count, watermark: 10 * second, raise: true };
  expect((await projector.project(target)).done).toBe(true);
  await opened.store.apply(await batchOf([event(count + 1, { messageId: "new", event: "A", createdAt: 1 })]));
  database.away = 40;
  for (let failure = 0; failure < 40; failure++) {
    const fault = await projector.project({ ...target, upTo: count + 1 }).catch((error: unknown) => error);
    expect(fault).toMatchObject({ code: "unavailable" });
  }
  const steps: ProjectionStep[] = [];
  do steps.push(await projector.project({ ...target, upTo: count + 1 }));
  while (!steps.at(-1)!.done);
  expect([asides(steps), raised(steps).map(({ messageId }) => messageId)]).toEqual([[], ["new"]]);
  database.close();
});
