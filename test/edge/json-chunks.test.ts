import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { chunkElements } from "../../src/edge/json-chunks.ts";

const options = { member: "events", elementBytesMax: 200, chunkBytesMax: 40, chunkElementsMax: 3 };

/** The document put together again from its chunks; throws where one of them does not parse. */
function assemble(text: string): { document: unknown; refused: string[] } {
  const bytes = new TextEncoder().encode(text);
  const chunks = chunkElements(bytes, options);
  let events: unknown[] = [];
  const refused: string[] = [];
  for (;;) {
    const { done, value } = chunks.next();
    if (done) {
      const document = JSON.parse(new TextDecoder().decode(value)) as Record<string, unknown>;
      if (Array.isArray(document?.events)) document.events = events;
      return { document, refused };
    }
    if (value.count === 0) events = [];
    else if (value.refused !== undefined) refused.push(value.refused);
    else {
      const source = new TextDecoder("utf-8", { ignoreBOM: true }).decode(
        bytes.subarray(value.start, value.end),
      );
      const elements = JSON.parse(`[${source}]`) as unknown[];
      if (elements.length !== value.count) throw new Error("an element is missing");
      events.push(...elements);
    }
  }
}

/** What the parser makes of the whole; `undefined` for what is not JSON. */
function whole(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function sliced(text: string): unknown {
  try {
    return assemble(text).document;
  } catch {
    return undefined;
  }
}

const small = fc.jsonValue({ maxDepth: 2, noUnicodeString: false });
const documents = fc
  .record(
    { a: small, events: fc.oneof(fc.array(small, { maxLength: 12 }), small), b: small },
    { requiredKeys: [], noNullPrototype: true },
  )
  .map((document) => JSON.stringify(document));

describe("chunkElements", () => {
  test("keeps every valid document whole", () => {
    fc.assert(
      fc.property(documents, fc.nat(2), (text, indent) => {
        const spaced = indent === 0 ? text : JSON.stringify(JSON.parse(text), null, indent);
        const { document, refused } = assemble(spaced);
        if (refused.length === 0) expect(document).toEqual(JSON.parse(spaced));
      }),
    );
  });

  test("takes a document for valid exactly when it is, with any bytes replaced or removed", () => {
    const characters = [...'[]{}",:\\ 0a\u0001', '"events":[', "[1,2]", "]}", "{}", ""];
    fc.assert(
      fc.property(
        documents,
        fc.array(fc.tuple(fc.nat(), fc.constantFrom(...characters), fc.nat(2)), {
          minLength: 1,
          maxLength: 3,
        }),
        (text, edits) => {
          let changed = text;
          for (const [place, insert, drop] of edits) {
            const at = place % (changed.length + 1);
            // Half a character would be another one as bytes.
            changed = (changed.slice(0, at) + insert + changed.slice(at + drop)).toWellFormed();
          }
          const expected = whole(changed);
          // Elements that are refused are not looked into.
          if (Buffer.byteLength(changed) > options.elementBytesMax) return;
          const isObject = typeof expected === "object" && expected !== null && !Array.isArray(expected);
          // Of what is no object only that counts.
          if (expected !== undefined && !isObject) return;
          expect(sliced(changed)).toEqual(expected);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  test("refuses long and deep elements one by one, without a look at the others", () => {
    const deep = "[".repeat(65) + "]".repeat(65);
    const long = JSON.stringify("x".repeat(200));
    const { document, refused } = assemble(`{"events":[1,${deep},2,${long},3]}`);
    expect(document).toEqual({ events: [1, 2, 3] });
    expect(refused).toEqual(["must not nest deeper than 64 levels", "must be at most 200 bytes, has 202"]);
  });

  test("knows the array by an escaped name, and takes the last one", () => {
    const { document } = assemble('{"events":[1,2],"\\u0065vents":[3]}');
    expect(document).toEqual({ events: [3] });
  });

  test("refuses a document that has too much beside its elements", () => {
    for (const text of [
      "[".repeat(70_000),
      `{"a":"${"x".repeat(70_000)}","events":[1]}`,
      "1".repeat(70_000),
    ]) {
      expect(() => assemble(text)).toThrow('at most 65536 bytes beside its "events"');
    }
  });
});
