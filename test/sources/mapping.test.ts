/** The mapping under hostile payloads and random rules: it always ends with events that are valid, or with the rule at fault. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { attributesBytesMax } from "../../src/core/limits.ts";
import { compileMapping, mappingProblems } from "../../src/sources/mapping.ts";
import type { Rules, Source } from "../../src/sources/source.ts";

function sourceOf(rules: Rules, more: Partial<Source> = {}): Source {
  return {
    id: "s",
    appId: "shop",
    apps: ["shop"],
    verify: { scheme: "none" },
    rules: { message_id: "item.id", event: "item.event", ...rules },
    otherwise: "ignore",
    bodyBytesMax: 1_000_000,
    ...more,
  };
}

function map(source: Source, body: string, headers: Record<string, string> = {}) {
  return compileMapping(source).map({ headers, body: Buffer.from(body) });
}

describe("a payload", () => {
  test("that nests too deep, is no JSON or no UTF-8 is at fault as a whole", () => {
    for (const body of ["[".repeat(100_000), '{"a":'.repeat(50_000), "{", "", "nothing"])
      expect(map(sourceOf({}), body).fault).toBeString();
    const bytes = { headers: {}, body: Uint8Array.of(0x7b, 0xff, 0x7d) };
    expect(compileMapping(sourceOf({})).map(bytes).fault).toContain("UTF-8");
  });
  test("with more items than there may be is at fault as a whole", () => {
    const items = Array.from({ length: 10_001 }, () => 1);
    expect(map(sourceOf({ each: "body" }), JSON.stringify(items)).fault).toContain("at most 10000");
  });
  test("has the names of prototypes as any others", () => {
    for (const name of ["__proto__", "constructor", "toString", "hasOwnProperty"]) {
      const source = sourceOf({ message_id: `body["${name}"]` });
      expect(map(source, '{"event":"E"}').events).toEqual([]);
      const body = `{"event":"E","${name}":"own"}`;
      expect(map(source, body).events.map(({ messageId }) => messageId)).toEqual(["own"]);
      expect(map(sourceOf({ message_id: `body.${name}.${name}` }), '{"event":"E"}').faulty).toBe(1);
    }
    expect(({} as Record<string, unknown>).own).toBeUndefined();
  });
});

test("an event of any JSON is valid or names its rule, and its attributes fit", () => {
  const rules = {
    each: "body.items",
    when: "item.id != null",
    attributes: { a: "item.a", all: "item", "": "body", n: "[item.n, 1.5]" },
  };
  const source = sourceOf(rules, { otherwise: "keep" });
  const mapping = compileMapping(source);
  const item = fc.record(
    {
      id: fc.jsonValue(),
      event: fc.jsonValue(),
      a: fc.jsonValue({ maxDepth: 6 }),
      n: fc.string({ unit: "binary" }),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(item, fc.jsonValue()), { maxLength: 20 }), (items) => {
      const body = Buffer.from(JSON.stringify({ items }));
      const { events, ignored, faulty, drops, fault } = mapping.map({ headers: {}, body });
      expect(fault).toBeUndefined();
      expect(events.length + ignored + faulty).toBe(items.length);
      for (const { rule, reason } of drops)
        expect([rule.length > 0, reason.length > 0]).toEqual([true, true]);
      for (const event of events) {
        expect([event.appId, event.messageId.length > 0, event.event.length > 0]).toEqual([
          "shop",
          true,
          true,
        ]);
        expect(Buffer.byteLength(event.attributes)).toBeLessThanOrEqual(attributesBytesMax);
        expect(event.attributes.isWellFormed()).toBe(true);
      }
    }),
    { numRuns: 100 },
  );
});

test("any text as a rule is taken or refused with a sentence, and its event is of the source's app", () => {
  const part = fc.constantFrom(
    "body",
    "item",
    ".id",
    '["a"]',
    "[0]",
    "+",
    "==",
    "(",
    ")",
    "map(x, x)",
    '"E"',
    "?",
    ":",
    "1",
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(part, { maxLength: 12 }).map((parts) => parts.join("")),
      ),
      (text) => {
        const source = sourceOf({ event: text || "x" });
        if (mappingProblems(source).length > 0) {
          for (const { field, message } of mappingProblems(source))
            expect([field, message !== ""]).toEqual(["event", true]);
          return;
        }
        for (const { appId } of map(source, '{"id":"m","a":[1],"event":"E"}').events)
          expect(appId).toBe("shop");
      },
    ),
    { numRuns: 500 },
  );
});

test("an app of an expression is one that the author may write to", () => {
  const source = {
    ...sourceOf({}, { appFrom: "body.app", apps: ["shop-*"] }),
    appId: undefined,
  } as unknown as Source;
  const body = (app: string) => JSON.stringify({ app, id: "m", event: "E" });
  expect(map(source, body("shop-eu")).events.map(({ appId }) => appId)).toEqual(["shop-eu"]);
  expect(map(source, body("bank")).drops).toMatchObject([{ rule: "app_from" }]);
  // A literal app is no pattern.
  expect(
    map(sourceOf({}, { appId: "a*", apps: ["a*"] }), body("x")).events.map(({ appId }) => appId),
  ).toEqual(["a*"]);
});
