import { expect, test } from "bun:test";
import { SizeHistory } from "../../src/maintenance/size-history.ts";

const second = 1_000;
const sizes = (accepted: number, behind = 0) => ({ journalBytes: 1, databaseBytes: 2, behind, accepted });

test("every sample is a point of its own at first, with what came in it", () => {
  const history = new SizeHistory();
  for (const accepted of [5, 7, 7]) history.add(sizes(accepted));
  expect(history.stats).toEqual({
    step_ms: 10_000,
    journal_bytes: [1, 1, 1],
    database_bytes: [2, 2, 2],
    behind: [0, 0, 0],
    accepted: [5, 2, 0],
  });
});

test("a longer time has longer steps, as many points at most, and keeps every peak", () => {
  const history = new SizeHistory();
  for (let sample = 1; sample <= 1_000; sample += 1) history.add(sizes(sample, sample === 333 ? 99 : 0));
  const { step_ms, accepted, behind } = history.stats;
  expect(step_ms).toBe(80_000);
  expect(accepted).toEqual(Array.from({ length: 125 }, () => 8));
  expect(behind.filter((count) => count === 99)).toHaveLength(1);
});

test("after a day the oldest points go", () => {
  const history = new SizeHistory();
  for (let sample = 1; sample <= 30_000; sample += 1) history.add(sizes(sample));
  const { step_ms, accepted } = history.stats;
  expect([step_ms, accepted.length]).toEqual([640_000, 144]);
  // The last step has not ended.
  expect(accepted.slice(0, -1)).toEqual(Array.from({ length: 143 }, () => 64));
});

test("a later run goes on, with a gap for the time between, and counts from its own start", () => {
  const first = new SizeHistory();
  for (const accepted of [5, 7]) first.add(sizes(accepted));
  const later = new SizeHistory();
  expect(later.restore(first.text(100 * second), 135 * second)).toBe(true);
  for (const accepted of [0, 3]) later.add(sizes(accepted));
  expect(later.stats.accepted).toEqual([5, 2, null, null, null, 0, 3]);
  expect(later.stats.journal_bytes).toEqual([1, 1, null, null, null, 1, 1]);
  const last = new SizeHistory();
  // Of a clock that was set back.
  expect(last.restore(later.text(200 * second), 50 * second)).toBe(true);
  expect(last.stats).toEqual(later.stats);
});

test("a long time without Mars leaves as much as a day has, and no more", () => {
  const first = new SizeHistory();
  for (let sample = 1; sample <= 144; sample += 1) first.add(sizes(sample));
  const text = first.text(0);
  const afterHours = new SizeHistory();
  afterHours.restore(text, 20 * 3_600 * second);
  expect(afterHours.stats.accepted.slice(0, 4)).toEqual([64, 64, 16, null]);
  expect(afterHours.stats.accepted.length).toBeLessThanOrEqual(144);
  const afterYears = new SizeHistory();
  afterYears.restore(text, Number.MAX_SAFE_INTEGER);
  expect(new Set(afterYears.stats.accepted)).toEqual(new Set([null]));
  expect(text.length).toBeLessThan(32 * 1024);
});

test("nothing is taken from a text that no run has written", () => {
  const good = { version: 1, at: 5, step_ms: 20_000, points: [[2, 1, 1, 1, 1]] };
  const bad = [
    ...["", "null", "7", "[]", "{"],
    ...[{ version: 2 }, { at: -1 }, { step_ms: 15_000 }, { step_ms: 5_000 }, { step_ms: 1_280_000 }].map(
      (wrong) => JSON.stringify({ ...good, ...wrong }),
    ),
    ...[
      7,
      [7],
      [[0]],
      [[]],
      [[1, 2]],
      [["1"]],
      [[1, 1, 1, 1, -1]],
      Array.from({ length: 145 }, () => [1]),
    ].map((points) => JSON.stringify({ ...good, points })),
  ];
  for (const text of bad) {
    const history = new SizeHistory();
    expect([text, history.restore(text, 0)]).toEqual([text, false]);
    expect(history.stats.accepted).toEqual([]);
  }
  expect(new SizeHistory().restore(JSON.stringify(good), 0)).toBe(true);
});
