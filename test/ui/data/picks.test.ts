/** Rows that are picked, as the address has them. */
import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { parsePicks, picksMax, picksText } from "../../../src/ui/data/pick-text.ts";

test("what is picked comes back from the address, in rising order", () => {
  const ids = fc.uniqueArray(fc.integer({ min: 1, max: 2 ** 40 }), { maxLength: 50 });
  void fc.assert(
    fc.property(ids, (picked) => {
      expect(parsePicks(picksText(picked))).toEqual(picked.toSorted((a, b) => a - b));
    }),
  );
});

test("an address that is broken, or has too many, has what can be read", () => {
  expect(parsePicks("")).toEqual([]);
  expect(parsePicks("a.1.zz zz.4")).toEqual([10, 11]);
  expect(parsePicks("a.0.1")).toEqual([10]);
  expect(parsePicks("a.-1.1")).toEqual([10]);
  expect(parsePicks("zzzzzzzzzzz.1")).toEqual([]);
  const all = picksText(Array.from({ length: picksMax + 5 }, (_, n) => n + 1));
  expect(parsePicks(all)).toHaveLength(picksMax);
});

test("a thousand of a large database take few characters", () => {
  const spread = Array.from({ length: picksMax }, (_, n) => 1_000_000_000 + n * 10_000);
  expect(picksText(spread).length).toBeLessThan(5_000);
});
