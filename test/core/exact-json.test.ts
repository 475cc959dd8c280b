import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { keptDigits, parseExact, parseForAnswer, stringifyExact } from "../../src/core/exact-json.ts";

const text =
  '{"a":9007199254740993,"b":[-12345678901234567890,1.5,12345678901234567],"c":"9007199254740993","d":1}';

describe("JSON with exact integers", () => {
  test("has integers beyond 2^53 as bigint, and writes them with their digits", () => {
    const value = parseExact(text);
    expect(value).toEqual({
      a: 9007199254740993n,
      b: [-12345678901234567890n, 1.5, 12345678901234567n],
      c: "9007199254740993",
      d: 1,
    });
    expect(stringifyExact(value)).toBe(text);
  });

  test("passes them through answers", () => {
    const value = parseForAnswer(text) as { readonly a: unknown };
    expect(JSON.stringify({ attributes: value })).toBe(`{"attributes":${text}}`);
    expect([keptDigits(value.a), keptDigits(value), keptDigits(null), keptDigits(1)]).toEqual([
      "9007199254740993",
      undefined,
      undefined,
      undefined,
    ]);
  });

  test("leaves other numbers as they are, be they as long as they may", () => {
    for (const one of ["0.1234567890123456789", "1e400", "1234567890123456789e2", "9".repeat(2_000)]) {
      expect(parseExact(one)).toBe(JSON.parse(one));
      expect(parseForAnswer(one)).toBe(JSON.parse(one));
    }
    expect(Object.keys(parseExact('{"__proto__":12345678901234567890}') as object)).toEqual(["__proto__"]);
  });

  test("is JSON's own for all other values", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const written = JSON.stringify(value);
        expect(stringifyExact(parseExact(written))).toBe(written);
        expect(JSON.stringify(parseForAnswer(written))).toBe(written);
      }),
    );
  });
});
