import { expect, test } from "bun:test";
import { MarsError } from "../../src/core/error.ts";
import { Checkpoints } from "../../src/maintenance/checkpoints.ts";
import { createLog } from "../../src/runtime/log.ts";
import { StoreProgress } from "../../src/runtime/progress.ts";
import { Supervisor } from "../../src/runtime/supervisor.ts";
import { until } from "../support/until.ts";

test("a checkpoint that fails is tried again ever more seldom, with one line in the log, and drops the journal once it succeeds", async () => {
  const lines: Record<string, unknown>[] = [];
  const supervisor = new Supervisor({ log: createLog("info", (line) => lines.push(JSON.parse(line))) });
  const abort = new AbortController();
  const progress = new StoreProgress();
  const attempts: number[] = [];
  const trimmed: number[] = [];
  const checkpoints = new Checkpoints({
    store: {
      logBytes: async () => 0,
      async checkpoint() {
        attempts.push(performance.now());
        if (attempts.length < 4)
          throw new MarsError("unavailable", "the database cannot be used (SQLITE_FULL)");
        return 7;
      },
    },
    journal: {
      async trim(upTo) {
        trimmed.push(upTo);
      },
    },
    progress,
    supervisor,
    pressed: () => false,
    signal: abort.signal,
  });
  const running = checkpoints.run();
  progress.advance(7);
  await until(
    () => trimmed.length > 0,
    () => `${attempts.length} attempts`,
  );
  abort.abort();
  await running;
  const pauses = attempts.slice(1).map((at, index) => at - attempts[index]!);
  expect(pauses[1]!).toBeGreaterThanOrEqual(500);
  expect(pauses[2]!).toBeGreaterThanOrEqual(1_000);
  expect(trimmed).toEqual([7]);
  expect(lines.map(({ event, loop }) => [event, loop])).toEqual([
    ["loop_failing", "checkpoint"],
    ["loop_recovered", "checkpoint"],
  ]);
});

test("a checkpoint waits for a quiet moment, or for so many events that it cannot wait; deleted events count too", async () => {
  const supervisor = new Supervisor({ log: createLog("error", () => undefined) });
  const abort = new AbortController();
  const progress = new StoreProgress();
  const asked: [number, boolean][] = [];
  const trimmed: number[] = [];
  let pressed = false;
  const checkpoints = new Checkpoints({
    store: {
      logBytes: async () => 42,
      async checkpoint(hurry) {
        asked.push([progress.storedSeq, hurry]);
        return progress.storedSeq;
      },
    },
    journal: {
      async trim(upTo) {
        trimmed.push(upTo);
      },
    },
    progress,
    supervisor,
    pressed: () => pressed,
    signal: abort.signal,
  });
  const running = checkpoints.run();
  // Never quiet: each look finds another position, until there are 4,000 events.
  const storing = setInterval(() => progress.advance(progress.storedSeq + 700), 100);
  await until(() => asked.length > 0);
  clearInterval(storing);
  expect(asked[0]![0]).toBeGreaterThanOrEqual(4_000);
  // Then quiet.
  await until(() => trimmed.at(-1) === progress.storedSeq);
  expect([trimmed, checkpoints.logBytes]).toEqual([asked.map(([seq]) => seq), 42]);
  // Nothing is stored, and what retention has deleted goes to the disk all the same; the journal has nothing to drop.
  const [count, drops] = [asked.length, trimmed.length];
  pressed = true;
  checkpoints.deleted(1);
  await until(() => asked.length > count);
  expect([asked.at(-1)?.[1], trimmed.length]).toEqual([true, drops]);
  abort.abort();
  await running;
});
