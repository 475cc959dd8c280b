import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { gunzipSync, zstdDecompressSync } from "node:zlib";
import { preferredCoding } from "../../../src/edge/rest/answer.ts";
import { startMars, type TestMars } from "../../support/mars.ts";
import { event, post } from "./client.ts";

let mars: TestMars;
let list: string;
beforeAll(async () => {
  mars = await startMars();
  const events = Array.from({ length: 100 }, (_, n) => event({ message_id: `m-${n}` }));
  const { body } = await post(`${mars.url}/api/event/bulk`, { events });
  list = `${mars.url}/api/messages?min_seq=${body.seq}`;
});
afterAll(() => mars[Symbol.asyncDispose]());

describe("answers", () => {
  const decoders: [string, (bytes: Uint8Array) => Uint8Array][] = [
    ["gzip", (bytes) => gunzipSync(bytes)],
    ["zstd", (bytes) => zstdDecompressSync(bytes)],
  ];
  for (const [coding, decode] of decoders) {
    test(`come in ${coding} where the client asks`, async () => {
      // Bun's fetch would decode the answer by itself; it must not.
      const response = await fetch(list, { headers: { "accept-encoding": coding }, decompress: false });
      expect(response.headers.get("content-encoding")).toBe(coding);
      expect(response.headers.get("vary")).toBe("accept-encoding");
      const bytes = await response.bytes();
      const { messages } = JSON.parse(new TextDecoder().decode(decode(bytes)));
      expect(messages).toHaveLength(100);
      expect(bytes.length).toBeLessThan(5000);
    });
  }

  test("come as they are where the client does not ask, or they are short", async () => {
    const plain = await fetch(list, { headers: { "accept-encoding": "identity" } });
    expect(plain.headers.get("content-encoding")).toBeNull();
    expect(plain.headers.get("vary")).toBe("accept-encoding");
    const short = await fetch(`${mars.url}/status`, { headers: { "accept-encoding": "gzip" } });
    expect(short.headers.get("content-encoding")).toBeNull();
  });
});

describe("the coding of an answer", () => {
  const cases: [acceptEncoding: string | undefined, coding: "gzip" | "zstd" | undefined][] = [
    [undefined, undefined],
    ["", undefined],
    ["*", undefined],
    ["identity", undefined],
    ["br", undefined],
    ["gzip", "gzip"],
    ["GZIP", "gzip"],
    ["x-gzip", "gzip"],
    ["gzip, deflate, br, zstd", "zstd"],
    ["gzip;q=1.0, zstd;q=0.5", "gzip"],
    ["gzip;q=0.5 , zstd; q=0.5", "zstd"],
    ["gzip;q=0", undefined],
    ["gzip;q=0, zstd", "zstd"],
    ["zstd;q=0, gzip;q=0.001", "gzip"],
    ["gzip;q=0.5, identity", undefined],
    ["gzip;q=nonsense", undefined],
  ];
  for (const [acceptEncoding, coding] of cases) {
    test(`is ${coding} for ${acceptEncoding}`, () => {
      expect(preferredCoding(acceptEncoding)).toBe(coding);
    });
  }
});
