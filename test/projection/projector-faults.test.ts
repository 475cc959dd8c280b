import { expect, test } from "bun:test";
import { MarsError } from "../../src/core/error.ts";
import { Database } from "../../src/db/database.ts";
import { LifecycleCache } from "../../src/db/lifecycles/lifecycle-cache.ts";
import { LifecycleWriter } from "../../src/db/lifecycles/lifecycle-writer.ts";
import type { Finding } from "../../src/lifecycle/finding.ts";
import type { ProjectionStep } from "../../src/projection/projection-step.ts";
import { Projector } from "../../src/projection/projector.ts";
import { parseDefinition } from "../support/definition.ts";
import { projectAll } from "../support/project.ts";
import { batchOf, event, openStore, type TestStore } from "../support/store.ts";

const second = 1_000_000;
const hour = 3_600 * second;
const definition = parseDefinition({
  stages: [
    { event: "CREATED" },
    { event: "PAID", after: "CREATED", within: "1s" },
    { event: "SENT", after: "CREATED", within: "30m" },
  ],
  complete_on: ["SENT"],
  grace: "0s",
});

const brief = ({ messageId, kind, stage, retractedAt }: Finding) =>
  `${messageId} ${kind} ${stage}${retractedAt === undefined ? "" : " retracted"}`;

async function currentOf({ queries }: TestStore) {
  const { findings } = await queries.findings({ state: "current", order: "oldest", limit: 100 });
  return findings.map(brief);
}

/** The states that a list and the message itself show. */
async function statesOf({ queries }: TestStore, messageId: string) {
  const list = await queries.list({ messageId, order: "newest", limit: 1 });
  const { message } = await queries.get({ appId: "app", messageId });
  return [list.messages[0]?.state, message?.state, message?.instance?.state];
}

test("two good times that lie centuries apart make a finding that can be read", async () => {
  using opened = await openStore();
  const { store, queries } = opened;
  await store.putLifecycle("app", definition);
  const [first, last] = [Date.UTC(1685, 0, 2) * 1_000, Date.UTC(2254, 11, 30) * 1_000];
  await store.apply(
    await batchOf([
      event(1, { createdAt: first }),
      event(2, { event: "PAID", createdAt: last }),
      event(3, { messageId: "early", createdAt: last }),
      event(4, { messageId: "early", event: "PAID", createdAt: first }),
      event(5, { messageId: "open", createdAt: first }),
    ]),
  );
  await projectAll(store, 5, Date.UTC(2254, 11, 31) * 1_000);
  const { findings } = await queries.findings({ state: "any", order: "newest", limit: 100 });
  const late = findings.find(({ kind }) => kind === "late");
  expect(late?.lateBy).toBe(Number.MAX_SAFE_INTEGER);
  const history = await queries.findingHistory({ after: 0, upTo: Number.MAX_SAFE_INTEGER });
  expect(history.findings).toHaveLength(findings.length);
  const [figures] = await queries.alertFigures([
    {
      appId: "app",
      kind: "late",
      stage: "PAID",
      versions: [1],
      since: 0,
      freshFrom: 0,
      recentFrom: 0,
      importedAfter: 0,
      incident: 0,
    },
  ]);
  expect(figures?.lateBy).toBe(Number.MAX_SAFE_INTEGER);
  const paid = async (messageId: string) => {
    const { message } = await queries.get({ appId: "app", messageId });
    return message?.instance?.stages.find(({ name }) => name === "PAID");
  };
  expect((await paid("early"))?.earlyBy).toBe(Number.MAX_SAFE_INTEGER);
  expect((await paid("message"))?.lateBy).toBe(Number.MAX_SAFE_INTEGER);
  const all = { since: first, until: last + second };
  const latency = await queries.latency("app", all);
  expect(latency.hops.find(({ stage }) => stage === "PAID")?.now.count).toBe(2);
  expect((await queries.funnel("app", all)).opened).toBe(3);
  const overdue = await queries.overdue({ clock: last, limit: 10 });
  expect(overdue.overdue.map(({ startedAt }) => startedAt)).toEqual([first, first, first, last]);
});

test("what a clock that was ahead has raised is retracted when the clock is put right", async () => {
  using opened = await openStore();
  const { store, queries } = opened;
  await store.putLifecycle("app", definition);
  const start = 100 * hour;
  await store.apply(await batchOf([event(1, { messageId: "a", createdAt: start })]));
  await projectAll(store, 1, start + hour);
  expect(await currentOf(opened)).toEqual(["a missing PAID", "a missing SENT"]);

  // Put right: two seconds have passed. One stage is late, the other one is not.
  const right = start + 2 * second;
  const changed = await projectAll(store, 1, right);
  expect(changed.map(brief).sort()).toEqual(["a missing PAID", "a missing SENT retracted"]);
  expect(await currentOf(opened)).toEqual(["a missing PAID"]);
  const { findings } = await queries.findings({ state: "current", order: "oldest", limit: 1 });
  expect(findings[0]?.raisedAt).toBe(right);
  expect(await statesOf(opened, "a")).toEqual(["overdue", "overdue", "overdue"]);

  // A new message is judged by the present clock, in the list and by itself.
  await store.apply(await batchOf([event(2, { messageId: "b", createdAt: right })]));
  await projectAll(store, 2, right + second / 2);
  expect(await currentOf(opened)).toEqual(["a missing PAID"]);
  expect(await statesOf(opened, "b")).toEqual(["open", "open", "open"]);
  const { message } = await queries.get({ appId: "app", messageId: "b" });
  expect(message?.instance?.stages.map(({ status }) => status)).toEqual(["done", "waiting", "waiting"]);

  const raised = await projectAll(store, 2, right + 2 * second);
  expect(raised.map((finding) => [brief(finding), finding.raisedAt])).toEqual([
    ["b missing PAID", right + 2 * second],
  ]);
});

test("a clock is put right over a restart, and in more than one step", async () => {
  using opened = await openStore();
  let { store } = opened;
  await store.putLifecycle("app", definition);
  const count = 2_100;
  const start = 100 * hour;
  await store.apply(
    await batchOf(
      Array.from({ length: count }, (_, n) => event(n + 1, { messageId: `m${n}`, createdAt: start })),
    ),
  );
  await projectAll(store, count, start + hour);
  expect((await opened.queries.overdue({ clock: start, limit: 1_000 })).overdue).toHaveLength(1_000);
  store = await opened.restart();
  const first = await store.project({ upTo: count, watermark: start, raise: true });
  expect(first.done).toBe(false);
  store = await opened.restart();
  await projectAll(store, count, start);
  expect(await currentOf(opened)).toEqual([]);
  const raised = await projectAll(store, count, start + 2 * second);
  expect(new Set(raised.map(({ messageId, stage }) => `${messageId} ${stage}`)).size).toBe(count);
  expect(raised.every(({ stage }) => stage === "PAID")).toBe(true);
});

/** A database whose next write takes place, and whose answer is lost; or that cannot be reached. */
class FaultyDatabase extends Database {
  next: "answers" | "answer lost" | "away" = "answers";

  override async batch(...args: Parameters<Database["batch"]>): ReturnType<Database["batch"]> {
    if (args[1] === "read" || this.next === "answers") return super.batch(...args);
    const { next } = this;
    this.next = "answers";
    if (next === "answer lost") await super.batch(...args);
    throw new MarsError("unavailable", next);
  }

  override async durably(...args: Parameters<Database["durably"]>): ReturnType<Database["durably"]> {
    const { next } = this;
    if (next === "answers") return super.durably(...args);
    this.next = "answers";
    if (next === "answer lost") await super.durably(...args);
    throw new Error(next);
  }
}

function openProjector({ url }: TestStore) {
  const database = new FaultyDatabase({
    url,
    authToken: "",
    timeoutMs: 1_000,
    pragmas: ["busy_timeout = 5000"],
  });
  const projector = new Projector(database, new LifecycleCache(database));
  return { database, projector };
}

test("what changed in a step whose answer was lost is returned by the next one, in order", async () => {
  using opened = await openStore();
  const { store } = opened;
  await store.putLifecycle("app", definition);
  const { database, projector } = openProjector(opened);
  const steps: ProjectionStep[] = [];
  const project = async (upTo: number, watermark: number, raise = true) => {
    for (let tries = 0; tries < 10; tries++) {
      try {
        steps.push(await projector.project({ upTo, watermark, raise }));
        if (steps.at(-1)?.done) return;
      } catch (error) {
        expect(String(error)).toContain("answer lost");
      }
    }
    throw new Error("the projector does not come to an end");
  };
  await project(0, 0, false);
  const [before] = steps.splice(0);
  const count = 1_500;
  await store.apply(
    await batchOf(
      Array.from({ length: count }, (_, n) => event(n + 1, { messageId: `m${n}`, createdAt: 0 })),
    ),
  );
  await project(count, second, false);
  database.next = "answer lost";
  await project(count, 2 * second);
  // A range of events whose answer comes, and in the same step a raise whose answer does not.
  await store.apply(
    await batchOf([
      event(count + 1, { messageId: "m0", event: "PAID", createdAt: 2 * second }),
      event(count + 2, { messageId: "n", createdAt: 0 }),
    ]),
  );
  await project(count + 1, 2 * second, false);
  database.next = "answer lost";
  await project(count + 2, 3 * second);

  let seq = before?.findingSeq ?? 0;
  const found = new Map<number, Finding>();
  for (const { findings, findingSeq } of steps) {
    for (const finding of findings) {
      expect(finding.seq).toBeGreaterThan(seq);
      seq = finding.seq;
      found.set(finding.id, finding);
    }
    expect(findingSeq).toBeGreaterThanOrEqual(seq);
    seq = findingSeq;
  }
  const { findings: stored } = await opened.queries.findingHistory({
    after: 0,
    upTo: Number.MAX_SAFE_INTEGER,
  });
  expect(found.size).toBe(count + 2);
  for (const finding of stored) expect(found.get(finding.id)).toEqual(finding);
  database.close();
});

test("the sequence of findings leaps at a start also where its first step fails", async () => {
  using opened = await openStore();
  const { store } = opened;
  await store.putLifecycle("app", definition);
  await store.apply(await batchOf([event(1, { createdAt: 0 })]));
  const { database, projector } = openProjector(opened);
  database.next = "away";
  await expect(projector.project({ upTo: 1, watermark: 2 * second, raise: true })).rejects.toThrow();
  const [finding] = await projectAll(projector, 1, 2 * second);
  expect(finding?.seq).toBe(1_000_001);
  database.close();
});

test("a lifecycle holds from when it is stored, also where the answer to its put was lost", async () => {
  using opened = await openStore();
  const { store } = opened;
  const database = new FaultyDatabase({
    url: opened.url,
    authToken: "",
    timeoutMs: 1_000,
    pragmas: ["busy_timeout = 5000"],
  });
  const lifecycles = new LifecycleCache(database);
  const projector = new Projector(database, lifecycles);
  const file = new LifecycleWriter(database, lifecycles);
  await file.put("app", definition, 0);
  await store.apply(await batchOf([event(1, { messageId: "a", createdAt: 0 })]));
  await projectAll(projector, 1, second / 2);
  database.next = "answer lost";
  await expect(file.put("app", undefined, 1)).rejects.toThrow();
  await store.apply(await batchOf([event(2, { messageId: "b", createdAt: 0 })]));
  expect((await projectAll(projector, 2, 2 * second)).map(brief)).toEqual(["a missing PAID"]);
  database.close();
});

test("a history of findings leads no further than its reader sees", async () => {
  using opened = await openStore();
  const { store, queries } = opened;
  await store.putLifecycle("app", definition);
  await store.apply(await batchOf([event(1, { createdAt: 0 })]));
  await projectAll(store, 1, 2 * second);
  expect((await queries.findingHistory({ after: 0, upTo: 5_000_000 })).to).toBe(1_000_001);
  expect((await queries.findingHistory({ messageId: "other", after: 0, upTo: 5_000_000 })).to).toBe(
    1_000_001,
  );
  expect((await queries.findingHistory({ after: 0, upTo: 500 })).to).toBe(500);
  // And never back.
  expect((await queries.findingHistory({ after: 2_000_000, upTo: 5_000_000 })).to).toBe(2_000_000);
});
