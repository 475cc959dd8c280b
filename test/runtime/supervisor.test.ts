import { expect, test } from "bun:test";
import { MarsError } from "../../src/core/error.ts";
import { createLog } from "../../src/runtime/log.ts";
import { Supervisor } from "../../src/runtime/supervisor.ts";

const retry = { firstMs: 100, lastMs: 1_000 };
const away = new MarsError("unavailable", "the database cannot be used (SQLITE_BUSY)");

function supervise() {
  const lines: Record<string, unknown>[] = [];
  let clock = 0;
  const log = createLog("debug", (line) => lines.push(JSON.parse(line)));
  const supervisor = new Supervisor({ log, now: () => clock });
  const wait = (ms: number) => {
    clock += ms;
  };
  return { supervisor, loop: supervisor.loop("store", retry), lines, wait };
}

test("the pauses after failures double up to the last, and start again after a success", () => {
  const { loop } = supervise();
  expect(Array.from({ length: 6 }, () => loop.failed(away))).toEqual([100, 200, 400, 800, 1_000, 1_000]);
  loop.succeeded();
  expect(loop.failed(away)).toBe(100);
});

test("a fault of ours is logged with its stack at once, a transient one as a warning, and both with a stable event", () => {
  const { supervisor, loop, lines } = supervise();
  loop.failed(away);
  supervisor.loop("alerts", retry).failed(new TypeError("x is not a function"));
  expect(lines).toMatchObject([
    { level: "warn", event: "loop_failing", loop: "store", failures: 1 },
    { level: "error", event: "loop_failing", loop: "alerts", error: { cause: { name: "TypeError" } } },
  ]);
  expect(JSON.stringify(lines[1])).toContain("supervisor.test.ts");
});

test("a loop that goes on failing has a line a minute, and one when it recovers", () => {
  const { loop, lines, wait } = supervise();
  for (let second = 0; second <= 120; second++) {
    loop.failed(away);
    wait(1_000);
  }
  loop.succeeded();
  loop.succeeded();
  expect(lines.map(({ event, failures }) => [event, failures])).toEqual([
    ["loop_failing", 1],
    ["loop_failing", 61],
    ["loop_failing", 121],
    ["loop_recovered", 121],
  ]);
});

test("a loop that fails and recovers in turn does not fill the log", () => {
  const { loop, lines, wait } = supervise();
  for (let turn = 0; turn < 100; turn++) {
    loop.failed(away);
    wait(100);
    loop.succeeded();
  }
  expect(lines.map(({ event }) => event)).toEqual(["loop_failing", "loop_recovered"]);
});

test("only what is not transient makes Mars unready, and only when it lasts", () => {
  const { supervisor, loop, wait } = supervise();
  const alerts = supervisor.loop("alerts", retry);
  loop.failed(away);
  alerts.failed(new TypeError("x is not a function"));
  expect([supervisor.stuck(), supervisor.waiting()]).toEqual([[], []]);
  for (let turn = 0; turn < 3; turn++) {
    wait(5_000);
    loop.failed(away);
    alerts.failed(new TypeError("x is not a function"));
  }
  expect(supervisor.stuck()).toEqual(["alerts has failed for 15 s: internal error"]);
  expect(supervisor.waiting()).toEqual([
    "store has failed for 15 s: the database cannot be used (SQLITE_BUSY)",
  ]);
  expect(supervisor.stats()).toEqual({
    store: { failures: 4, last_error: away.message, failing_for_ms: 15_000 },
    alerts: { failures: 4, last_error: "internal error", failing_for_ms: 15_000 },
  });
  alerts.succeeded();
  expect(supervisor.stuck()).toEqual([]);
  expect(supervisor.stats().alerts).toEqual({ failures: 4, last_error: "", failing_for_ms: 0 });
});

test("a loop goes on after any fault", async () => {
  const { loop } = supervise();
  const abort = new AbortController();
  let steps = 0;
  await supervise()
    .supervisor.loop("quick", { firstMs: 0, lastMs: 0 })
    .run(async () => {
      steps += 1;
      if (steps === 5) abort.abort();
      if (steps % 2 === 0) throw new TypeError("x is not a function");
      return 0;
    }, abort.signal);
  expect(steps).toBe(5);
  expect(loop.lastError).toBe("");
});
