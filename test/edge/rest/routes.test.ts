import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { report } from "../../support/live-client.ts";
import { startMars, type TestMars } from "../../support/mars.ts";
import { get, post } from "./client.ts";

let mars: TestMars;
beforeAll(async () => {
  mars = await startMars();
});
afterAll(() => mars[Symbol.asyncDispose]());

describe("health", () => {
  test("is up, alive and ready", async () => {
    expect((await get(`${mars.url}/status`)).body).toEqual({ status: "up" });
    for (const path of ["/livez", "/readyz"]) {
      const { status, headers } = await get(mars.url + path);
      expect(status).toBe(200);
      expect(headers.get("cache-control")).toBe("no-store");
    }
  });

  test("has the events that wait at each step", async () => {
    await post(`${mars.url}/api/event`, { app_id: "a", message_id: "m", event: "e" });
    const { body } = await get(`${mars.url}/api/q/stats`);
    expect(body.event_collector_queue).toBeNumber();
    expect(body.collectors).toHaveLength(10);
    expect(body.admission).toHaveLength(10);
    expect(body.totals.accepted).toBeGreaterThan(0);
    expect(body.journal.last_seq).toBeGreaterThan(0);
  });
});

describe("the page", () => {
  for (const path of ["/", "/search/event?message_id=m"]) {
    test(`is at ${path}`, async () => {
      const response = await fetch(mars.url + path);
      expect(response.status).toBe(200);
      expect(response.headers.get("content-type")).toStartWith("text/html");
      expect(await response.text()).toContain("Mars");
    });
  }
});

describe("paths and methods", () => {
  const gets = "GET, HEAD, OPTIONS";
  const methods: [path: string, allow: string][] = [
    ["/api/event", "POST, OPTIONS"],
    ["/api/event/bulk", "POST, OPTIONS"],
    ["/api/messages", gets],
    ["/api/apps/a/messages/m%2Fn", "GET, HEAD, DELETE, OPTIONS"],
    ["/api/stream", gets],
    ["/api/q/stats", gets],
    ["/status", gets],
    ["/livez", gets],
    ["/readyz", gets],
    ["/", gets],
    ["/search/event", gets],
  ];
  for (const [path, allow] of methods) {
    test(`${path} allows ${allow}`, async () => {
      const options = await fetch(mars.url + path, { method: "OPTIONS" });
      expect(options.status).toBe(204);
      expect(options.headers.get("allow")).toBe(allow);
      const others = ["DELETE", "PUT", "PATCH", "POST", "GET", "HEAD"].filter((one) => !allow.includes(one));
      for (const method of others) {
        const response = await fetch(mars.url + path, { method });
        expect(response.status).toBe(405);
        expect(response.headers.get("allow")).toBe(allow);
        if (method !== "HEAD") expect(await response.json()).toMatchObject({ status: 405, success: false });
      }
    });
  }

  for (const path of ["/nothing", "/api", "/api/event/", "/api/event/bulk/x", "/API/event", "/%zz"]) {
    test(`${path} is nowhere`, async () => {
      for (const method of ["GET", "POST", "OPTIONS"]) {
        const { status, headers, body } = await get(mars.url + path, { method });
        expect(status).toBe(404);
        expect(headers.get("content-type")).toBe("application/problem+json");
        expect(body).toMatchObject({ type: "about:blank", title: "Not Found", status: 404, success: false });
      }
    });
  }

  test("a HEAD answers as a GET, without its body", async () => {
    const paths = [
      "/",
      "/search/event?message_id=m",
      "/ui/page.css",
      "/status",
      "/api/messages",
      "/api/messages?limit=0",
      "/api/apps/a/messages/none",
      "/nothing",
      "/api/event",
      "/api/stream",
      "/mars.v1.IngestService/CollectEvent",
    ];
    // The work after a start is done by then: both see the same.
    const seq = await report(mars, { app_id: "a", message_id: "m", event: "e" });
    await (await fetch(`${mars.url}/api/findings?min_seq=${seq}`)).arrayBuffer();
    for (const coding of ["identity", "gzip"]) {
      for (const path of paths) {
        const headers = { "accept-encoding": coding };
        const got = await fetch(mars.url + path, { headers, decompress: false });
        const asked = await fetch(mars.url + path, { method: "HEAD", headers, decompress: false });
        const head = (response: Response) => [
          path,
          response.status,
          ...[
            "content-type",
            "content-length",
            "content-encoding",
            "etag",
            "allow",
            "x-content-type-options",
          ].map((name) => response.headers.get(name)),
        ];
        expect(head(asked)).toEqual(head(got));
        const size = (await got.bytes()).length;
        if (coding === "identity")
          expect([path, got.headers.get("content-length")]).toEqual([path, String(size)]);
        expect(await asked.text()).toBe("");
      }
    }
  });

  test("a HEAD for a stream opens none", async () => {
    for (let n = 0; n < 20; n++) {
      const stream = await fetch(`${mars.url}/api/stream?topic=all`, { method: "HEAD" });
      expect([stream.status, stream.headers.get("content-length")]).toEqual([200, null]);
      expect(stream.headers.get("content-type")).toStartWith("text/event-stream");
      expect(await stream.text()).toBe("");
    }
    expect((await fetch(`${mars.url}/api/stream?topic=none`, { method: "HEAD" })).status).toBe(422);
  });

  test("no answer lets a browser guess what it is", async () => {
    const json = { "content-type": "application/json" };
    const event = { method: "POST", headers: json, body: '{"app_id":"a","message_id":"m","event":"e"}' };
    const asked: [string, RequestInit?][] = [
      ["/"],
      ["/api/messages"],
      ["/api/stream?topic=all"],
      ["/api/event", event],
      ["/api/event", { ...event, body: "{" }],
      ["/api/event", { method: "OPTIONS" }],
      ["/nothing"],
      ["/ws"],
      ["/socket/websocket"],
      ["/mars.v1.IngestService/CollectEvent", event],
      ["/mars.v1.IngestService/CollectEvent", { ...event, body: "{" }],
      ["/mars.v1.IngestService/CollectEvent", { method: "OPTIONS" }],
      ["/mars.v1.IngestService/CollectEvent"],
    ];
    for (const [path, init] of asked) {
      const response = await fetch(mars.url + path, init);
      expect([path, response.headers.get("x-content-type-options")]).toEqual([path, "nosniff"]);
      await response.body?.cancel();
    }
  });

  test("each answer in JSON ends with a newline", async () => {
    const json = { "content-type": "application/json" };
    const bulk = '{"events":[{"app_id":"a","message_id":"m","event":"e"},{}]}';
    const asked: [string, RequestInit?][] = [
      ["/api/messages"],
      ["/api/messages?limit=0"],
      ["/api/apps/a/messages/none"],
      ["/api/q/stats"],
      ["/status"],
      ["/readyz"],
      ["/nothing"],
      ["/api/test_socket?message_id=m"],
      ["/api/event", { method: "POST", headers: json, body: '{"app_id":"a","message_id":"m","event":"e"}' }],
      ["/api/event", { method: "POST", headers: json, body: "{" }],
      ["/api/event/bulk", { method: "POST", headers: json, body: bulk }],
      ["/api/event", { method: "PUT" }],
    ];
    for (const [path, init] of asked) {
      const text = await (await fetch(mars.url + path, init)).text();
      expect([path, text]).toEqual([path, expect.stringMatching(/^\{.*\}\n$/)]);
    }
  });

  test("pages of other origins get no leave to read", async () => {
    for (const path of ["/status", "/api/messages"]) {
      const response = await fetch(mars.url + path, { headers: { origin: "https://elsewhere.example" } });
      expect(response.headers.get("access-control-allow-origin")).toBeNull();
    }
  });
});

describe("the test endpoints", () => {
  test("make one random event at a call", async () => {
    const first = await get(`${mars.url}/api/create_event`);
    const { status, body } = await get(`${mars.url}/api/create_event`);
    expect(status).toBe(200);
    expect(body).toEqual({ success: true, seq: first.body.seq + 1 });
    const stored = await get(`${mars.url}/api/messages?app_id=test&min_seq=${body.seq}`);
    expect(stored.body.messages).toHaveLength(2);
  });

  test("announce an event on a message's topics without storing it", async () => {
    const id = "watched / ü";
    const stream = await fetch(`${mars.url}/api/stream?topic=${encodeURIComponent(`event_timeline:${id}`)}`);
    const reader = (stream.body as ReadableStream<Uint8Array>).getReader();
    const frames = { text: "" };
    const until = async (part: string) => {
      while (!frames.text.includes(part)) {
        const { value } = await reader.read();
        frames.text += new TextDecoder().decode(value);
      }
    };
    await until("event: subscribed");
    const { status, body } = await get(`${mars.url}/api/test_socket?message_id=${encodeURIComponent(id)}`);
    expect(status).toBe(200);
    expect(body).toEqual({ success: true });
    await until(`"message_id":${JSON.stringify(id)}`);
    await reader.cancel();
    const stored = await get(`${mars.url}/api/messages?message_id=${encodeURIComponent(id)}`);
    expect(stored.body.messages).toEqual([]);
  });

  test("refuse to announce without a message, and do nothing for a HEAD", async () => {
    expect((await get(`${mars.url}/api/test_socket`)).status).toBe(422);
    expect((await get(`${mars.url}/api/test_socket?message_id=`)).status).toBe(422);
    const before = (await get(`${mars.url}/api/q/stats`)).body.journal.last_seq;
    expect((await fetch(`${mars.url}/api/create_event`, { method: "HEAD" })).status).toBe(405);
    expect((await get(`${mars.url}/api/q/stats`)).body.journal.last_seq).toBe(before);
  });

  test("are nowhere once a key is needed", async () => {
    const adminKey = "k".repeat(32);
    await using closed = await startMars({ testEndpoints: false, adminKey });
    const headers = { authorization: `Bearer ${adminKey}` };
    for (const path of ["/api/create_event", "/api/test_socket?message_id=m"]) {
      expect((await get(closed.url + path, { headers })).status).toBe(404);
    }
  });
});
