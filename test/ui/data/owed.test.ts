import { expect, test } from "bun:test";
import { type Owed, owedGroups } from "../../../src/ui/data/owed.ts";

const nobody = { missing: [], extra: [], extra_count: 0, late: [], late_count: 0 };

test("a stage that several owe is in groups of those that miss, that came late, and that were not asked", () => {
  const owed: Owed = {
    ...{ expected: 3, received: 2, missing: ["eu-west"] },
    ...{ late: ["ap-south"], late_count: 1, extra: ["sa-east"], extra_count: 1 },
  };
  expect(owedGroups(owed)).toEqual([
    { what: "missing", tone: "bad", names: ["eu-west"], unnamed: 0 },
    { what: "late", tone: "warn", names: ["ap-south"], unnamed: 0 },
    { what: "not asked", tone: "quiet", names: ["sa-east"], unnamed: 0 },
  ]);
});

test("what has all that it is owed has no group", () => {
  expect(owedGroups({ ...nobody, expected: 3, received: 3 })).toEqual([]);
});

test("those that have no name are counted", () => {
  const few = { ...nobody, expected: 500, received: 100, missing: ["a", "b"] };
  expect(owedGroups(few)).toEqual([{ what: "missing", tone: "bad", names: ["a", "b"], unnamed: 398 }]);
  const counted = { ...nobody, expected: 3, received: 1 };
  expect(owedGroups(counted)).toEqual([{ what: "missing", tone: "bad", names: [], unnamed: 2 }]);
});
