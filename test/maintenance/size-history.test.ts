import { expect, test } from "bun:test";
import { SizeHistory } from "../../src/maintenance/size-history.ts";

const sizes = (accepted: number, behind = 0) => ({ journalBytes: 1, databaseBytes: 2, behind, accepted });

test("every sample is a point of its own at first", () => {
  const history = new SizeHistory();
  for (const accepted of [5, 7, 7]) history.add(sizes(accepted));
  expect(history.stats).toEqual({
    step_ms: 10_000,
    journal_bytes: [1, 1, 1],
    database_bytes: [2, 2, 2],
    behind: [0, 0, 0],
    accepted: [5, 7, 7],
  });
});

test("a longer time has longer steps, as many points at most, and keeps every peak", () => {
  const history = new SizeHistory();
  for (let sample = 1; sample <= 1_000; sample += 1) history.add(sizes(sample, sample === 333 ? 99 : 0));
  const { step_ms, accepted, behind } = history.stats;
  expect(step_ms).toBe(80_000);
  expect(accepted.length).toBe(125);
  expect(accepted.at(-1)).toBe(1_000);
  expect(accepted.slice(0, 3)).toEqual([8, 16, 24]);
  expect(behind.filter((count) => count === 99)).toHaveLength(1);
});

test("after a day the oldest points go", () => {
  const history = new SizeHistory();
  for (let sample = 1; sample <= 30_000; sample += 1) history.add(sizes(sample));
  const { step_ms, accepted } = history.stats;
  expect([step_ms, accepted.length]).toEqual([640_000, 144]);
  expect(accepted.at(-1)).toBe(30_000);
  expect(accepted[0]!).toBeGreaterThan(20_000);
});
