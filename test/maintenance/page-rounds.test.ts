import { expect, test } from "bun:test";
import { MarsError } from "../../src/core/error.ts";
import type { PageCheckStep } from "../../src/core/ports.ts";
import { PageRounds } from "../../src/maintenance/page-rounds.ts";
import { createLog } from "../../src/runtime/log.ts";
import { StoreProgress } from "../../src/runtime/progress.ts";
import { Supervisor } from "../../src/runtime/supervisor.ts";
import { until } from "../support/until.ts";

const sound: PageCheckStep = { pages: 10, changed: 0, rounds: 0, damaged: 0, places: [] };

function start(steps: () => PageCheckStep | undefined) {
  const lines: Record<string, unknown>[] = [];
  const log = createLog("info", (line) => lines.push(JSON.parse(line)));
  const abort = new AbortController();
  let asked = 0;
  const rounds = new PageRounds({
    store: {
      async checkPages() {
        asked += 1;
        return steps();
      },
    },
    progress: new StoreProgress(),
    supervisor: new Supervisor({ log }),
    log,
    signal: abort.signal,
  });
  return { rounds, lines, abort, asked: () => asked, running: rounds.run() };
}

test("each damaged page is one error in the log, with its place, however often it is met again", async () => {
  const steps: PageCheckStep[] = [
    sound,
    { ...sound, damaged: 1, places: ["messages.db, byte 4096"] },
    { ...sound, damaged: 1, places: ["messages.db, byte 4096"] },
    { ...sound, damaged: 2, places: ["messages.db, byte 4096", "messages.db, byte 8192"] },
  ];
  const { rounds, lines, abort, asked, running } = start(() => steps[Math.min(asked() - 1, 3)]);
  await until(() => asked() > 5);
  abort.abort();
  await running;
  const damaged = lines.filter(({ event }) => event === "database_damaged");
  expect(damaged.map(({ places }) => places)).toEqual([
    ["messages.db, byte 4096"],
    ["messages.db, byte 8192"],
  ]);
  expect(rounds.state?.damaged).toBe(2);
});

test("a step that fails is tried again, and a database server has no pages of ours", async () => {
  const failing = start(() => {
    throw new MarsError("unavailable", "the database is away");
  });
  await until(() => failing.lines.some(({ event }) => event === "loop_failing"));
  failing.abort.abort();
  await failing.running;
  const remote = start(() => undefined);
  await remote.running;
  expect([remote.asked(), remote.rounds.state]).toEqual([1, undefined]);
});
