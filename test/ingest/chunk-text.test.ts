import { expect, test } from "bun:test";
import fc from "fast-check";
import { ChunkText } from "../../src/ingest/chunk-text.ts";

const integer = fc.oneof(fc.maxSafeInteger(), fc.integer(), fc.constantFrom(0, 1e8, 1e8 - 1, -1, 1e15));
const text = fc.oneof(
  fc.string(),
  fc.string({ unit: "binary" }),
  fc.constantFrom('"', "\\", "\n", "é", "\u{1F600}"),
);
const entry = fc.tuple(
  fc.tuple(integer, integer, integer, integer),
  fc.array(text, { maxLength: 3 }),
  fc.option(fc.json()),
);

test("a chunk's text is the JSON object that its entries make", () => {
  fc.assert(
    fc.property(fc.array(entry), (entries) => {
      const written = new ChunkText();
      for (const [numbers, texts, json] of entries) {
        written.begin(...numbers);
        for (const part of texts) written.text(part);
        written.end(json);
      }
      const made = entries.map(([numbers, texts, json]) => {
        const key = [...numbers.map((n) => String(n === 0 ? 0 : n).padStart(17)), ...texts].join("");
        return `${JSON.stringify(key)}:${json ?? "null"}`;
      });
      expect(written.toString()).toBe(`{${made.join(",")}}`);
    }),
  );
});

test("a text grows with what is written", () => {
  const written = new ChunkText();
  for (let n = 0; n < 10_000; n++) {
    written.begin(n, 0, 0, 0);
    written.text("é".repeat(50));
    written.end('"a"');
  }
  expect(Object.keys(JSON.parse(written.toString()) as object).length).toBe(10_000);
});
