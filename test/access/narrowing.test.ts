import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { startMars, type TestMars } from "../support/mars.ts";
import { adminKey, bearer, call } from "./doors.ts";

let mars: TestMars;
const tokens: Record<string, string> = {};
const apps = ["shop", "shop-eu", "shopping", "other"];
const lifecycle = { stages: [{ event: "A" }, { event: "B", after: "A", within: "1ms" }], complete_on: ["B"] };

beforeAll(async () => {
  mars = await startMars({ adminKey, alertAllow: ["*"] });
  const keys = {
    shop: ["shop"],
    "shop-*": ["shop-*"],
    both: ["shop", "shop-*"],
    none: ["empty"],
    "*": ["*"],
  };
  for (const [name, patterns] of Object.entries(keys)) {
    const { body } = await call(mars, "POST /api/keys", adminKey, { kind: "rw", apps: patterns, name });
    tokens[name] = body.token as string;
  }
  const sink = { type: "webhook", url: "http://127.0.0.1:65535/x" };
  const put = await call(mars, "PUT /api/alerts/sinks/s", adminKey, sink);
  expect([put.status, put.body.detail]).toEqual([200, undefined]);
  for (const app of apps) {
    await call(mars, `PUT /api/apps/${app}/lifecycle`, adminKey, lifecycle);
    await call(mars, `PUT /api/alerts/rules/of-${app}`, adminKey, { app_id: app, sinks: ["s"] });
    await call(mars, "POST /api/alerts/silences", adminKey, { app_id: app, for: "1h" });
  }
  await call(mars, "PUT /api/alerts/rules/of-all", adminKey, { sinks: ["s"] });
  const events = apps.map((app_id) => ({ app_id, message_id: "m", event: "A" }));
  const { body } = await call(mars, "POST /api/event/bulk", adminKey, { events });
  // Their findings are raised by then.
  for (let left = apps.length; left > 0; ) {
    const found = await call(mars, `GET /api/findings?min_seq=${body.seq}`, adminKey);
    left = apps.length - (found.body.findings as unknown[]).length;
  }
});
afterAll(() => mars[Symbol.asyncDispose]());

const lists = [
  ["GET /api/messages", "messages"],
  ["GET /api/messages?message_id=m", "messages"],
  ["GET /api/messages?prefix=m&order=updated", "messages"],
  ["GET /api/messages?order=overdue", "messages"],
  ["GET /api/findings", "findings"],
  ["GET /api/findings?message_id=m&order=oldest", "findings"],
  ["GET /api/overdue", "overdue"],
  ["GET /api/apps", "apps"],
  ["GET /api/alerts/rules", "rules"],
  ["GET /api/alerts/silences", "silences"],
] as const;

const visible: Readonly<Record<string, readonly string[]>> = {
  shop: ["shop"],
  "shop-*": ["shop-eu"],
  both: ["shop", "shop-eu"],
  none: [],
  "*": apps,
};

describe.each(Object.keys(visible))("a list without an app, for a key for %s", (name) => {
  test.each(lists)("%s has what the key may see, and names the apps", async (request, member) => {
    const { status, body } = await call(mars, request, tokens[name] ?? "");
    const rows = body[member] as { app_id: string | null }[];
    const seen = rows.map(({ app_id }) => app_id).filter((app) => app !== null);
    expect([status, seen.sort()]).toEqual([200, [...(visible[name] ?? [])].sort()]);
    // A rule for every app concerns more than the key does.
    if (name !== "*") expect(rows.some(({ app_id }) => app_id === null)).toBe(false);
    const patterns = { shop: ["shop"], "shop-*": ["shop-*"], both: ["shop", "shop-*"], none: ["empty"] };
    const limited = member === "apps" ? body.limited_to : body.apps;
    expect(limited).toEqual(patterns[name as keyof typeof patterns]);
  });
});

test("pages of a narrowed list have every message once", async () => {
  const events = Array.from({ length: 60 }, (_, i) => ({
    app_id: i % 3 === 0 ? "shop" : "crowd",
    message_id: `p-${i}`,
    event: "A",
  }));
  const { body } = await call(mars, "POST /api/event/bulk", adminKey, { events });
  const ids: string[] = [];
  for (let cursor: string | null = ""; cursor !== null; ) {
    const page = await call(
      mars,
      `GET /api/messages?prefix=p-&limit=7&min_seq=${body.seq}${cursor === "" ? "" : `&cursor=${cursor}`}`,
      tokens.both ?? "",
    );
    ids.push(...(page.body.messages as { message_id: string }[]).map(({ message_id }) => message_id));
    cursor = page.body.next_cursor as string | null;
  }
  const wanted = events.filter(({ app_id }) => app_id === "shop").map(({ message_id }) => message_id);
  expect(ids.sort()).toEqual(wanted.sort());
});

test("what is named of another app is not found, and what would change it is forbidden", async () => {
  const token = tokens.shop ?? "";
  for (const request of [
    "GET /api/apps/other/messages/m",
    "GET /api/messages?app_id=other",
    "GET /api/findings?app_id=other",
    "GET /api/overdue?app_id=other",
    "GET /api/apps/other/funnel",
    "GET /api/apps/other/latency",
    "GET /api/apps/other/rates",
    "GET /api/apps/other/lifecycle",
    "GET /api/apps/other/lifecycle/versions",
    "GET /api/alerts/rules/of-other",
    "GET /api/alerts/incidents?app_id=other",
    // By its id alone it says nothing of its app.
    "DELETE /api/alerts/rules/of-other",
    "DELETE /api/alerts/silences/4",
  ] as const) {
    expect([request, (await call(mars, request, token)).status]).toEqual([request, 404]);
  }
  for (const [request, body] of [
    ["PUT /api/apps/other/lifecycle", lifecycle],
    ["DELETE /api/apps/other/lifecycle"],
    ["PUT /api/alerts/rules/of-other", { app_id: "shop", sinks: ["s"] }],
    ["PUT /api/alerts/rules/new", { app_id: "other", sinks: ["s"] }],
    ["PUT /api/alerts/rules/new", { sinks: ["s"] }],
    ["POST /api/alerts/silences", { app_id: "other", for: "1h" }],
    ["POST /api/alerts/silences", { for: "1h" }],
    ["PUT /api/alerts/sinks/s", { type: "webhook", url: "http://127.0.0.1:65535/x" }],
    ["GET /api/q/stats"],
  ] as const) {
    expect([request, (await call(mars, request, token, body)).status]).toEqual([request, 403]);
  }
  expect(
    (await call(mars, "PUT /api/alerts/rules/of-shop", token, { app_id: "shop", sinks: ["s"] })).status,
  ).toBe(200);
});

test("an ingest key reports for its apps only, and of a batch only these are taken", async () => {
  const made = await call(mars, "POST /api/keys", adminKey, { kind: "in", apps: ["shop-*"], name: "in" });
  const token = made.body.token as string;
  const event = (app_id: string) => ({ app_id, message_id: "b", event: "A" });
  expect((await call(mars, "POST /api/event", token, event("shop-eu"))).status).toBe(200);
  const foreign = await call(mars, "POST /api/event", token, event("shop"));
  expect([foreign.status, foreign.body.errors?.[0]?.field]).toEqual([403, "app_id"]);
  const some = await call(mars, "POST /api/event/bulk", token, { events: [event("shop-a"), event("shop")] });
  expect([some.status, some.body.accepted, some.body.errors]).toEqual([
    207,
    1,
    [{ index: 1, field: "app_id", message: "is not an app of this key" }],
  ]);
  const none = await call(mars, "POST /api/event/bulk", token, { events: [event("shop"), event("other")] });
  expect(none.status).toBe(403);
  expect((await call(mars, "GET /api/messages", token)).status).toBe(403);
});

describe("a live topic", () => {
  const events = ["other", "shop", "shop-eu"].map((app_id) => ({
    app_id,
    message_id: "live",
    event: "L",
    external_id: "x/1",
  }));

  test.each(["all", "event_timeline:live", "journeys/x%2F1"])(
    "%s carries only what the key may see, live and from history",
    async (topic) => {
      const query = new URLSearchParams({ topic });
      const open = (path: string) =>
        fetch(`${mars.url}/api/stream?${path}`, { headers: bearer(tokens.both ?? "") });
      const live = await open(`${query}`);
      const { body } = await call(mars, "POST /api/event/bulk", adminKey, { events });
      const last = body.seq as number;
      expect(await appsUpTo(live, last)).toEqual(["shop", "shop-eu"]);
      expect(await appsUpTo(await open(`${query}&after=${last - 3}`), last)).toEqual(["shop", "shop-eu"]);
    },
  );

  test("of another app's is refused", async () => {
    for (const topic of ["apps/other", "apps/other/messages/m", "apps/other/findings"]) {
      const query = new URLSearchParams({ topic });
      const { status } = await fetch(`${mars.url}/api/stream?${query}`, {
        headers: bearer(tokens.shop ?? ""),
      });
      expect([topic, status]).toEqual([topic, 403]);
    }
  });
});

/** The apps of the events of `live` in a stream, up to this seq. */
async function appsUpTo(response: Response, last: number): Promise<string[]> {
  expect(response.status).toBe(200);
  const seen: string[] = [];
  let text = "";
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    if (text.includes(`id: ${last}\nevent: event`)) break;
  }
  for (const [, data = ""] of text.matchAll(/event: event\ndata: (.*)\n/g)) {
    const { app_id, message_id } = JSON.parse(data);
    if (message_id === "live") seen.push(app_id);
  }
  return seen;
}
