/**
 * Requests with trailers, cut or of another length than they say: one answer at most, and what it says of storing is true. Bun
 * answers some of them itself; see `docs/reliability.md` for what remains.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { report } from "../../support/live-client.ts";
import { startMars, type TestMars } from "../../support/mars.ts";
import { sendRaw } from "../../support/raw.ts";
import { WireClient } from "../rpc/wire.ts";

let mars: TestMars;
beforeAll(async () => {
  mars = await startMars();
});
afterAll(() => mars[Symbol.asyncDispose]());

let messages = 0;

async function eventCount(messageId: string): Promise<number> {
  const seq = await report(mars, { app_id: "doors", message_id: "after", event: "e" });
  const response = await fetch(`${mars.url}/api/apps/doors/messages/${messageId}?min_seq=${seq}`);
  return response.status === 404 ? 0 : ((await response.json()) as { event_count: number }).event_count;
}

const event = (id: string) => `{"app_id":"doors","message_id":"${id}","event":"e"}`;
const doors: readonly [path: string, type: string, body: (id: string) => string][] = [
  ["/api/event", "application/json", event],
  ["/api/event/bulk", "application/json", (id) => `{"events":[${event(id)}]}`],
  ["/api/event/bulk", "application/x-ndjson", (id) => `${event(id)}\n`],
  ["/mars.v1.IngestService/CollectEvent", "application/json", event],
];

describe.each(doors)("%s, %s", (path, type, bodyOf) => {
  function head(id: string, ...headers: string[]): string {
    const body = bodyOf(id);
    const all = ["Host: localhost", `Content-Type: ${type}`, "Transfer-Encoding: chunked", ...headers];
    return `POST ${path} HTTP/1.1\r\n${all.join("\r\n")}\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n`;
  }

  const trailers: readonly [string, (id: string) => readonly string[]][] = [
    ["declared trailers in one write", (id) => [`${head(id, "Trailer: X-T")}0\r\nX-T: 1\r\n\r\n`]],
    ["trailers in one write", (id) => [`${head(id)}0\r\nX-T: 1\r\n\r\n`]],
    ["declared trailers in a later write", (id) => [`${head(id, "Trailer: X-T")}0\r\n`, "X-T: 1\r\n\r\n"]],
    [
      "declared trailers, each part in a write",
      (id) => [head(id, "Trailer: X-T"), "0\r\n", "X-T: 1\r\n", "\r\n"],
    ],
    ["declared trailers that do not come", (id) => [`${head(id, "Trailer: X-T")}0\r\n\r\n`]],
    ["a last chunk that is cut", (id) => [`${head(id)}0\r`]],
    ["a chunk that is cut", (id) => [head(id).slice(0, -4)]],
  ];
  test("trailers and cuts get one answer at most, and it is true", async () => {
    await Promise.all(
      trailers.map(async ([title, partsOf]) => {
        const id = `m${messages++}`;
        const { statuses } = await sendRaw(mars.httpPort, {
          parts: partsOf(id),
          pauseMs: 30,
          timeoutMs: 400,
        });
        const stored = await eventCount(id);
        const truth = statuses[0] === 200 ? 1 : 0;
        expect([title, statuses.length <= 1, statuses, stored]).toEqual([title, true, statuses, truth]);
      }),
    );
  });

  test("a body that is whole is answered, and the connection goes on", async () => {
    const id = `m${messages++}`;
    const parts = [`${head(id)}0\r\n\r\n`, `${head(id)}0\r\n\r\n`];
    const until = (text: string) => text.split("HTTP/1.1 200").length === 3;
    const { statuses } = await sendRaw(mars.httpPort, { parts, pauseMs: 100, until });
    expect(statuses).toEqual([200, 200]);
  });
});

test("by HTTP/2 a body of another length than announced is refused, and not stored", async () => {
  using client = new WireClient(mars.httpPort);
  for (const length of ["1", "1000", "x", "100000"]) {
    for (const [path, type, bodyOf] of doors) {
      const id = `m${messages++}`;
      const headers = { "content-type": type, "content-length": length };
      const answer = await client
        .call({ path, headers, chunks: [Buffer.from(bodyOf(id))] })
        // The stream may be reset instead.
        .catch(() => undefined);
      expect([length, path, answer?.httpStatus ?? 400]).toEqual([length, path, 400]);
      expect(await eventCount(id)).toBe(0);
    }
  }
});

test("an idle connection is kept as long as the setting says", async () => {
  await using short = await startMars({ idleTimeoutMs: 1_000 });
  const began = performance.now();
  const parts = ["GET /status HTTP/1.1\r\nHost: localhost\r\n\r\n"];
  const [closed, kept] = await Promise.all([
    sendRaw(short.httpPort, { parts, timeoutMs: 9_000 }),
    sendRaw(mars.httpPort, { parts: [...parts, ...parts], pauseMs: 6_000, timeoutMs: 6_300 }),
  ]);
  expect(closed).toMatchObject({ closed: true, statuses: [200] });
  expect(performance.now() - began).toBeLessThan(9_500);
  expect(kept).toMatchObject({ closed: false, statuses: [200, 200] });
}, 20_000);
