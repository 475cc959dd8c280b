/** One client that reads much, and all the others. */
import { expect, test } from "bun:test";
import { type ClientHttp2Session, connect } from "node:http2";
import { startMars, type TestMars } from "../../support/mars.ts";
import { getJson, sendBulk, statsWhen } from "../../support/rest.ts";

interface ReadStats {
  readonly waiting: number;
  readonly done: number;
  readonly refused: number;
  readonly abandoned: number;
}

const readsOf = (stats: unknown) => (stats as { readonly reads: ReadStats }).reads;

async function fill(mars: TestMars, messages: number): Promise<void> {
  const events = Array.from({ length: messages }, (_, n) => ({
    app_id: "shop",
    message_id: `m-${n}`,
    event: "created",
  }));
  const seq = await sendBulk(mars.url, events);
  await getJson(`${mars.url}/api/messages?limit=1&min_seq=${seq}`);
}

/** Asks for `count` large pages on connections of its own, a hundred on each; answers are thrown away. */
function flood(mars: TestMars, count: number) {
  const statuses: number[] = [];
  const sessions: ClientHttp2Session[] = [];
  const answered: Promise<void>[] = [];
  for (let n = 0; n < count; n++) {
    if (n % 100 === 0) sessions.push(connect(mars.url).on("error", () => undefined));
    const session = sessions.at(-1)!;
    const request = session.request({ ":path": "/api/messages?limit=1000" });
    answered.push(
      new Promise((resolve) => {
        request.on("response", (headers) => statuses.push(Number(headers[":status"])));
        request.on("error", () => resolve());
        request.on("close", () => resolve());
        request.resume();
      }),
    );
  }
  return {
    statuses,
    answered: Promise.all(answered),
    leave: () => {
      for (const session of sessions) session.destroy();
    },
  };
}

test("a client with hundreds of reads under way delays another by about one of them", async () => {
  await using mars = await startMars();
  await fill(mars, 2_000);
  const greedy = flood(mars, 300);
  await statsWhen(mars.url, (stats) => readsOf(stats).waiting > 200);
  const before = greedy.statuses.length;
  await getJson(`${mars.url}/api/messages?limit=1`);
  expect(greedy.statuses.length - before).toBeLessThan(20);
  greedy.leave();
});

test("reads whose client has gone are dropped", async () => {
  await using mars = await startMars();
  await fill(mars, 2_000);
  const greedy = flood(mars, 300);
  await statsWhen(mars.url, (stats) => readsOf(stats).waiting > 200);
  greedy.leave();
  const stats = readsOf(await statsWhen(mars.url, (now) => readsOf(now).waiting === 0));
  expect(stats.abandoned).toBeGreaterThan(150);
  expect(stats.done).toBeLessThan(150);
});

test("Mars stops at once with a full queue, and answers what waits", async () => {
  await using mars = await startMars();
  await fill(mars, 2_000);
  const greedy = flood(mars, 300);
  await statsWhen(mars.url, (stats) => readsOf(stats).waiting > 200);
  const start = performance.now();
  await Promise.all([mars.stop(), greedy.answered]);
  expect(performance.now() - start).toBeLessThan(5_000);
  expect(greedy.statuses.filter((status) => status === 503).length).toBeGreaterThan(150);
});
