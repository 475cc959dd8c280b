/** Learning on threads of its own: shared between peers, and stopped when its caller has gone. */

import { afterAll, beforeAll, expect, test } from "bun:test";
import type { Caller } from "../../src/core/caller.ts";
import { MarsError } from "../../src/core/error.ts";
import { startTrialThread } from "../../src/threads.ts";
import { createTrialRuns, type TrialRuns } from "../../src/workers/trial-runs.ts";
import { callerNamed } from "../support/caller.ts";
import { startMars, type TestMars } from "../support/mars.ts";
import { getJson, sendBulk, statsWhen } from "../support/rest.ts";
import { until } from "../support/until.ts";

const window = { appId: "shop", since: 0, until: 8e15 };
const pages = 8;
const base = Date.now() - 3_600_000;

let mars: TestMars;

beforeAll(async () => {
  mars = await startMars();
  let seq = 0;
  for (let page = 0; page < pages; page++) {
    const names = ["created", "paid", "shipped"];
    const events = Array.from({ length: 1_000 }, (_, n) =>
      names.map((event, index) => ({
        app_id: "shop",
        message_id: `m-${page}-${n}`,
        event,
        created_at: new Date(base + (page * 1_000 + n) * 50 + index * 1_000).toISOString(),
      })),
    ).flat();
    seq = await sendBulk(mars.url, events);
  }
  await getJson(`${mars.url}/api/messages?limit=1&min_seq=${seq}`);
});

afterAll(() => mars[Symbol.asyncDispose]());

function caller(name: string, signal?: AbortSignal): Caller {
  return callerNamed(name, 1, signal);
}

/** Runs over the database of the Mars above, and how many threads there are. */
function start(): { readonly runs: TrialRuns; threads(): number } {
  let threads = 0;
  const runs = createTrialRuns({
    start(stop) {
      threads += 1;
      const url = `file:${mars.dataDir}/messages.db`;
      const thread = startTrialThread({ url, authToken: "", timeoutMs: 1_000, stop });
      void thread.failed.then(() => {
        threads -= 1;
      });
      return thread;
    },
  });
  return { runs, threads: () => threads };
}

test("a run has its result, and its thread ends with it", async () => {
  const { runs, threads } = start();
  const { result } = await runs.learn(window, caller("a"));
  expect(result.messages).toBe(pages * 1_000);
  expect(result.definition?.stages.map(({ events }) => events)).toEqual([["created"], ["paid"], ["shipped"]]);
  await until(() => threads() === 0);
  expect(runs.stats).toMatchObject({ active: 0, waiting: 0, done: 1 });
});

test("a peer that asks for many has one at a time, and another has its own at once", async () => {
  const { runs, threads } = start();
  const many = Array.from({ length: 4 }, () => runs.learn(window, caller("greedy")));
  expect(threads()).toBe(1);
  const other = runs.learn(window, caller("other"));
  expect(threads()).toBe(2);
  await other;
  expect(runs.stats.done).toBeLessThan(4);
  await Promise.all(many);
});

test("a run whose caller has gone is stopped", async () => {
  const { runs, threads } = start();
  const gone = new AbortController();
  const run = runs.learn(window, caller("a", gone.signal)).catch((error) => error);
  await until(() => threads() === 1);
  gone.abort();
  expect(await run).toMatchObject({ code: "deadline_exceeded" });
  await until(() => threads() === 0);
});

test("closing stops what runs and refuses what waits", async () => {
  const { runs, threads } = start();
  const all = [1, 2, 3].map(() => runs.learn(window, caller("a")).catch((error) => error.code));
  runs.close(new MarsError("draining", "stopping"));
  expect(await Promise.all(all)).toEqual(["draining", "draining", "draining"]);
  await until(() => threads() === 0);
});

test("events are accepted while lifecycles are learned", async () => {
  const learning = Array.from({ length: 3 }, () =>
    fetch(`${mars.url}/api/apps/shop/lifecycle/learned?since=24h`),
  );
  await statsWhen(
    mars.url,
    (stats) => (stats as unknown as { trials: { active: number } }).trials.active > 0,
  );
  let slowest = 0;
  for (let n = 0; n < 20; n++) {
    const start = performance.now();
    await sendBulk(mars.url, [{ app_id: "other", message_id: `${n}`, event: "created" }]);
    slowest = Math.max(slowest, performance.now() - start);
  }
  expect(slowest).toBeLessThan(1_000);
  for (const response of await Promise.all(learning)) expect(response.status).toBe(200);
});
