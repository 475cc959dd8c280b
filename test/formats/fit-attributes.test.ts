import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { cutName, fitAttributes } from "../../src/formats/fit-attributes.ts";

const bytesOf = (value: unknown) => Buffer.byteLength(JSON.stringify(value));

describe("attributes of a foreign record", () => {
  test("are kept as they are where they fit", () => {
    const fields = [
      ["a", 1],
      ["b", { c: ["d", null, true] }],
      ["a", 2],
      ["e", undefined],
    ] as const;
    expect(fitAttributes(fields, 8_192)).toEqual({ a: 1, b: { c: ["d", null, true] } });
  });

  test("without any there are none", () => {
    expect(fitAttributes([["a", undefined]], 8_192)).toBeUndefined();
  });

  test("are cut: short ones first, then a long text at a character, an object by its members", () => {
    const fitted = fitAttributes(
      [
        ["first", "x".repeat(40)],
        ["object", { small: 1, large: "y".repeat(500), last: 2 }],
        ["long", "ä".repeat(500)],
        ["list", Array.from({ length: 500 }, () => 1)],
        ["small", true],
      ],
      400,
    );
    expect(fitted).toEqual({
      first: "x".repeat(40),
      object: { small: 1, last: 2, large: expect.stringMatching(/^y+…$/) },
      long: expect.stringMatching(/^ä+…$/),
      small: true,
      [cutName]: 3,
    });
    expect(bytesOf(fitted)).toBeLessThanOrEqual(400);
  });

  test("hold nothing that attributes may not hold", () => {
    const fitted = fitAttributes(
      [
        ["nul\0", "a\0b"],
        ["half", "\ud800"],
        ["nan", Number.NaN],
        ["deep", JSON.parse(`${"[".repeat(60)}${"]".repeat(60)}`)],
      ],
      8_192,
    );
    expect(fitted?.["nul\ufffd"]).toBe("a\ufffdb");
    expect(fitted?.half).toBe("\ufffd");
    expect(fitted?.nan).toBe("NaN");
    expect(JSON.stringify(fitted)).toContain("…");
  });

  test("never exceed the bound, for any input", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.string({ unit: "binary" }), fc.jsonValue({ stringUnit: "binary" }))),
        fc.integer({ min: 64, max: 1_000 }),
        (fields, bytesMax) => {
          const fitted = fitAttributes(fields, bytesMax);
          return fitted === undefined || bytesOf(fitted) <= bytesMax;
        },
      ),
    );
  });
});
