import { expect, test } from "bun:test";
import { copyFile, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MarsError } from "../../../src/core/error.ts";
import { Grace } from "../../../src/projection/loop/grace.ts";
import { ProjectionLoop } from "../../../src/projection/loop/projection-loop.ts";
import type { ProjectionTarget } from "../../../src/projection/projection-step.ts";
import { Clock } from "../../../src/runtime/clock.ts";
import { createLog } from "../../../src/runtime/log.ts";
import { StoreProgress } from "../../../src/runtime/progress.ts";
import { Supervisor } from "../../../src/runtime/supervisor.ts";
import { LiveClient } from "../../support/live-client.ts";
import { startMars, type TestMars } from "../../support/mars.ts";
import { getJson, sendBulk, statsWhen } from "../../support/rest.ts";

const definition = {
  stages: [{ event: "CREATED" }, { event: "SEEN", within: "200ms" }],
  complete_on: ["SEEN"],
  grace: "50ms",
};
const graceMs = 1_000;
const headers = { "content-type": "application/json" };

async function put(mars: TestMars, app = "shop"): Promise<void> {
  const init = { method: "PUT", headers, body: JSON.stringify(definition) };
  expect((await fetch(`${mars.url}/api/apps/${app}/lifecycle`, init)).status).toBe(200);
}

const created = (n: number) => ({ app_id: "shop", message_id: `m${n}`, event: "CREATED" });

test("after a start nothing is called missing until producers could try again, and then it is as one group", async () => {
  const first = await startMars();
  await put(first);
  const began = new Date().toISOString();
  await sendBulk(
    first.url,
    Array.from({ length: 30 }, (_, n) => created(n)),
  );
  await first.stop();
  const started = Date.now();
  await using mars = await first.restart({ startGraceMs: graceMs });
  const live = await LiveClient.open(mars);
  await live.subscribe("findings");
  // What a producer could not report while Mars was away.
  await sendBulk(mars.url, [{ ...created(0), event: "SEEN", created_at: began }]);

  const raised = [];
  while (raised.length < 29) raised.push((await live.next()).finding);
  expect(Date.now() - started).toBeGreaterThanOrEqual(graceMs - 50);
  expect(raised.map(({ message_id }) => message_id)).not.toContain("m0");
  expect(new Set(raised.map(({ raised_at }) => raised_at)).size).toBe(1);
  const { findings } = await getJson<{ findings: unknown[] }>(
    `${mars.url}/api/findings?state=any&app_id=shop`,
  );
  expect(findings.length).toBe(29);
  await live.close();
});

test("after a refusal nothing is called missing until producers could try again", async () => {
  await using mars = await startMars({ startGraceMs: graceMs, journalBytesMax: 1 });
  await put(mars);
  // The journal is over its bound with the change in it, and then with the first event, until that is stored and dropped from it.
  const init = { method: "POST", headers, body: JSON.stringify(created(1)) };
  while ((await fetch(`${mars.url}/api/event`, init)).status !== 200) await Bun.sleep(5);
  // The answer comes a little later than the refusal.
  const refusedAt = Date.now();
  const refused = await fetch(`${mars.url}/api/event`, {
    method: "POST",
    headers,
    body: JSON.stringify(created(2)),
  });
  expect(refused.status).toBe(429);
  const live = await LiveClient.open(mars);
  await live.subscribe("findings", 0);
  expect((await live.next()).finding).toMatchObject({ message_id: "m1", kind: "missing" });
  expect(Date.now() - refusedAt).toBeGreaterThanOrEqual(graceMs - 50);
  await live.close();
});

test("refusals of one app's events keep back none of another app's findings", async () => {
  await using mars = await startMars({ startGraceMs: 20_000, journalBytesMax: 1 });
  await put(mars);
  await put(mars, "noisy");
  // Until the journal has dropped the changes, which are over its bound.
  await statsWhen(mars.url, ({ journal }) => journal.bytes <= 1);
  const post = (event: object) =>
    fetch(`${mars.url}/api/event`, { method: "POST", headers, body: JSON.stringify(event) });
  const live = await LiveClient.open(mars);
  await live.subscribe("findings", 0);
  // The journal is over its bound with each event in it, so that most of what follows is refused.
  while ((await post(created(1))).status !== 200) await Bun.sleep(5);
  const sentAt = Date.now();
  let refused = 0;
  const noise = (async () => {
    while (Date.now() < sentAt + 1_500) {
      const { status } = await post({ app_id: "noisy", message_id: "n1", event: "CREATED" });
      if (status === 429) refused += 1;
    }
  })();
  expect((await live.next()).finding).toMatchObject({ app_id: "shop", message_id: "m1", kind: "missing" });
  expect(Date.now() - sentAt).toBeLessThan(1_250);
  await noise;
  expect(refused).toBeGreaterThan(0);
  const { grace } = (await (await fetch(`${mars.url}/api/q/stats`)).json()) as { grace: object };
  expect(grace).toMatchObject({ all: false, apps: 1 });
  expect(live.waiting).toBe(0);
  await live.close();
});

test("a database that was put back is waited for as after a start", async () => {
  await using first = await startMars();
  await put(first);
  await sendBulk(first.url, [created(1)]);
  await first.stop();
  const dataDir = await mkdtemp(join(tmpdir(), "mars-test-"));
  await copyFile(join(first.dataDir, "messages.db"), join(dataDir, "messages.db"));
  const started = Date.now();
  await using mars = await startMars({ dataDir, startGraceMs: graceMs });
  const live = await LiveClient.open(mars);
  await live.subscribe("findings", 0);
  for (let frame = await live.next(); frame.finding === undefined; ) frame = await live.next();
  expect(Date.now() - started).toBeGreaterThanOrEqual(graceMs - 50);
  await live.close();
});

test("events that are refused while a round waits are waited for", async () => {
  const log = createLog("error");
  const abort = new AbortController();
  const clock = new Clock({ log, graceMs: 0 });
  clock.resume(undefined);
  const grace = new Grace({ graceMs: 300, log });
  const progress = new StoreProgress();
  progress.advance(1);
  const targets: ProjectionTarget[] = [];
  let refusedAt = 0;
  const raised = Promise.withResolvers<number>();
  const loop = new ProjectionLoop({
    projector: {
      project: async (target) => {
        targets.push(target);
        if (target.raise) raised.resolve(performance.now());
        return { seq: target.upTo, done: true, findings: [], findingSeq: 0, nextAt: 1 };
      },
    },
    progress,
    projected: new StoreProgress(),
    clock,
    grace,
    barrier: async () => {
      if (refusedAt === 0) {
        refusedAt = performance.now();
        grace.refused(new MarsError("overloaded", "full"));
      }
      return 1;
    },
    publish: () => undefined,
    setAside: () => undefined,
    log,
    supervisor: new Supervisor({ log }),
    signal: abort.signal,
  });
  const running = loop.run();
  expect((await raised.promise) - refusedAt).toBeGreaterThanOrEqual(290);
  expect(targets.some(({ raise }) => !raise)).toBe(true);
  abort.abort();
  await running;
});
