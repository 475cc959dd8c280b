import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { bodyBytesMax, eventBodyBytesMax, smallBodyBytesMax } from "../../../src/core/limits.ts";
import { startMars, type TestMars } from "../../support/mars.ts";
import { statsWhen } from "../../support/rest.ts";
import { event, get, post } from "./client.ts";

let mars: TestMars;
let bulk: string;
beforeAll(async () => {
  mars = await startMars();
  bulk = `${mars.url}/api/event/bulk`;
});
afterAll(() => mars[Symbol.asyncDispose]());

const json = { "content-type": "application/json" };
const ndjson = { "content-type": "application/x-ndjson" };

function nested(levels: number): string {
  return "[".repeat(levels) + "]".repeat(levels);
}

/** A document of some megabytes, with `middle` between its events. */
function large(appId: string, count: number, middle: readonly string[]): string {
  const events = Array.from({ length: count }, (_, n) =>
    JSON.stringify(event({ app_id: appId, message_id: `m-${n}`, attributes: { text: "é".repeat(200) } })),
  );
  return `{"before":{"events":[1]},"events":[\n${[...events, ...middle, ...events].join(",\n")}],"after":[]}`;
}

async function idsOf(appId: string, seq: number): Promise<string[]> {
  const { body } = await get(`${mars.url}/api/messages?app_id=${appId}&limit=1000&min_seq=${seq}`);
  return body.messages.map((message: { message_id: string }) => message.message_id);
}

describe("documents that cost more than they are worth", () => {
  for (const [name, levels] of [
    ["brackets", `${"[".repeat(30_000)}`],
    ["brackets that close", nested(30_000)],
    ["objects", `${'{"":'.repeat(12_000)}1${"}".repeat(12_000)}`],
  ] as const) {
    test(`of nested ${name} are refused by what they are, on every route`, async () => {
      const routes: [method: string, path: string][] = [
        ["POST", "/api/event"],
        ["POST", "/api/event/bulk"],
        ["PUT", "/api/apps/a/lifecycle"],
        ["POST", "/api/apps/a/lifecycle/dry-run"],
      ];
      for (const [method, path] of routes) {
        const response = await fetch(mars.url + path, { method, headers: json, body: levels });
        expect([path, response.status]).toEqual([path, 422]);
        expect(await response.json()).toMatchObject({ code: "invalid_argument" });
      }
    });
  }

  test("are refused by their length where rules, sinks and silences go", async () => {
    for (const [method, path] of [
      ["PUT", "/api/alerts/rules/r"],
      ["PUT", "/api/alerts/sinks/s"],
      ["POST", "/api/alerts/silences"],
    ] as const) {
      const body = "[".repeat(smallBodyBytesMax);
      expect((await fetch(mars.url + path, { method, headers: json, body })).status).toBe(422);
      expect((await fetch(mars.url + path, { method, headers: json, body: `${body} ` })).status).toBe(413);
    }
  });

  test("unpack no further than their route's bound", async () => {
    const brackets = Buffer.alloc(bodyBytesMax, "[");
    for (const [coding, packed] of [
      ["zstd", zstdCompressSync(brackets)],
      ["gzip", gzipSync(brackets)],
    ] as const) {
      for (const path of ["/api/event", "/api/event/bulk"]) {
        const { status } = await post(mars.url + path, packed, { ...json, "content-encoding": coding });
        expect(status).toBe(413);
      }
    }
  });

  test("may be ten thousand times the same event, packed into next to nothing", async () => {
    const events = new Array(10_000).fill(event({ app_id: "same", event_id: "1" }));
    for (const [coding, pack] of [
      ["zstd", zstdCompressSync],
      ["gzip", gzipSync],
    ] as const) {
      const packed = pack(Buffer.from(JSON.stringify({ events })));
      const { body } = await post(bulk, packed, { ...json, "content-encoding": coding });
      expect(body).toMatchObject({ success: true, accepted: 10_000 });
    }
  });
});

describe("a large document", () => {
  test("is taken piece by piece as if it were whole", async () => {
    const { status, body } = await post(bulk, large("pieces", 600, []));
    expect(status).toBe(200);
    expect(body).toMatchObject({ accepted: 1_200, rejected: 0 });
    expect((await idsOf("pieces", body.seq)).sort()).toEqual(
      Array.from({ length: 600 }, (_, n) => `m-${n}`).sort(),
    );
  });

  test("loses no event to one that is too long, too deep or none", async () => {
    const long = JSON.stringify(event({ padding: "x".repeat(eventBodyBytesMax) }));
    const middle = [long, nested(30_000), "7", JSON.stringify(event({ attributes: { a: 1 } }))];
    const { status, body } = await post(bulk, large("mixed", 300, middle));
    expect(status).toBe(207);
    expect(body).toMatchObject({ accepted: 601, rejected: 3 });
    expect(body.errors.map((error: { index: number }) => error.index)).toEqual([300, 301, 302]);
    expect(body.errors[0].message).toContain("at most 65536 bytes");
    expect(body.errors[1].message).toContain("deeper than 64 levels");
  });

  test("that is small refuses a deep event alone, too", async () => {
    const text = `{"events":[${JSON.stringify(event())},${nested(3_000)}]}`;
    expect((await post(bulk, text)).body).toMatchObject({ accepted: 1, rejected: 1 });
    const lines = `${JSON.stringify(event())}\n${nested(3_000)}\n`;
    expect((await post(bulk, lines, ndjson)).body).toMatchObject({ accepted: 1, rejected: 1 });
  });

  for (const [what, change] of [
    ["breaks off", (text: string) => text.slice(0, -1_000)],
    [
      "lacks a comma",
      (text: string) => text.replace('},\n{"app_id":"bad","message_id":"m-250"', '}\n{"app_id":"bad"'),
    ],
    ["has a comma too many", (text: string) => text.replace("},\n", "},,\n")],
    ["ends with a comma", (text: string) => text.replace('],"after"', ',],"after"')],
    ["goes on after its end", (text: string) => `${text}{}`],
    ["closes what it did not open", (text: string) => text.replace('],"after"', ']],"after"')],
  ] as const) {
    test(`that ${what} is not parseable, and nothing of it is stored`, async () => {
      const { status, body } = await post(bulk, change(large("bad", 300, [])));
      expect(status).toBe(400);
      expect(body).toMatchObject({ code: "malformed" });
      const last = await post(`${mars.url}/api/event`, event({ app_id: "other" }));
      expect(await idsOf("bad", last.body.seq)).toEqual([]);
    });
  }

  test("of lines is taken by its lines, and one that is too long is refused alone", async () => {
    const lines = Array.from({ length: 3_000 }, (_, n) =>
      JSON.stringify(
        event({ app_id: "lines", message_id: `m-${n % 10}`, event_id: `${n}`, text: "é".repeat(20) }),
      ),
    );
    lines.splice(1_000, 0, JSON.stringify(event({ padding: "x".repeat(3 * eventBodyBytesMax) })), "", "{");
    const { status, body } = await post(bulk, lines.join("\r\n"), ndjson);
    expect(status).toBe(207);
    expect(body).toMatchObject({ accepted: 3_000, rejected: 2 });
    expect(body.errors[0].message).toContain("line 1001 must be at most 65536 bytes");
    expect(body.errors[1].message).toContain("line 1003 is not valid JSON");
  });

  test("of ten thousand events and one more is refused before they are parsed", async () => {
    const { status } = await post(bulk, `{"events":[${"1,".repeat(1_000_000)}1]}`);
    expect(status).toBe(413);
    expect((await post(bulk, "1\n".repeat(1_000_000), ndjson)).status).toBe(413);
  });
});

test("what is in work is counted, and nothing stays", async () => {
  const stats = await statsWhen(mars.url, ({ intake }) => intake.received.used + intake.large.used === 0);
  expect(stats.intake).toMatchObject({ large: { used: 0, max: 4, waiting: 0 }, waiting_turns: 0 });
});

test("while no event can be accepted a body is not even looked at: its faults and its size do not matter", async () => {
  // No server answers there.
  await using away = await startMars({ databaseUrl: "http://127.0.0.1:9" });
  for (const path of ["/api/event", "/api/event/bulk"]) {
    for (const body of ["no JSON".repeat(1_000), "[".repeat(2 * bodyBytesMax)]) {
      const { status, headers, body: answer } = await post(away.url + path, body, json);
      expect([status, answer.code, headers.get("retry-after")]).toEqual([503, "unavailable", "1"]);
    }
  }
  expect((await get(`${away.url}/api/q/stats`)).body.totals.refused).toBe(4);
});
