/** Each preset maps what its sender documents. */
import { describe, expect, test } from "bun:test";
import { parseExact } from "../../src/core/exact-json.ts";
import { parseTime } from "../../src/core/time.ts";
import { compileMapping, mappingProblems } from "../../src/sources/mapping.ts";
import { presetNames, type Source } from "../../src/sources/source.ts";
import type { Example } from "./example.ts";
import { examples } from "./payloads.ts";

function sourceOf(preset: Example["preset"]): Source {
  return {
    id: "s",
    appId: "shop",
    apps: ["shop"],
    preset,
    verify: { scheme: "none" },
    rules: {},
    otherwise: "ignore",
    bodyBytesMax: 1_000_000,
  };
}

describe.each(presetNames.map((name) => name))("%s", (preset) => {
  test("has no rule at fault, and examples", () => {
    expect(mappingProblems(sourceOf(preset))).toEqual([]);
    expect(examples.some((one) => one.preset === preset)).toBe(true);
  });
  test.each(examples.filter((one) => one.preset === preset).map((one) => [one.name, one] as const))(
    "maps %s",
    (_, { headers = {}, body, events }) => {
      const text = typeof body === "string" ? body : JSON.stringify(body);
      const mapped = compileMapping(sourceOf(preset)).map({ headers, body: Buffer.from(text) });
      expect(mapped.fault).toBeUndefined();
      const shown = mapped.events.map((event, index) => {
        const wanted = events[index] ?? {};
        const all: Record<string, unknown> = {
          ...event,
          attributes: event.attributes === "" ? undefined : parseExact(event.attributes),
        };
        return Object.fromEntries(
          Object.keys(wanted)
            .filter((name) => !(name === "attributes" && wanted.attributes === undefined))
            .map((name) => [name, all[name]]),
        );
      });
      expect([
        shown,
        mapped.drops.filter(({ rule }) => rule !== "when" && events.length === mapped.items),
      ]).toEqual([
        events.map(({ attributes, createdAt, ...event }, index) => ({
          ...event,
          ...(createdAt !== undefined && { createdAt: parseTime(String(createdAt)) }),
          ...("createdAt" in (events[index] ?? {}) && createdAt === undefined && { createdAt: undefined }),
          ...(attributes !== undefined && { attributes }),
        })),
        [],
      ] as never);
      for (const event of mapped.events) expect(event.appId).toBe("shop");
    },
  );
});
