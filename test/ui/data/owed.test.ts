import { expect, test } from "bun:test";
import { owedTexts } from "../../../src/ui/data/owed.ts";

const none = { missing: [], extra: [], extra_count: 0, late: [], late_count: 0 };

test("a stage that several owe is shown with who has not acknowledged, was late, or was not asked", () => {
  const texts = (...owed: object[]) =>
    owedTexts({ stages: owed.map((one) => ({ stage: "ACKED", owed: one })) } as unknown as Parameters<
      typeof owedTexts
    >[0]);
  const names = ["a", "b", "c", "d", "e", "f"];
  expect(
    texts(
      { ...none, expected: 3, received: 2, missing: ["eu-west"] },
      { ...none, expected: 1_000, received: 800, missing: names, partial: true },
      { ...none, expected: 3, received: 3, extra: ["z"], extra_count: 1, late: ["a"], late_count: 1 },
      { ...none, expected: 3, received: 1 },
    ),
  ).toEqual([
    "ACKED 2 of 3, missing eu-west",
    "ACKED 800 of 1000 at least, missing a, b, c, d, e and 195 more",
    "ACKED 3 of 3, late a, not asked z",
    "ACKED 1 of 3, 2 missing",
  ]);
  expect(
    owedTexts({ stages: [{ stage: "SENT", owed: null }] } as unknown as Parameters<typeof owedTexts>[0]),
  ).toEqual([]);
});
