import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { brotliCompressSync, constants, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import { bodyBytesMax, eventBodyBytesMax } from "../../../src/core/limits.ts";
import { Intake } from "../../../src/edge/intake.ts";
import { readBody } from "../../../src/edge/rest/body.ts";
import type { HttpContext } from "../../../src/edge/rest/router.ts";
import { startMars, type TestMars } from "../../support/mars.ts";
import { event, get, post } from "./client.ts";

let mars: TestMars;
beforeAll(async () => {
  mars = await startMars();
});
afterAll(() => mars[Symbol.asyncDispose]());

const json = { "content-type": "application/json" };
const fast = { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } };
const codings: [name: string, compress: (bytes: Uint8Array) => Uint8Array][] = [
  ["gzip", (bytes) => gzipSync(bytes)],
  ["x-gzip", (bytes) => gzipSync(bytes)],
  ["zstd", (bytes) => zstdCompressSync(bytes)],
  ["deflate", (bytes) => deflateSync(bytes)],
  ["br", (bytes) => brotliCompressSync(bytes, fast)],
];

/** One event whose body has exactly `bytes` bytes, most of them in an unknown field, and that packs as events do. */
function eventOf(bytes: number): Buffer {
  const rest = JSON.stringify(event({ padding: "" })).length;
  const padding = randomBytes(1024)
    .toString("hex")
    .repeat(Math.ceil(bytes / 2048));
  return Buffer.from(JSON.stringify(event({ padding: padding.slice(0, bytes - rest) })));
}

/** A document of events that has exactly `bytes` bytes. */
function bulkOf(bytes: number): Buffer {
  const count = Math.floor((bytes - 100) / 60_001);
  const events = Array.from({ length: count }, () => eventOf(60_000).toString()).join(",");
  const rest = JSON.stringify({ events: [], padding: "" }).length + events.length;
  return Buffer.from(`{"events":[${events}],"padding":"${" ".repeat(bytes - rest)}"}`);
}

/** Sends `bytes` without announcing how many. */
function chunked(bytes: Uint8Array): ReadableStream<Uint8Array> {
  let offset = 0;
  return new ReadableStream({
    pull(controller) {
      if (offset >= bytes.length) return controller.close();
      controller.enqueue(bytes.subarray(offset, offset + 65_536));
      offset += 65_536;
    },
  });
}

describe("request bodies", () => {
  for (const [name, compress] of codings) {
    test(`may be ${name}, single and in bulk, with and without a length`, async () => {
      const headers = { ...json, "content-encoding": name };
      const one = compress(Buffer.from(JSON.stringify(event({ message_id: `by ${name}` }))));
      const many = compress(Buffer.from(JSON.stringify({ events: [event(), event()] })));
      expect((await post(`${mars.url}/api/event`, one, headers)).status).toBe(200);
      expect((await post(`${mars.url}/api/event`, chunked(one), headers)).status).toBe(200);
      const { body } = await post(`${mars.url}/api/event/bulk`, many, headers);
      expect(body).toMatchObject({ success: true, accepted: 2 });
      const found = await get(`${mars.url}/api/messages?message_id=by%20${name}&min_seq=${body.seq}`);
      expect(found.body.messages).toHaveLength(1);
    });

    test(`in ${name} are held to the bound that counts after decompression`, async () => {
      const headers = { ...json, "content-encoding": name };
      for (const [path, bytesMax, bodyOf] of [
        ["/api/event", eventBodyBytesMax, eventOf],
        ["/api/event/bulk", bodyBytesMax, bulkOf],
      ] as const) {
        const fits = await post(mars.url + path, compress(bodyOf(bytesMax)), headers);
        expect(fits.status).toBe(200);
        const { status, body } = await post(mars.url + path, compress(bodyOf(bytesMax + 1)), headers);
        expect(status).toBe(413);
        expect(body.detail).toContain(`${bytesMax} bytes`);
      }
    });

    test(`that only claim to be ${name} are not parseable`, async () => {
      const headers = { ...json, "content-encoding": name };
      const events = Array.from({ length: 5000 }, (_, n) => event({ n }));
      const whole = compress(Buffer.from(JSON.stringify({ events })));
      for (const bytes of [Buffer.from("no such thing"), whole.subarray(0, -5), new Uint8Array(0)]) {
        const { status, body } = await post(`${mars.url}/api/event/bulk`, bytes, headers);
        expect(status).toBe(400);
        expect(body.success).toBe(false);
      }
    });
  }

  test("cut off in zstd lose no lines unnoticed", async () => {
    const lines = Array.from({ length: 5000 }, (_, n) => JSON.stringify(event({ message_id: `m-${n}` })));
    const whole = zstdCompressSync(Buffer.from(lines.join("\n")));
    const headers = { "content-type": "application/x-ndjson", "content-encoding": "zstd" };
    const { status } = await post(`${mars.url}/api/event/bulk`, whole.subarray(0, -8), headers);
    expect(status).toBe(400);
  });

  test("that unpack to many times the bound are unpacked no further than the bound", async () => {
    const zeros = Buffer.alloc(16 * bodyBytesMax);
    for (const [name, bomb] of [
      ["gzip", gzipSync(zeros, { level: 1 })],
      ["zstd", zstdCompressSync(zeros)],
    ] as const) {
      Bun.gc(true);
      const before = process.memoryUsage.rss();
      const headers = { ...json, "content-encoding": name };
      const answers = await Promise.all(
        Array.from({ length: 4 }, () => post(`${mars.url}/api/event`, bomb, headers)),
      );
      expect(answers.map(({ status }) => status)).toEqual([413, 413, 413, 413]);
      // Four bounds, and as much again for what is garbage by now.
      expect(process.memoryUsage.rss() - before).toBeLessThan(8 * bodyBytesMax);
    }
  });

  for (const name of ["compress", "gzip, gzip", "constructor", "rot13"]) {
    test(`in ${name} are refused`, async () => {
      const { status, body } = await post(`${mars.url}/api/event`, event(), {
        ...json,
        "content-encoding": name,
      });
      expect(status).toBe(415);
      expect(body.detail).toContain("gzip, zstd");
    });
  }

  test("in no coding may say so", async () => {
    const headers = { ...json, "content-encoding": "identity" };
    expect((await post(`${mars.url}/api/event`, event(), headers)).status).toBe(200);
  });

  test("are taken up to their route's bound, with and without a length, and refused beyond", async () => {
    for (const [path, bytesMax, bodyOf] of [
      ["/api/event", eventBodyBytesMax, eventOf],
      ["/api/event/bulk", bodyBytesMax, bulkOf],
    ] as const) {
      const fits = bodyOf(bytesMax);
      const over = bodyOf(bytesMax + 1);
      const statuses: number[] = [];
      for (const body of [fits, chunked(fits), over, chunked(over)]) {
        statuses.push((await post(mars.url + path, body, json)).status);
      }
      expect(statuses).toEqual([200, 200, 413, 413]);
    }
  });

  test("far beyond the bound get their answer too", async () => {
    const { status, body } = await post(
      `${mars.url}/api/event/bulk`,
      Buffer.alloc(3 * bodyBytesMax, 0x20),
      json,
    );
    expect(status).toBe(413);
    expect(body).toMatchObject({ status: 413, success: false, code: "too_large" });
  });
});

describe("readBody", () => {
  /** A body that has sent `bytes` and not come to its end. */
  function unfinished(bytes: number): { c: HttpContext; end(): void } {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const writer = writable.getWriter();
    void writer.write(new Uint8Array(bytes).fill(0x20)).catch(() => {});
    return { c: contextOf(readable), end: () => void writer.close() };
  }

  function contextOf(body: ReadableStream): HttpContext {
    const request = new Request("http://mars/api/event", { method: "POST", body });
    return { req: { raw: request } } as unknown as HttpContext;
  }

  const step = 64 * 1024;

  test("refuses large bodies while others of their client hold all there is to hold, and no longer", async () => {
    const intake = new Intake({ admit() {} }, { bytesMax: 4 * step });
    const first = unfinished(2 * step);
    const reading = readBody(intake, first.c, bodyBytesMax);
    // It has all that one peer may have before the others come.
    while (intake.stats.received.used < 2 * step) await Bun.sleep(1);
    const waiting = readBody(intake, unfinished(step).c, bodyBytesMax);
    first.end();
    const body = await reading;
    expect(body.bytes).toHaveLength(2 * step);
    body.release();
    const growing = unfinished(3 * step);
    await expect(readBody(intake, growing.c, bodyBytesMax)).rejects.toMatchObject({
      code: "overloaded",
      retryAfterMs: 1000,
    });
    expect(intake.stats.received.waiting).toBe(0);
    void waiting;
  });

  test("forgets what a client that went away had sent", async () => {
    const intake = new Intake({ admit() {} }, { bytesMax: 4 * step });
    for (let n = 0; n < 3; n++) {
      let push = 0;
      const body = new ReadableStream({
        pull(controller) {
          if (push++ === 0) controller.enqueue(new Uint8Array(900));
          else controller.error(new Error("gone"));
        },
      });
      await expect(readBody(intake, contextOf(body), bodyBytesMax)).rejects.toMatchObject({
        code: "malformed",
      });
    }
    expect(intake.stats.received.used).toBe(0);
  });
});
