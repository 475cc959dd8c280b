import { expect, test } from "bun:test";
import { MarsError } from "../../src/core/error.ts";
import { Intake } from "../../src/edge/intake.ts";

test("asks whether a large body would be accepted", () => {
  const asked: number[] = [];
  const intake = new Intake({ admit: (bytes) => asked.push(bytes) });
  intake.admit(100);
  intake.admit(10_000);
  expect(asked).toEqual([10_000]);
});

test("delays a refusal as overloaded, so that a client that tries again at once does not keep Mars busy", async () => {
  const intake = new Intake({ admit() {} });
  const start = performance.now();
  await intake.pace(new MarsError("draining", "no"));
  await intake.pace(new Error("no"));
  expect(performance.now() - start).toBeLessThan(200);
  await intake.pace(new MarsError("overloaded", "no"));
  expect(performance.now() - start).toBeGreaterThan(200);
});
