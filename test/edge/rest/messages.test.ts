import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { startMars, type TestMars } from "../../support/mars.ts";
import { type Answer, event, get, type Json, post } from "./client.ts";

let mars: TestMars;
beforeAll(async () => {
  mars = await startMars();
  await seed();
});
afterAll(() => mars[Symbol.asyncDispose]());

/** Stores events and waits until they are to be seen. */
async function store(events: readonly Json[]): Promise<number> {
  const { status, body } = await post(`${mars.url}/api/event/bulk`, { events });
  expect(status).toBe(200);
  expect((await get(`${mars.url}/api/messages?limit=1&min_seq=${body.seq}`)).status).toBe(200);
  return body.seq;
}

const at = (minute: number) => `2026-03-01T10:${String(minute).padStart(2, "0")}:00.000000Z`;

/** Four messages of the app `orders`, their first events in this order, and one with a name of theirs in another app. */
async function seed(): Promise<void> {
  const made = (id: string, name: string, minute: number, more = {}) =>
    event({ app_id: "orders", message_id: id, event: name, created_at: at(minute), ...more });
  await store([
    made("ord-1", "created", 1),
    made("ord-1", "shipped", 30, { external_id: "track-1" }),
    made("ord-2", "created", 2),
    made("ord-2", "paid", 20),
    made("ret-3", "created", 3, { external_id: "track-3" }),
    made("ret-4", "paid", 4),
    event({ app_id: "mail", message_id: "ord-1", event: "sent", created_at: at(5) }),
  ]);
}

function list(query: string): Promise<Answer> {
  return get(`${mars.url}/api/messages?${query}`);
}

async function ids(query: string): Promise<string[]> {
  const { status, body } = await list(query);
  expect(status).toBe(200);
  return body.messages.map((message: Json) => message.message_id);
}

describe("GET /api/messages", () => {
  test("answers with summaries, a cursor and a seq", async () => {
    const { headers, body } = await list("app_id=orders&message_id=ord-1");
    expect(headers.get("content-type")).toBe("application/json");
    expect(body).toEqual({
      messages: [
        {
          app_id: "orders",
          message_id: "ord-1",
          created_at: at(1),
          updated_at: at(30),
          event_count: 2,
          last_event: "shipped",
          stages: ["created", "shipped"],
          external_ids: ["track-1"],
          parent_id: null,
          state: "untracked",
          overdue_since: null,
        },
      ],
      next_cursor: null,
      as_of_seq: expect.any(Number),
    });
  });

  const cases: [query: string, ids: string[]][] = [
    ["app_id=orders", ["ret-4", "ret-3", "ord-2", "ord-1"]],
    ["app_id=nobody", []],
    ["message_id=ord-1&order=oldest", ["ord-1", "ord-1"]],
    ["message_id=ord-9", []],
    ["message_id=ord-1&app_id=mail", ["ord-1"]],
    ["external_id=track-1", ["ord-1"]],
    ["external_id=track-9", []],
    ["app_id=orders&event=paid", ["ret-4", "ord-2"]],
    ["app_id=orders&event=lost", []],
    ["app_id=orders&missing=paid", ["ret-3", "ord-1"]],
    ["app_id=orders&missing=lost", ["ret-4", "ret-3", "ord-2", "ord-1"]],
    ["app_id=orders&event=created&missing=shipped", ["ret-3", "ord-2"]],
    ["app_id=orders&event=created&missing=created", []],
    ["app_id=orders&prefix=ord-", ["ord-2", "ord-1"]],
    ["app_id=orders&prefix=ORD", []],
    ["app_id=orders&prefix=%25", []],
    [`app_id=orders&since=${at(2)}`, ["ret-4", "ret-3", "ord-2"]],
    [`app_id=orders&until=${at(2)}`, ["ord-1"]],
    [`app_id=orders&since=${at(2)}&until=${at(4)}`, ["ret-3", "ord-2"]],
    ["app_id=orders&since=2026-03-01T12:02:00%2B02:00", ["ret-4", "ret-3", "ord-2"]],
    [`app_id=orders&since=${at(10)}`, []],
    [`app_id=orders&order=updated&since=${at(10)}`, ["ord-1", "ord-2"]],
    ["app_id=orders&order=newest", ["ret-4", "ret-3", "ord-2", "ord-1"]],
    ["app_id=orders&order=oldest", ["ord-1", "ord-2", "ret-3", "ret-4"]],
    ["app_id=orders&order=updated", ["ord-1", "ord-2", "ret-4", "ret-3"]],
    ["app_id=orders&limit=2", ["ret-4", "ret-3"]],
    ["%61pp_id=orders&event=paid", ["ret-4", "ord-2"]],
  ];
  for (const [query, expected] of cases) {
    test(`finds ${expected.length === 0 ? "nothing" : expected} for ${query}`, async () => {
      expect(await ids(query)).toEqual(expected);
    });
  }

  for (const order of ["newest", "oldest", "updated"]) {
    test(`gives every message once over its pages, ${order} first, while events arrive`, async () => {
      const app = `paged-${order}`;
      const make = (n: number, minute: number) =>
        event({ app_id: app, message_id: `m-${String(n).padStart(3, "0")}`, created_at: at(minute) });
      // Ties among them, so that the order needs more than the time.
      await store(Array.from({ length: 25 }, (_, n) => make(n, 20 + Math.floor(n / 4))));
      const all = await ids(`app_id=${app}&order=${order}`);
      const found: string[] = [];
      let cursor: string | null = null;
      for (let page = 0; page === 0 || cursor !== null; page++) {
        const { body }: Answer = await list(
          `app_id=${app}&order=${order}&limit=4${cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`}`,
        );
        found.push(...body.messages.map((message: Json) => message.message_id));
        cursor = body.next_cursor;
        // Before all others in each of the orders, so behind the cursor.
        await store([make(100 + page, order === "oldest" ? 1 : 50)]);
      }
      expect(found).toEqual(all);
      expect(new Set(found).size).toBe(25);
    });
  }

  test("orders by time across apps", async () => {
    const made = (n: number) =>
      event({ app_id: `apps-${n % 3}`, message_id: `global-${n}`, created_at: `2026-04-01T00:00:0${n}Z` });
    await store([3, 1, 4, 0, 5, 2].map(made));
    expect(await ids("prefix=global-&order=oldest")).toEqual([0, 1, 2, 3, 4, 5].map((n) => `global-${n}`));
  });

  test("limits a page to 100 messages by default, and to 1000 at most", async () => {
    const many = Array.from({ length: 1001 }, (_, n) => event({ app_id: "many", message_id: `m-${n}` }));
    await store(many);
    expect(await ids("app_id=many")).toHaveLength(100);
    expect(await ids("app_id=many&limit=1000")).toHaveLength(1000);
    expect((await list("app_id=many&limit=1001")).status).toBe(422);
  });

  const invalid: [query: string, fields: string[]][] = [
    ["limit=0", ["limit"]],
    ["limit=-1", ["limit"]],
    ["limit=1e2", ["limit"]],
    ["limit=", ["limit"]],
    ["order=random", ["order"]],
    ["since=yesterday", ["since"]],
    ["since=2026-03-01", ["since"]],
    ["until=1700000000", ["until"]],
    ["app_id=", ["app_id"]],
    ["app_id", ["app_id"]],
    ["app_id=a&app_id=b", ["app_id"]],
    ["app_id=%00", ["app_id"]],
    [`app_id=${"x".repeat(257)}`, ["app_id"]],
    [`prefix=${"x".repeat(513)}`, ["prefix"]],
    ["min_seq=-1", ["min_seq"]],
    ["min_seq=first", ["min_seq"]],
    ["min_seq=9007199254740993", ["min_seq"]],
    ["cursor=nonsense", ["cursor"]],
    [`cursor=${"x".repeat(5000)}`, ["cursor"]],
    ["limit=0&order=random&event=", ["event", "order", "limit"]],
  ];
  for (const [query, fields] of invalid) {
    test(`refuses ${query.slice(0, 40)}`, async () => {
      const { status, headers, body } = await list(query);
      expect(status).toBe(422);
      expect(headers.get("content-type")).toBe("application/problem+json");
      expect(body.errors.map((error: Json) => error.field)).toEqual(fields);
    });
  }

  test("refuses a cursor of another order", async () => {
    const { body } = await list("app_id=orders&limit=1&order=newest");
    expect(body.next_cursor).toBeString();
    const { status } = await list(
      `app_id=orders&limit=1&order=oldest&cursor=${encodeURIComponent(body.next_cursor)}`,
    );
    expect(status).toBe(422);
  });

  test("takes a broken percent-encoding for not parseable", async () => {
    for (const query of ["app_id=%", "app_id=%zz", "app_id=%ff", "message_id=%ed%a0%80"]) {
      expect((await list(query)).status).toBe(400);
    }
  });
});

describe("GET /api/apps/{app_id}/messages/{message_id}", () => {
  test("answers with the message's events in the order of their times", async () => {
    const made = (name: string, minute: number) =>
      event({ app_id: "life", message_id: "m", event: name, created_at: at(minute) });
    const seq = await store([made("third", 3), made("first", 1), made("second", 2)]);
    const { status, body } = await get(`${mars.url}/api/apps/life/messages/m`);
    expect(status).toBe(200);
    expect(body).toMatchObject({ stages: ["first", "second", "third"], last_event: "third" });
    expect(body.events.map((entry: Json) => [entry.event, entry.created_at, entry.seq])).toEqual([
      ["first", at(1), seq - 1],
      ["second", at(2), seq],
      ["third", at(3), seq - 2],
    ]);
    expect(body.as_of_seq).toBeGreaterThanOrEqual(seq);
  });

  test("answers 404 for a message that is not there, in this app at least", async () => {
    for (const path of ["orders/messages/ord-9", "nobody/messages/ord-1"]) {
      const { status, body } = await get(`${mars.url}/api/apps/${path}`);
      expect(status).toBe(404);
      expect(body).toMatchObject({ status: 404, success: false, code: "not_found" });
    }
  });

  const refused: [path: string, status: number][] = [
    ["a/messages/%", 400],
    ["a/messages/%zz", 400],
    ["%ff/messages/m", 400],
    ["a/messages/%00", 422],
    [`${"x".repeat(257)}/messages/m`, 422],
    [`a/messages/${"x".repeat(513)}`, 422],
    ["a/messages/m?min_seq=x", 422],
    ["a/messages/m?min_seq=1&min_seq=1", 422],
    ["a/messages/", 404],
    ["/messages/m", 404],
    ["a/messages/m/n", 404],
    ["a/messages", 404],
  ];
  for (const [path, status] of refused) {
    test(`answers ${status} to ${path.slice(0, 30)}`, async () => {
      const answer = await get(`${mars.url}/api/apps/${path}`);
      expect(answer.status).toBe(status);
      expect(answer.body.success).toBe(false);
    });
  }
});

describe("min_seq", () => {
  test("shows every write to who waits for it, on both calls", async () => {
    for (let n = 0; n < 20; n++) {
      const sent = event({ app_id: "own", message_id: `m-${n}` });
      const { body } = await post(`${mars.url}/api/event`, sent);
      const [one, many] = await Promise.all([
        get(`${mars.url}/api/apps/own/messages/m-${n}?min_seq=${body.seq}`),
        list(`app_id=own&message_id=m-${n}&min_seq=${body.seq}`),
      ]);
      expect(one.status).toBe(200);
      expect(one.body.as_of_seq).toBeGreaterThanOrEqual(body.seq);
      expect(many.body.messages).toHaveLength(1);
    }
  });

  test("waits for what comes while it waits", async () => {
    const { body } = await post(`${mars.url}/api/event`, event());
    const waiting = list(`app_id=later&min_seq=${body.seq + 1}`);
    await post(`${mars.url}/api/event`, event({ app_id: "later" }));
    expect((await waiting).body.messages).toHaveLength(1);
  });

  test("answers 504 when it does not come within 5 s", async () => {
    const started = performance.now();
    const { status, body } = await list("min_seq=9007199254740991");
    expect(status).toBe(504);
    expect(body).toMatchObject({ status: 504, success: false });
    expect(performance.now() - started).toBeWithin(4_900, 6_500);
  }, 10_000);
});

test("a message from the far future stands in every list by its receipt", async () => {
  const created_at = "2200-01-01T00:00:00Z";
  await store([
    event({ app_id: "ahead", message_id: "now", event: "created" }),
    event({ app_id: "ahead", message_id: "future", event: "created", created_at }),
    event({ app_id: "ahead", message_id: "now", event: "late" }),
  ]);
  const ids = async (query: string) => {
    const { body } = await get(`${mars.url}/api/messages?app_id=ahead&${query}`);
    return (body.messages as Json[]).map(({ message_id }) => message_id);
  };
  expect(await ids("")).toEqual(["future", "now"]);
  expect(await ids("since=24h")).toEqual(["future", "now"]);
  expect(await ids("order=updated")).toEqual(["now", "future"]);
  expect(await ids("order=oldest")).toEqual(["now", "future"]);
  expect(await ids("since=2199-01-01T00:00:00Z")).toEqual([]);
  expect(await ids("message_id=future")).toEqual(["future"]);
});
