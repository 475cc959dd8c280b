/** Header compression, with the examples of RFC 7541, appendix C. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { ConnectionError } from "../../src/http2/errors.ts";
import { fieldOf } from "../../src/http2/field.ts";
import { HpackDecoder } from "../../src/http2/hpack-decoder.ts";
import { encodeFields } from "../../src/http2/hpack-encoder.ts";
import { HpackTable } from "../../src/http2/hpack-table.ts";

function decoder(tableBytesMax = 4096, listBytesMax = 16 * 1024): HpackDecoder {
  return new HpackDecoder(tableBytesMax, listBytesMax);
}

function decoded(decoder: HpackDecoder, hex: string): string[] | undefined {
  return decoder
    .decode(Buffer.from(hex.replace(/\s/g, ""), "hex"))
    ?.map(({ name, value }) => `${name}: ${value}`);
}

const first = [":method: GET", ":scheme: http", ":path: /", ":authority: www.example.com"];
const second = [...first, "cache-control: no-cache"];
const third = [
  ":method: GET",
  ":scheme: https",
  ":path: /index.html",
  ":authority: www.example.com",
  "custom-key: custom-value",
];
const date = "date: Mon, 21 Oct 2013 20:13:21 GMT";
const answers = [
  [":status: 302", "cache-control: private", date, "location: https://www.example.com"],
  [":status: 307", "cache-control: private", date, "location: https://www.example.com"],
  [
    ":status: 200",
    "cache-control: private",
    "date: Mon, 21 Oct 2013 20:13:22 GMT",
    "location: https://www.example.com",
    "content-encoding: gzip",
    "set-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1",
  ],
];

describe("appendix C of RFC 7541", () => {
  test("C.2: each representation of a field", () => {
    expect(decoded(decoder(), "400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572")).toEqual([
      "custom-key: custom-header",
    ]);
    expect(decoded(decoder(), "040c 2f73 616d 706c 652f 7061 7468")).toEqual([":path: /sample/path"]);
    expect(decoded(decoder(), "1008 7061 7373 776f 7264 0673 6563 7265 74")).toEqual(["password: secret"]);
    expect(decoded(decoder(), "82")).toEqual([":method: GET"]);
  });

  test("C.3: requests without Huffman's code", () => {
    const one = decoder();
    expect(decoded(one, "8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d")).toEqual(first);
    expect(decoded(one, "8286 84be 5808 6e6f 2d63 6163 6865")).toEqual(second);
    expect(decoded(one, "8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65")).toEqual(
      third,
    );
  });

  test("C.4: requests with it", () => {
    const one = decoder();
    expect(decoded(one, "8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff")).toEqual(first);
    expect(decoded(one, "8286 84be 5886 a8eb 1064 9cbf")).toEqual(second);
    expect(decoded(one, "8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf")).toEqual(third);
  });

  test("C.5: answers by a table of 256 bytes, which evicts", () => {
    const one = decoder(256);
    expect(
      decoded(
        one,
        `4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3120 474d
         546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d`,
      ),
    ).toEqual(answers[0]);
    expect(decoded(one, "4803 3330 37c1 c0bf")).toEqual(answers[1]);
    expect(
      decoded(
        one,
        `88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d 54c0 5a04 677a 6970 7738 666f
         6f3d 4153 444a 4b48 514b 425a 584f 5157 454f 5049 5541 5851 5745 4f49 553b 206d 6178 2d61 6765 3d33 3630 303b
         2076 6572 7369 6f6e 3d31`,
      ),
    ).toEqual(answers[2]);
  });

  test("C.6: the same with Huffman's code", () => {
    const one = decoder(256);
    expect(
      decoded(
        one,
        `4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718 63c7
         8f0b 97c8 e9ae 82ae 43d3`,
      ),
    ).toEqual(answers[0]);
    expect(decoded(one, "4883 640e ffc1 c0bf")).toEqual(answers[1]);
    expect(
      decoded(
        one,
        `88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2 e6c7 b335
         dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07`,
      ),
    ).toEqual(answers[2]);
  });
});

const faults: readonly (readonly [string, string])[] = [
  ["an index of nothing (6.1)", "80"],
  ["an index beyond the tables (2.3.3)", "be"],
  ["a name's index beyond the tables", "7e 00"],
  ["an integer without end (5.1)", "ff ff ff ff ff ff ff ff 01"],
  ["an integer that is cut off", "ff 80"],
  ["a string that is cut off (5.2)", "40 05 61"],
  ["a name without a value", "40 01 61"],
  ["a string with a code that is cut off", "40 01 61 81 80"],
  ["padding of eight bits (5.2)", "40 01 61 82 1f ff"],
  ["padding with zeros", "40 01 61 81 18"],
  ["the code of the end", "40 01 61 84 ff ff ff ff"],
  ["a table larger than the settings allow (6.3)", "3f e2 1f"],
  ["a size of the table behind a field (4.2)", "82 20"],
];

for (const [name, hex] of faults) {
  test(`${name} ends the connection`, () => {
    const decode = () => decoded(decoder(), hex);
    expect(decode).toThrow(ConnectionError);
    try {
      decode();
    } catch (error) {
      expect((error as ConnectionError).code).toBe(9);
    }
  });
}

test("the size of the table may change at the begin of a block, and twice (4.2)", () => {
  const one = decoder();
  decoded(one, "400161 0162");
  expect(decoded(one, "be")).toEqual(["a: b"]);
  expect(decoded(one, "20 3f e1 1f 400163 0164")).toEqual(["c: d"]);
  expect(decoded(one, "be")).toEqual(["c: d"]);
  expect(() => decoded(one, "bf")).toThrow("there is no field");
});

test("a field that is larger than the table empties it, and is no error (4.4)", () => {
  const one = decoder(64);
  decoded(one, "400161 0162");
  const long = "61".repeat(40);
  expect(decoded(one, `400163 28${long}`)).toEqual([`c: ${"a".repeat(40)}`]);
  expect(() => decoded(one, "be")).toThrow("there is no field");
});

test("a list that is too long is dropped, and its entries stay known", () => {
  const one = decoder(4096, 100);
  expect(decoded(one, `400161 0162 ${"be".repeat(100)}`)).toBeUndefined();
  expect(decoded(one, "be")).toEqual(["a: b"]);
});

test("the table is as a naive one after any changes", () => {
  const step = fc.oneof(
    fc.record({ name: fc.string({ maxLength: 8 }), value: fc.string({ maxLength: 40 }) }),
    fc.nat(400),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const table = new HpackTable(200);
      let model: { name: string; value: string; bytes: number }[] = [];
      let max = 200;
      const fit = () => {
        while (model.reduce((sum, { bytes }) => sum + bytes, 0) > max) model.pop();
      };
      for (const one of steps) {
        if (typeof one === "number") {
          table.resize(one);
          max = one;
        } else {
          const field = fieldOf(one.name, one.value);
          table.add(field);
          model = [field, ...model];
        }
        fit();
        for (let n = 0; n <= model.length; n++) expect(table.at(62 + n)).toEqual(model[n] as never);
      }
    }),
  );
});

test("what is encoded is decoded as it was", () => {
  const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,30}$/);
  const value = fc.string({
    unit: fc.integer({ min: 0, max: 255 }).map((n) => String.fromCharCode(n)),
    maxLength: 300,
  });
  fc.assert(
    fc.property(fc.array(fc.tuple(name, value), { maxLength: 12 }), (fields) => {
      const bytes = Buffer.from(encodeFields(fields));
      expect(
        decoder()
          .decode(bytes)
          ?.map((field) => [field.name, field.value]),
      ).toEqual(fields as never);
    }),
  );
});

test("bytes of any kind are decoded or refused, and nothing else", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 5 }), (blocks) => {
      const one = decoder();
      try {
        for (const bytes of blocks) one.decode(Buffer.from(bytes));
      } catch (error) {
        expect(error).toBeInstanceOf(ConnectionError);
      }
    }),
    { numRuns: 5_000 },
  );
});
