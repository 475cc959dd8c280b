import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { startMars, type TestMars } from "../../support/mars.ts";
import { event, get, post } from "./client.ts";

let mars: TestMars;
let url: string;
beforeAll(async () => {
  mars = await startMars();
  url = `${mars.url}/api/event/bulk`;
});
afterAll(() => mars[Symbol.asyncDispose]());

const ndjson = { "content-type": "application/x-ndjson" };

function events(appId: string, count: number): Record<string, unknown>[] {
  return Array.from({ length: count }, (_, n) => event({ app_id: appId, message_id: `m-${n}` }));
}

async function messageIds(appId: string, seq: number): Promise<string[]> {
  const { body } = await get(
    `${mars.url}/api/messages?app_id=${appId}&limit=1000&order=oldest&min_seq=${seq}`,
  );
  return body.messages.map((message: { message_id: string }) => message.message_id).sort();
}

describe("POST /api/event/bulk", () => {
  test("takes a document of events", async () => {
    const { status, body } = await post(url, { events: events("document", 3) });
    expect(status).toBe(200);
    expect(body).toEqual({ success: true, accepted: 3, rejected: 0, seq: expect.any(Number) });
    expect(await messageIds("document", body.seq)).toEqual(["m-0", "m-1", "m-2"]);
  });

  test("answers with the seq of the last event", async () => {
    const before = await post(`${mars.url}/api/event`, event());
    const { body } = await post(url, { events: events("seqs", 5) });
    expect(body.seq).toBe(before.body.seq + 5);
  });

  test("takes lines with any line ending, and skips empty ones", async () => {
    const [a, b, c] = events("lines", 3).map((line) => JSON.stringify(line));
    for (const [n, text] of [
      `${a}\n${b}\n${c}`,
      `\ufeff${a}\r\n\r\n${b}\r\n  \n${c}\r\n\n`,
      // Two files, each with its byte order mark.
      `\ufeff${a}\n\ufeff${b}\n\ufeff\n${c}`,
    ].entries()) {
      const headers = {
        "content-type": n === 0 ? "application/x-ndjson" : "application/x-ndjson;charset=UTF-8",
      };
      const { status, body } = await post(url, text, headers);
      expect(status).toBe(200);
      expect(body).toMatchObject({ success: true, accepted: 3, rejected: 0 });
      expect(await messageIds("lines", body.seq)).toEqual(["m-0", "m-1", "m-2"]);
    }
  });

  test("takes the valid events of a document and names the faults of the others", async () => {
    const mixed = [
      event({ app_id: "mixed", message_id: "good-1" }),
      event({ app_id: "mixed", message_id: 7, event: "" }),
      event({ app_id: "mixed", message_id: "good-2" }),
      "no event",
    ];
    const { status, headers, body } = await post(url, { events: mixed });
    expect(status).toBe(207);
    expect(headers.get("content-type")).toBe("application/json");
    expect(body).toEqual({
      success: false,
      accepted: 2,
      rejected: 2,
      errors: [
        { index: 1, field: "message_id", message: "must be a string, is a number" },
        { index: 1, field: "event", message: "must not be empty" },
        { index: 3, field: "", message: expect.any(String) },
      ],
      seq: expect.any(Number),
    });
    expect(await messageIds("mixed", body.seq)).toEqual(["good-1", "good-2"]);
  });

  test("judges a line that is not JSON alone", async () => {
    const good = JSON.stringify(event({ app_id: "broken-line" }));
    const { status, body } = await post(url, `${good}\n\n{"app_id":\n${good}\n`, ndjson);
    expect(status).toBe(207);
    expect(body).toMatchObject({ accepted: 2, rejected: 1 });
    expect(body.errors).toEqual([
      { index: 1, field: "", message: expect.stringContaining("line 3 is not valid JSON") },
    ]);
  });

  test("answers 422 where no event is valid, and stores none", async () => {
    for (const [body, headers] of [
      [JSON.stringify({ events: [{}, 1] }), { "content-type": "application/json" }],
      ["{}\nnonsense", ndjson],
    ] as const) {
      const answer = await post(url, body, headers);
      expect(answer.status).toBe(422);
      expect(answer.headers.get("content-type")).toBe("application/problem+json");
      expect(answer.body).toMatchObject({ success: false, accepted: 0, rejected: 2 });
      expect(answer.body.errors.length).toBeGreaterThanOrEqual(2);
    }
  });

  test("lists no more than 100 problems, and counts all of them", async () => {
    const { status, body } = await post(url, { events: [event(), ...Array(9_999).fill({})] });
    expect(status).toBe(207);
    expect(body).toMatchObject({ accepted: 1, rejected: 9_999 });
    expect(body.errors).toHaveLength(100);
  });

  test("takes 10,000 events and refuses one more, as a document and as lines", async () => {
    const most = events("most", 10_000);
    const { status, body } = await post(url, { events: most });
    expect(status).toBe(200);
    expect(body.accepted).toBe(10_000);
    const more = [...most, event()];
    expect((await post(url, { events: more })).status).toBe(413);
    const lines = more.map((line) => JSON.stringify(line)).join("\n");
    const refused = await post(url, lines, ndjson);
    expect(refused.status).toBe(413);
    expect(refused.body).toMatchObject({ code: "too_large", errors: [{ field: "events" }] });
    const after = await post(`${mars.url}/api/event`, event());
    expect(after.body.seq).toBe(body.seq + 1);
  });

  const invalid: [title: string, body: unknown][] = [
    ["no events", {}],
    ["events that are an object", { events: {} }],
    ["events that are null", { events: null }],
    ["an empty batch", { events: [] }],
    ["an array", [event()]],
    ["a single event", event()],
    ["null", "null"],
  ];
  for (const [title, input] of invalid) {
    test(`refuses ${title}`, async () => {
      const { status, body } = await post(url, input);
      expect(status).toBe(422);
      expect(body).toMatchObject({ success: false, errors: [{ field: "events" }] });
    });
  }

  test("refuses lines without an event", async () => {
    for (const text of ["", "\n\r\n \n"]) expect((await post(url, text, ndjson)).status).toBe(422);
  });

  test("takes a document that is not JSON for not parseable, and lines that are not UTF-8", async () => {
    expect((await post(url, '{"events":[')).status).toBe(400);
    expect((await post(url, Buffer.from([0x7b, 0xff, 0x7d]), ndjson)).status).toBe(400);
  });

  test("refuses other types", async () => {
    for (const type of ["text/csv", "application/x-ndjson; charset=utf-16"]) {
      expect((await post(url, "{}", { "content-type": type })).status).toBe(415);
    }
  });
});
