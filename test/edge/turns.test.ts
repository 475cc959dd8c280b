import { expect, test } from "bun:test";
import { Turns } from "../../src/edge/turns.ts";

test("a turn does a bounded piece of work, and at least one", async () => {
  const turns = new Turns();
  const done: number[] = [];
  let turn = 0;
  const count = () => {
    turn++;
    if (done.length < 6) setImmediate(count);
  };
  setImmediate(count);
  // Two fit in one turn; one that is larger than a turn has one of its own.
  const sizes = [60_000, 60_000, 60_000, 500_000, 60_000, 60_000];
  await Promise.all(
    sizes.map(async (bytes) => {
      await turns.spend(bytes);
      done.push(turn);
    }),
  );
  const [first = 0] = done;
  expect(done.map((each) => each - first)).toEqual([0, 0, 1, 2, 3, 3]);
  expect(turns.waiting).toBe(0);
});

test("small pieces do not wait", () => {
  const turns = new Turns();
  expect(turns.spend(1_000_000)).toBeUndefined();
  expect(turns.spend(1_000)).toBeUndefined();
  expect(turns.spend(10_000)).toBeInstanceOf(Promise);
});
