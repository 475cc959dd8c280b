import { afterAll, beforeAll, expect, test } from "bun:test";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { startMars, type TestMars } from "../../support/mars.ts";

let mars: TestMars;
beforeAll(async () => {
  mars = await startMars();
});
afterAll(() => mars[Symbol.asyncDispose]());

const path = fc.oneof(
  fc.constantFrom(
    "/api/event",
    "/api/event/bulk",
    "/api/messages",
    "/api/apps/a/messages/m",
    "/api/test_socket",
    "/api/create_event",
    "/mars.v1.IngestService/CollectEvent",
    "/mars.v1.MessageService/ListMessages",
    "/search/event",
    "/ws",
    "/",
  ),
  fc.string({ unit: "binary" }).map((id) => `/api/apps/a/messages/${encodeURIComponent(id.toWellFormed())}`),
  fc.stringMatching(/^\/[ -~]{0,20}$/),
);
const parameter = fc.constantFrom(
  "app_id",
  "message_id",
  "prefix",
  "event",
  "missing",
  "since",
  "until",
  "order",
  "limit",
  "cursor",
);
const value = fc.oneof(
  fc.string({ unit: "binary" }).map((text) => encodeURIComponent(text.toWellFormed())),
  fc.stringMatching(/^[ -"$-~]{0,20}$/),
  fc.constantFrom("1", "-1", "newest", "2026-01-01T00:00:00Z", "%", "%00", "%ff"),
);
const query = fc
  .array(fc.tuple(parameter, value), { maxLength: 4 })
  .map((pairs) => pairs.map(([name, text]) => `${name}=${text}`).join("&"));

// Close to valid, so that it gets past the first check.
const field = fc.oneof(fc.string({ unit: "binary" }), fc.jsonValue());
const event = fc.record(
  {
    app_id: field,
    message_id: field,
    event: field,
    created_at: fc.oneof(field, fc.constant("2026-01-01T00:00:00Z")),
    event_id: field,
    external_id: field,
    attributes: fc.oneof(fc.dictionary(fc.string(), fc.jsonValue()), field),
  },
  { requiredKeys: [] },
);
const document = fc.oneof(event, fc.record({ events: fc.array(event, { maxLength: 5 }) }), fc.jsonValue());
const bytes = fc.oneof(
  document.map((input) => Buffer.from(JSON.stringify(input))),
  fc
    .array(document, { maxLength: 4 })
    .map((lines) => Buffer.from(lines.map((l) => JSON.stringify(l)).join("\n"))),
  fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array)),
);
const body = fc.oneof(
  bytes,
  bytes.map((plain) => gzipSync(plain)),
);
const headers = fc.record(
  {
    "content-type": fc.constantFrom(
      "application/json",
      "application/x-ndjson",
      "application/proto",
      "text/plain",
    ),
    "content-encoding": fc.constantFrom("gzip", "zstd", "br", "deflate", "identity", "nonsense"),
    "accept-encoding": fc.constantFrom("gzip", "zstd", "gzip;q=0", "*;q=2", ","),
  },
  { requiredKeys: [] },
);
const method = fc.constantFrom("GET", "POST", "POST", "POST", "PUT", "DELETE", "HEAD", "OPTIONS");

test("no input gives a 500, and every refusal is a problem", async () => {
  await fc.assert(
    fc.asyncProperty(method, path, query, headers, body, async (verb, where, asked, sent, payload) => {
      const bodied = verb !== "GET" && verb !== "HEAD";
      const response = await fetch(`${mars.url}${where}?${asked}`, {
        method: verb,
        headers: Object.entries(sent),
        ...(bodied && { body: payload }),
      });
      const text = await response.text();
      const rpc = where.startsWith("/mars.v1.");
      // Connect says 501 to what it does not implement.
      if (rpc && response.status === 501) return;
      expect(response.status).toBeLessThan(500);
      if (response.status >= 400 && verb !== "HEAD" && !rpc) {
        expect(response.headers.get("content-type")).toBe("application/problem+json");
        expect(JSON.parse(text)).toMatchObject({ status: response.status, success: false });
      }
    }),
    { numRuns: 2000 },
  );
}, 60_000);
