/** `mars bench` as a user runs it. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { benchEvent } from "../../src/cli/bench/bench-event.ts";
import { Ledger } from "../../src/cli/bench/ledger.ts";
import { runCommand, runOnTerminal } from "../support/command.ts";
import { startMars, type TestMars } from "../support/mars.ts";
import { getJson } from "../support/rest.ts";

let mars: TestMars;

beforeAll(async () => {
  mars = await startMars();
});
afterAll(() => mars[Symbol.asyncDispose]());

const options = (url = mars.url) => ({ cwd: "/", env: { MARS_URL: url } });
const bench = (...args: readonly string[]) =>
  runCommand(["bench", "--seconds", "1", "--connections", "4", ...args], options());

const doors = {
  rest: [],
  "rest-bulk": ["--batch", "50"],
  grpc: () => ["--grpc-port", String(mars.grpcPort)],
};

for (const [door, more] of Object.entries(doors)) {
  test(`every event that ${door} acknowledges is found stored once`, async () => {
    const app = `bench-${door}`;
    const args = typeof more === "function" ? more() : more;
    const { stdout, stderr, exitCode } = await bench("--door", door, "--app", app, ...args);
    expect([stderr, exitCode]).toEqual(["", 0]);
    const report = JSON.parse(stdout);
    expect(report).toMatchObject({ door, app, lost: 0, doubled: 0, refused: 0, unanswered: 0, unknown: 0 });
    expect(report.acknowledged).toBeGreaterThan(20);
    expect(report.stored).toBe(report.acknowledged);
    const { p50, p99, max } = report.latency_ms;
    expect(p50).toBeGreaterThan(0);
    expect([p50 <= p99, p99 <= max]).toEqual([true, true]);
    const { apps } = await getJson<{ apps: { app_id: string; events: number }[] }>(`${mars.url}/api/apps`);
    expect(apps.map(({ app_id }) => app_id)).toContain(app);
  });
}

test("on a terminal it is said in sentences, and how to erase the events", async () => {
  const { text, exitCode } = await runOnTerminal(120, ["bench", "--seconds", "1"], options());
  expect(exitCode).toBe(0);
  expect(text).toMatch(/acknowledged +\d+ events in 1\.\d s: \d+ a second, each on disk/);
  expect(text).toContain("each exactly once");
  expect(text).toContain("mars erase app mars-bench");
});

test("a Mars that loses an event, doubles one, and refuses calls is found out", async () => {
  let calls = 0;
  let kept: Record<string, unknown>[] = [];
  await using proxy = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(request) {
      const { pathname } = new URL(request.url);
      if (pathname === "/api/event") {
        calls++;
        if (calls === 3)
          return Response.json({ detail: "too much" }, { status: 429, headers: { "retry-after": "0" } });
        const event = (await request.json()) as Record<string, unknown>;
        if (calls !== 5) kept.push({ ...event, duplicates: calls === 7 ? 1 : 0 });
        return Response.json({ success: true, seq: calls });
      }
      const events = kept;
      kept = [];
      // The first read only waits; what it answers is not counted.
      if (request.url.includes("limit=1")) kept = events;
      return Response.json({ events, next_cursor: null, as_of_seq: calls });
    },
  });
  const { stdout, exitCode } = await runCommand(
    ["bench", "--seconds", "1", "--connections", "1"],
    options(`http://127.0.0.1:${proxy.port}`),
  );
  expect(exitCode).toBe(1);
  const report = JSON.parse(stdout);
  expect(report).toMatchObject({ lost: 1, doubled: 1, refused: 1, refused_and_stored: 0 });
  expect(report.reason).toContain("too much");
});

test("a key that may not send, or not read, is said", async () => {
  await using locked = await startMars({ adminKey: `mars_test_${"x".repeat(40)}` });
  const { stderr, exitCode } = await runCommand(["bench", "--seconds", "1"], options(locked.url));
  expect(exitCode).toBe(1);
  expect(stderr).toContain("401");
  expect(stderr).toContain("--send-key-file");
});

test("wrong usage is refused", async () => {
  const { stderr, exitCode } = await bench("--batch", "5");
  expect([exitCode, stderr]).toEqual([
    2,
    "mars: --batch needs --door rest-bulk\nmars: see mars bench --help\n",
  ]);
});

test("a ledger knows lost events, doubled ones, and those that were refused and are there", () => {
  const ledger = new Ledger(2);
  ledger.note(0, 40_000, "acknowledged");
  ledger.note(1, 2, "refused");
  ledger.note(1, 2, "unanswered");
  for (let place = 1; place < 40_000; place++) ledger.seen(0, place, place === 7);
  ledger.seen(0, 9, false);
  ledger.seen(1, 0, false);
  ledger.seen(1, 2, false);
  ledger.seen(1, 4, false);
  ledger.seen(2, 0, false);
  expect(ledger.verdict()).toEqual({ stored: 40_001, lost: 1, doubled: 2, refusedAndStored: 1, unknown: 2 });
  const event = benchEvent({ app: "a", prefix: "p-" }, 3, 9, 0);
  expect(event).toMatchObject({ message_id: "p-3-2", event: "paid", event_id: "9" });
});
