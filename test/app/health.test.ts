/** What `/readyz` says while Mars starts. */
import { expect, test } from "bun:test";
import { createHealth } from "../../src/app/health.ts";
import type { ProcessState } from "../../src/core/ports.ts";

test("a start that migrates the database says at which step it is", () => {
  let [state, step]: [ProcessState, string] = ["starting", ""];
  const health = createHealth({
    state: () => state,
    starting: () => step,
    ...{ refusal: () => "", warnings: () => [], setAside: () => 0, threads: {} },
    supervisor: { stuck: () => [], waiting: () => [] },
  });
  expect(health().unready).toBe("starting");
  step = "database schema step 34 of 37 (0034_arrivals)";
  expect(health().unready).toBe("starting: database schema step 34 of 37 (0034_arrivals)");
  state = "draining";
  expect(health().unready).toBe("draining");
  state = "serving";
  expect(health().unready).toBe("");
});
