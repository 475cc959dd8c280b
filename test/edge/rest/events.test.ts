import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { startMars, type TestMars } from "../../support/mars.ts";
import { event, get, post } from "./client.ts";

let mars: TestMars;
beforeAll(async () => {
  mars = await startMars();
});
afterAll(() => mars[Symbol.asyncDispose]());

const json = { "content-type": "application/json" };

/** The message with everything up to `seq` in it. */
const read = (appId: string, messageId: string, seq: number) =>
  get(
    `${mars.url}/api/apps/${encodeURIComponent(appId)}/messages/${encodeURIComponent(messageId)}?min_seq=${seq}`,
  );

describe("POST /api/event", () => {
  test("answers with the event's seq, in the original's shape, and stores what was sent", async () => {
    const sent = event({
      message_id: "whole",
      created_at: "2026-01-31T12:00:00.1234567+02:00",
      event_id: "e-1",
      external_id: "x-1",
      parent_id: "batch-1",
      attributes: { a: [1, null, { b: "ü" }] },
      colour: "an unknown field",
    });
    const { status, headers, body } = await post(`${mars.url}/api/event`, sent);
    expect(status).toBe(200);
    expect(headers.get("content-type")).toBe("application/json");
    expect(body).toEqual({ success: true, seq: expect.any(Number) });

    const stored = await read("shop", "whole", body.seq);
    expect(stored.body).toMatchObject({
      app_id: "shop",
      message_id: "whole",
      event_count: 1,
      external_ids: ["x-1"],
      parent_id: "batch-1",
      events: [
        {
          event: "created",
          created_at: "2026-01-31T10:00:00.123456Z",
          seq: body.seq,
          event_id: "e-1",
          parent_id: "batch-1",
          attributes: { a: [1, null, { b: "ü" }] },
          duplicates: 0,
        },
      ],
    });
    expect(stored.body.as_of_seq).toBeGreaterThanOrEqual(body.seq);
  });

  test("gives every event a higher seq", async () => {
    const first = await post(`${mars.url}/api/event`, event());
    const second = await post(`${mars.url}/api/event`, event());
    expect(second.body.seq).toBeGreaterThan(first.body.seq);
  });

  test("counts an event that comes again, and changes nothing else", async () => {
    const sent = event({ message_id: "again", created_at: "2026-01-31T12:00:00Z" });
    await post(`${mars.url}/api/event`, sent);
    const { body } = await post(`${mars.url}/api/event`, sent);
    const stored = await read("shop", "again", body.seq);
    expect(stored.body.event_count).toBe(1);
    expect(stored.body.events[0].duplicates).toBe(1);
  });

  test("keeps one message id of two apps apart", async () => {
    await post(`${mars.url}/api/event`, event({ app_id: "one", message_id: "shared", event: "a" }));
    const { body } = await post(
      `${mars.url}/api/event`,
      event({ app_id: "two", message_id: "shared", event: "b" }),
    );
    expect((await read("one", "shared", body.seq)).body.stages).toEqual(["a"]);
    expect((await read("two", "shared", body.seq)).body.stages).toEqual(["b"]);
  });

  const ids = [
    "a/b",
    "100%",
    "%2F",
    "ünï – 漢字 🚀",
    "?a=b&c#d",
    "a b+c",
    '"\\\n',
    "x".repeat(300),
    "…",
    "a;b",
  ];
  for (const id of ids) {
    test(`keeps the id ${JSON.stringify(id.slice(0, 20))} as it came`, async () => {
      const { status, body } = await post(
        `${mars.url}/api/event`,
        event({ app_id: id.slice(0, 80), message_id: id, event: id.slice(0, 80) }),
      );
      expect(status).toBe(200);
      const stored = await read(id.slice(0, 80), id, body.seq);
      expect(stored.body).toMatchObject({
        app_id: id.slice(0, 80),
        message_id: id,
        stages: [id.slice(0, 80)],
      });
      const list = await get(`${mars.url}/api/messages?message_id=${encodeURIComponent(id)}`);
      expect(list.body.messages).toMatchObject([{ message_id: id }]);
    });
  }

  test("keeps the ids . and .., which no path can name, within reach of the list", async () => {
    for (const id of [".", ".."]) {
      const { body } = await post(`${mars.url}/api/event`, event({ message_id: id }));
      const list = await get(`${mars.url}/api/messages?message_id=${id}&min_seq=${body.seq}`);
      expect(list.body.messages).toMatchObject([{ message_id: id }]);
      // Every client and server on the way takes them for path segments, encoded or not.
      expect((await get(`${mars.url}/api/apps/shop/messages/%2e%2e`)).status).toBe(404);
    }
  });

  // The bytes of "é" are two, so these are limits in bytes and not in characters.
  const limits: [field: string, bytesMax: number][] = [
    ["app_id", 256],
    ["message_id", 512],
    ["event", 256],
    ["event_id", 256],
    ["external_id", 512],
    ["parent_id", 512],
  ];
  for (const [field, bytesMax] of limits) {
    test(`takes ${field} of ${bytesMax} bytes and refuses one more`, async () => {
      const longest = "é".repeat(bytesMax / 2);
      expect((await post(`${mars.url}/api/event`, event({ [field]: longest }))).status).toBe(200);
      const { status, body } = await post(`${mars.url}/api/event`, event({ [field]: `${longest}x` }));
      expect(status).toBe(422);
      expect(body.errors).toEqual([
        { field, message: `must be at most ${bytesMax} bytes, has ${bytesMax + 1}` },
      ]);
    });
  }

  test("takes attributes of 8 KiB and refuses one byte more", async () => {
    const fits = { a: "x".repeat(8192 - '{"a":""}'.length) };
    expect((await post(`${mars.url}/api/event`, event({ attributes: fits }))).status).toBe(200);
    const { status, body } = await post(`${mars.url}/api/event`, event({ attributes: { a: `${fits.a}x` } }));
    expect(status).toBe(422);
    expect(body.errors).toMatchObject([{ field: "attributes" }]);
  });

  const invalid: [title: string, input: unknown, field: string][] = [
    ["a numeric message_id", event({ message_id: 42 }), "message_id"],
    ["a message_id of 600 bytes", event({ message_id: "x".repeat(600) }), "message_id"],
    ["a created_at that is no time", event({ created_at: "Hello" }), "created_at"],
    ["a created_at without an offset", event({ created_at: "2026-01-31T12:00:00" }), "created_at"],
    [
      "a created_at on a day that does not exist",
      event({ created_at: "2026-02-30T12:00:00Z" }),
      "created_at",
    ],
    ["a created_at that is a number", event({ created_at: 1769860800 }), "created_at"],
    ["an empty app_id", event({ app_id: "" }), "app_id"],
    ["an app_id that is null", event({ app_id: null }), "app_id"],
    ["an event that is an array", event({ event: ["a"] }), "event"],
    ["NUL in an id", event({ message_id: "a\0b" }), "message_id"],
    ["a lone surrogate", `{"app_id":"a","message_id":"\\ud800","event":"e"}`, "message_id"],
    [
      "a lone surrogate within attributes",
      `{"app_id":"a","message_id":"m","event":"e","attributes":{"a":["\\udfff"]}}`,
      "attributes",
    ],
    ["attributes that are an array", event({ attributes: [1] }), "attributes"],
    ["attributes that are a text", event({ attributes: "{}" }), "attributes"],
    [
      "a number beyond all bounds in attributes",
      `{"app_id":"a","message_id":"m","event":"e","attributes":{"a":1e999}}`,
      "attributes",
    ],
    ["an array in place of an event", [event()], ""],
    ["null", "null", ""],
    ["a text", '"text"', ""],
  ];
  for (const [title, input, field] of invalid) {
    test(`refuses ${title}`, async () => {
      const { status, headers, body } = await post(`${mars.url}/api/event`, input);
      expect(status).toBe(422);
      expect(headers.get("content-type")).toBe("application/problem+json");
      expect(body).toMatchObject({
        type: "about:blank",
        title: "Unprocessable Content",
        status: 422,
        success: false,
        errors: [{ field, message: expect.any(String) }],
      });
    });
  }

  test("names every field at fault", async () => {
    const { body } = await post(`${mars.url}/api/event`, { event_id: 1, created_at: "x" });
    const fields = body.errors.map((error: { field: string }) => error.field);
    expect(fields).toEqual(["app_id", "message_id", "event", "event_id", "created_at"]);
  });

  test("says where a bulk request belongs", async () => {
    const { status, body } = await post(`${mars.url}/api/event`, { events: [event()] });
    expect(status).toBe(422);
    expect(body.detail).toContain("/api/event/bulk");
  });

  const malformed: [title: string, body: string | Uint8Array][] = [
    ["nothing", ""],
    ["white space", " \n"],
    ["a cut off document", '{"app_id":"a"'],
    ["two documents", "{}{}"],
    ["brackets without an end", "[".repeat(4_000)],
    ["bytes that are no UTF-8", Buffer.from('{"app_id":"a\xff","message_id":"m","event":"e"}', "latin1")],
    ["a surrogate in UTF-8", Buffer.from('{"app_id":"\xed\xa0\x80","message_id":"m","event":"e"}', "latin1")],
    ["UTF-16", Buffer.from(JSON.stringify(event()), "utf16le")],
  ];
  for (const [title, body] of malformed) {
    test(`takes ${title} for not parseable`, async () => {
      const answer = await post(`${mars.url}/api/event`, body);
      expect(answer.status).toBe(400);
      expect(answer.body).toMatchObject({ status: 400, success: false, code: "malformed" });
    });
  }

  test("tolerates a byte order mark", async () => {
    const { status } = await post(`${mars.url}/api/event`, `\ufeff${JSON.stringify(event())}`);
    expect(status).toBe(200);
  });

  const types: [type: string, status: number][] = [
    ["application/json", 200],
    ["application/json; charset=utf-8", 200],
    ["Application/JSON;charset=UTF-8", 200],
    ["application/vnd.shop+json", 200],
    ["application/json; charset=latin1", 415],
    ["application/x-ndjson", 415],
    ["application/x-www-form-urlencoded", 415],
    ["text/plain", 415],
    ["nonsense", 415],
  ];
  for (const [type, expected] of types) {
    test(`answers ${expected} to a body of type ${type}`, async () => {
      const { status } = await post(`${mars.url}/api/event`, event(), { "content-type": type });
      expect(status).toBe(expected);
    });
  }

  test("asks for a type: no browser asks Mars before it sends a body without one", async () => {
    for (const path of ["/api/event", "/api/event/bulk"]) {
      const { status, body } = await post(mars.url + path, Buffer.from(JSON.stringify(event())), {});
      expect(status).toBe(415);
      expect(body.detail).toContain("content-type is required and must be application/json");
    }
  });

  test("stores nothing of what it refuses", async () => {
    await post(`${mars.url}/api/event`, event({ app_id: "refused", created_at: "Hello" }));
    const { body } = await post(`${mars.url}/api/event`, event());
    const list = await get(`${mars.url}/api/messages?app_id=refused&min_seq=${body.seq}`);
    expect(list.body.messages).toEqual([]);
  });

  test("goes on after a thousand bad requests at once", async () => {
    const statuses = await Promise.all(
      Array.from({ length: 1000 }, async (_, n) => {
        const bad = ["{", "[]", '{"app_id":1}', "\xff"][n % 4] as string;
        return (await post(`${mars.url}/api/event`, bad, json)).status;
      }),
    );
    expect(new Set(statuses)).toEqual(new Set([400, 422]));
    expect((await post(`${mars.url}/api/event`, event())).status).toBe(200);
  });
});
