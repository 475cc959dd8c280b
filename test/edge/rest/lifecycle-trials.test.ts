/** Lifecycles that are learned from stored messages, and tried on them. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { startMars, type TestMars } from "../../support/mars.ts";
import { type Answer, event, get, type Json, post } from "./client.ts";

let mars: TestMars;
beforeAll(async () => {
  mars = await startMars();
});
afterAll(() => mars[Symbol.asyncDispose]());

function put(app: string, body: unknown): Promise<Answer> {
  const init = { method: "PUT", body: JSON.stringify(body), headers: { "content-type": "application/json" } };
  return get(`${mars.url}/api/apps/${app}/lifecycle`, init);
}

async function send(events: readonly Json[]): Promise<void> {
  const { status, body } = await post(`${mars.url}/api/event/bulk`, { events });
  expect(status).toBe(200);
  await get(`${mars.url}/api/messages?limit=1&min_seq=${body.seq}`);
}

test("a definition is tried on what is stored, and one is proposed from it", async () => {
  const base = Date.now() - 3_600_000;
  const rows = Array.from({ length: 300 }, (_, n) => n).flatMap((n) => {
    const at = (ms: number) => new Date(base + n * 1_000 + ms).toISOString();
    const id = { app_id: "history", message_id: `m${n}` };
    const sent = n % 10 === 0 ? [] : [event({ ...id, event: "SENT", created_at: at(50 + (n % 50)) })];
    return [
      event({ ...id, event: "CREATED", created_at: at(0) }),
      ...sent,
      event({ ...id, event: "SEEN", created_at: at(500) }),
    ];
  });
  const { body } = await post(`${mars.url}/api/event/bulk`, { events: rows });
  await get(`${mars.url}/api/messages?limit=1&min_seq=${body.seq}`);
  const tried = {
    stages: [{ event: "CREATED" }, { event: "SENT", within: "70ms" }, { event: "SEEN", within: "1s" }],
    complete_on: ["SEEN"],
    grace: "0s",
  };
  const dryRun = await post(`${mars.url}/api/apps/history/lifecycle/dry-run?since=24h`, tried);
  expect(dryRun.status).toBe(200);
  expect(dryRun.body.lifecycle.grace).toBe("0s");
  expect(dryRun.body).toMatchObject({ messages: 300, cut_short: false, states: { complete: 300 } });
  const count = (kind: string) => dryRun.body.findings.find((one: Json) => one.kind === kind);
  expect(count("skipped")).toMatchObject({ stage: "SENT", holding: 30 });
  expect(count("late").holding).toBe(
    rows.filter((row: Json) => row.event === "SENT").length - 300 * 0.4 + 12,
  );
  expect(count("skipped").samples.length).toBe(10);
  expect((await get(`${mars.url}/api/findings?app_id=history`)).body.findings).toEqual([]);

  const learned = (await get(`${mars.url}/api/apps/history/lifecycle/learned?since=24h`)).body;
  expect(learned.lifecycle).toMatchObject({
    stages: [
      { event: "CREATED" },
      { event: "SENT", after: "CREATED", optional: true },
      { event: "SEEN", after: "CREATED", within: "500ms" },
    ],
    complete_on: ["SEEN"],
  });
  expect((await put("history", learned.lifecycle)).status).toBe(200);
});

/** An hour ago and since, one a second: of ten the first is refused, of twenty the second gets stuck, of 100 the third is slow. */
function orders(app_id: string): Json[] {
  const base = Date.now() - 3_600_000;
  return Array.from({ length: 1_000 }, (_, n) => n).flatMap((n) => {
    const report = (name: string, ms: number) =>
      event({
        app_id,
        message_id: `m${n}`,
        event: name,
        created_at: new Date(base + n * 1_000 + ms).toISOString(),
      });
    const began = [report("CREATED", 0), report("CHECKED", 100 + (n % 50))];
    if (n % 10 === 0) return [...began, report("REFUSED", 300)];
    if (n % 20 === 1) return began;
    const took = n % 100 === 2 ? 60_000 : 1_500 + (n % 70);
    return [...began, report("SENT", took), report("DONE", took + 2_000 + (n % 90))];
  });
}

test("failures are proposed, and deadlines that would have raised at most a stated share", async () => {
  await send(orders("deadlines"));
  const path = `${mars.url}/api/apps/deadlines/lifecycle/learned?since=24h`;
  const { body } = await get(path);
  expect(body).toMatchObject({
    raise_at_most: 0.001,
    failures: [{ event: "REFUSED", count: 100, share: 0.1, despite: 0, instead_of: ["SENT", "DONE"] }],
    lifecycle: { complete_on: ["DONE"], fail_on: ["REFUSED"] },
  });
  const stage = (answer: Json, name: string) =>
    answer.stages.find(({ events }: Json) => events.includes(name));
  // The slow ones are more than one in a thousand, and less than two in a hundred.
  expect(stage(body, "SENT")).toMatchObject({ within: "1m", would_raise: 0, never_reached: 0.05 });
  const short = (await get(`${path}&raise_at_most=0.02`)).body;
  expect(stage(short, "SENT")).toMatchObject({ within: "2s", would_raise: 0.01, never_reached: 0.05 });
  expect(short.lifecycle.stages.some(({ optional }: Json) => optional)).toBe(false);
  for (const wrong of ["0", "-1", "0.51", "x", "1e-3"]) {
    const { status, body } = await get(`${path}&raise_at_most=${wrong}`);
    expect([wrong, status, body.errors?.[0]?.field]).toEqual([wrong, 422, "raise_at_most"]);
  }
});

test("drift is the difference between the version in force and what is learned", async () => {
  const base = Date.now() - 3_600_000;
  const way = ["CREATED", "SENT", "SEEN"];
  await send(
    Array.from({ length: 200 }, (_, n) => n).flatMap((n) =>
      way.map((name, step) =>
        event({
          app_id: "drifting",
          message_id: `m${n}`,
          event: name,
          created_at: new Date(base + n * 1_000 + step * 100).toISOString(),
        }),
      ),
    ),
  );
  const drift = () => get(`${mars.url}/api/apps/drifting/lifecycle/drift?since=24h`);
  expect((await drift()).status).toBe(404);
  const learned = (await get(`${mars.url}/api/apps/drifting/lifecycle/learned?since=24h`)).body;
  await put("drifting", learned.lifecycle);
  expect((await drift()).body).toMatchObject({
    version: 1,
    messages: 200,
    words: [],
    added: [],
    changed: [],
  });
  const { stages, ...rest } = learned.lifecycle;
  const former = stages.filter(({ event }: Json) => event !== "SENT");
  await put("drifting", { ...rest, stages: [{ event: "CREATED" }, { ...former[1], after: "CREATED" }] });
  const { body } = await drift();
  expect(body).toMatchObject({ version: 2, lifecycle: learned.lifecycle, added: ["SENT"], removed: [] });
  expect(body.words).toContainEqual(expect.stringContaining("stage SENT is new"));
  const few = await get(`${mars.url}/api/apps/drifting/lifecycle/drift?since=1s`);
  expect(few.body).toMatchObject({ messages: 0, lifecycle: null, words: [] });
});

test("alternatives are learned in the order of the version in force, which names their stage", async () => {
  const base = Date.now() - 3_600_000;
  const events = Array.from({ length: 300 }, (_, n) => {
    const report = (name: string, ms: number) =>
      event({
        ...{ app_id: "either", message_id: `m${n}`, event: name },
        created_at: new Date(base + n * 1_000 + ms).toISOString(),
      });
    return [report("QUEUED", 0), report(n % 2 === 0 ? "BY_TEXT" : "BY_PUSH", 100), report("SEEN", 200)];
  });
  await send(events.flat());
  const { lifecycle } = (await get(`${mars.url}/api/apps/either/lifecycle/learned?since=24h`)).body;
  const turned = {
    ...lifecycle,
    stages: lifecycle.stages.map((stage: Json) => ({
      ...stage,
      ...(stage.any_of !== undefined && { any_of: stage.any_of.toReversed() }),
      ...(Array.isArray(stage.after) && { after: stage.after.toReversed() }),
    })),
  };
  expect(turned).not.toEqual(lifecycle);
  expect((await put("either", turned)).status).toBe(200);
  const again = (await get(`${mars.url}/api/apps/either/lifecycle/learned?since=24h`)).body;
  expect(again.lifecycle).toEqual(turned);
  const { body } = await get(`${mars.url}/api/apps/either/lifecycle/drift?since=24h`);
  expect(body).toMatchObject({ changed: [], words: [] });
});

test("a dry run shows the difference to the version in force", async () => {
  await send(orders("compared"));
  const path = `${mars.url}/api/apps/compared/lifecycle/dry-run?since=24h`;
  const lifecycle = {
    stages: [
      { event: "CREATED" },
      { event: "CHECKED", after: "CREATED", within: "1s" },
      { event: "SENT", after: "CHECKED", within: "2m" },
      { event: "DONE", after: "SENT", within: "1m" },
    ],
    complete_on: ["DONE"],
    grace: "500ms",
  };
  expect((await post(path, lifecycle)).body.against).toBeNull();
  expect((await put("compared", lifecycle)).body.version).toBe(1);
  const { states, against } = (
    await post(path, {
      ...lifecycle,
      stages: lifecycle.stages.with(2, { event: "SENT", after: "CHECKED", within: "10s" }),
      fail_on: ["REFUSED"],
    })
  ).body;
  expect(states).toMatchObject({ complete: 850, failed: 100, overdue: 50 });
  expect(against).toMatchObject({
    version: 1,
    complete: { both: 850, only_new: 0, only_current: 0, samples_only_new: [] },
    failed: { both: 0, only_new: 100, only_current: 0 },
    overdue: { both: 50, only_new: 0, only_current: 100, samples_only_new: [] },
    added: [],
    removed: [],
    changed: [{ stage: "SENT", field: "within", from: "2m", to: "10s" }],
    fields: [{ field: "fail_on", from: null, to: "REFUSED" }],
    words: ["stage SENT: within is 10s, was 2m", "fail_on is new: REFUSED"],
  });
  const { failed, overdue } = against;
  expect(failed.samples_only_new.length).toBe(10);
  expect(overdue.samples_only_current).toEqual(failed.samples_only_new);
});

test("a stage that nobody reached from the one before it has no hop", async () => {
  await send([
    event({ app_id: "apart", message_id: "first", event: "CREATED" }),
    event({ app_id: "apart", message_id: "second", event: "SEEN" }),
  ]);
  const { stages } = (await get(`${mars.url}/api/apps/apart/lifecycle/learned?since=24h`)).body;
  expect(stages).toHaveLength(2);
  expect(stages.map(({ hop }: Json) => hop)).toEqual([null, null]);
});
