import { expect, test } from "bun:test";
import { createClient, type InStatement } from "@libsql/client";
import { MarsError } from "../../src/core/error.ts";
import { Database } from "../../src/db/database.ts";
import { LifecycleCache } from "../../src/db/lifecycles/lifecycle-cache.ts";
import type { ProjectionStep } from "../../src/projection/projection-step.ts";
import { Projector } from "../../src/projection/projector.ts";
import { putRevisits } from "../../src/projection/revisits.ts";
import { parseDefinition } from "../support/definition.ts";
import { batchOf, event, openStore, type TestStore } from "../support/store.ts";

const second = 1_000_000;
const definition = parseDefinition({
  stages: [{ event: "A" }, { event: "B", within: "1s" }],
  complete_on: ["B"],
  grace: "0s",
});
/** More than one step takes. */
const count = 2_500;

/** Messages 1 to `count` of which nothing has come but the beginning; they are due at 1 s and projected at 0. */
async function begin(): Promise<TestStore> {
  const opened = await openStore();
  await opened.store.putLifecycle("app", definition);
  const events = Array.from({ length: count }, (_, n) =>
    event(n + 1, { messageId: `m${n + 1}`, event: "A", createdAt: 0 }),
  );
  await opened.store.apply(await batchOf(events));
  await follow(opened, { upTo: count, watermark: 0 });
  return opened;
}

async function follow(
  { store }: Pick<TestStore, "store">,
  target: { upTo: number; watermark: number },
): Promise<ProjectionStep[]> {
  const steps: ProjectionStep[] = [];
  do steps.push(await store.project({ ...target, raise: true }));
  while (!steps.at(-1)!.done && steps.length < 100);
  return steps;
}

async function change({ url }: TestStore, ...statements: InStatement[]) {
  const client = createClient({ url });
  for (const statement of statements) await client.execute(statement);
  const { rows } = await client.execute("SELECT message FROM revisits ORDER BY message");
  client.close();
  return rows.map(({ message }) => Number(message));
}

const all = Array.from({ length: count }, (_, n) => n + 1);

test("messages that are to be judged again are, in bounded steps, and nothing is raised before", async () => {
  using opened = await begin();
  // What they depend on has changed: of these `B` had come, and nobody has said so.
  const even = all.filter((message) => message % 2 === 0);
  const waiting = await change(
    opened,
    "UPDATE instances SET times = json_array(0, 500000) WHERE message % 2 = 0",
    putRevisits(even),
    putRevisits([2, 4, count + 50]),
  );
  expect(waiting).toEqual([...even, count + 50]);

  const steps = await follow(opened, { upTo: count, watermark: 2 * second });
  const raised = steps.flatMap(({ findings }) => findings);
  expect(raised.length).toBe(count / 2);
  expect(raised.every(({ messageId }) => Number(messageId.slice(1)) % 2 === 1)).toBe(true);
  expect((await opened.queries.apps({ limit: 1 })).apps[0]?.messages).toMatchObject({
    complete: count / 2,
    overdue: count / 2,
  });
  // That one has not begun: it waits, and holds up nothing.
  expect(await change(opened)).toEqual([count + 50]);
});

test("a finding that does not hold any more is retracted, and leaves the counts", async () => {
  using opened = await begin();
  await follow(opened, { upTo: count, watermark: 2 * second });
  await change(
    opened,
    "UPDATE instances SET times = json_array(0, 500000) WHERE message > 3",
    putRevisits(all),
  );
  const steps = await follow(opened, { upTo: count, watermark: 2 * second });
  expect(steps.flatMap(({ findings }) => findings).length).toBe(count - 3);
  const query = { triage: "any", clock: 2 * second, newSince: 0, limit: 10 } as const;
  const { groups } = await opened.queries.overdueGroups(query);
  expect(groups.map(({ total }) => total)).toEqual([3]);
});

test("what is waiting when Mars is killed is judged again after the start, before anything is raised", async () => {
  using opened = await begin();
  await change(opened, "UPDATE instances SET times = json_array(0, 500000)", putRevisits(all));
  const first = await opened.store.project({ upTo: count, watermark: 2 * second, raise: true });
  expect([first.done, first.findings]).toEqual([false, []]);
  const left = await change(opened);
  expect(left.length).toBeGreaterThan(0);
  expect(left.length).toBeLessThan(count);

  const store = await opened.restart();
  const [again, ...more] = await follow({ store }, { upTo: 0, watermark: 2 * second });
  expect(again).toMatchObject({ done: true, findings: [] });
  expect(more).toEqual([]);
  expect(await change(opened)).toEqual([]);
  expect((await opened.queries.apps({ limit: 1 })).apps[0]?.messages).toMatchObject({ complete: count });
});

test("a message whose instance cannot be read is set aside, and all others are judged again", async () => {
  using opened = await begin();
  await change(opened, putRevisits(all), "UPDATE instances SET times = '[' WHERE message = 7");
  const steps = await follow(opened, { upTo: count, watermark: second / 2 });
  expect(steps.flatMap(({ aside }) => aside?.message ?? [])).toEqual([7]);
  expect(await change(opened)).toEqual([]);
});

/** A server whose writes fail at times. */
class FailingDatabase extends Database {
  failing = 0;

  override batch(...args: Parameters<Database["batch"]>): ReturnType<Database["batch"]> {
    if (args[1] !== "write" || this.failing === 0) return super.batch(...args);
    this.failing -= 1;
    throw new MarsError("unavailable", "the database cannot be used");
  }
}

test("a step that fails for a while takes no message out of the queue", async () => {
  using opened = await begin();
  const database = new FailingDatabase({ url: opened.url, authToken: "", timeoutMs: 1_000, pragmas: [] });
  const projector = new Projector(database, new LifecycleCache(database));
  const target = { upTo: count, watermark: second / 2, raise: true };
  expect((await projector.project(target)).done).toBe(true);
  await change(opened, putRevisits([3, 5]));
  database.failing = 3;
  for (let failure = 0; failure < 3; failure++) {
    expect(await projector.project(target).catch(({ code }: MarsError) => code)).toBe("unavailable");
    expect(await change(opened)).toEqual([3, 5]);
  }
  expect((await projector.project(target)).done).toBe(true);
  expect(await change(opened)).toEqual([]);
  database.close();
});
