/** The figures of the process, and the history of sizes that the page draws. */
import { expect, test } from "bun:test";
import type { Stats } from "../../../src/runtime/stats.ts";
import { startMars } from "../../support/mars.ts";
import { statsWhen } from "../../support/rest.ts";

test("the figures say how large the files are since the start, and how each thread of the database is", async () => {
  await using mars = await startMars();
  const sampled = (stats: unknown) => (stats as Stats).history.database_bytes.length > 0;
  const { history, process } = (await statsWhen(mars.url, sampled)) as unknown as Stats;
  expect(history.step_ms).toBe(10_000);
  expect(history.database_bytes[0]).toBeGreaterThan(4_096);
  expect(history.journal_bytes).toHaveLength(history.database_bytes.length);
  expect(Object.keys(process.threads)).toEqual(["store", "query", "inner query"]);
  expect(process.memory_bytes).toBeGreaterThan(1_000_000);
});
