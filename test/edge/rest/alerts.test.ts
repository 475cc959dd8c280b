/** The settings of alerts over REST: what is taken, what is refused and where. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { sinksMax } from "../../../src/alerting/sink.ts";
import { startMars, type TestMars } from "../../support/mars.ts";
import { get, post } from "./client.ts";

let mars: TestMars;
beforeAll(async () => {
  mars = await startMars();
  await call("PUT", "sinks/ops", { type: "slack", url: "https://93.184.215.14/services/T0/B0/secret" });
});
afterAll(() => mars[Symbol.asyncDispose]());

async function call(method: string, path: string, body?: unknown) {
  const response = await fetch(`${mars.url}/api/alerts/${path}`, {
    method,
    ...(body !== undefined && {
      body: JSON.stringify(body),
      headers: { "content-type": "application/json" },
    }),
  });
  // biome-ignore lint/suspicious/noExplicitAny: each test knows what it asked for.
  return { status: response.status, body: (await response.json()) as any };
}

test("a rule comes back as it was put, with defaults for what was left out", async () => {
  const put = await call("PUT", "rules/stuck", { sinks: ["ops"] });
  const rule = {
    id: "stuck",
    app_id: null,
    kinds: ["missing"],
    stage: null,
    after: null,
    at_least: 1,
    condition: null,
    schedule: null,
    window: "1m",
    repeat: "4h",
    grow_at_least: 1,
    grow_factor: 2,
    grow_after: "5m",
    sinks: ["ops"],
  };
  expect(put).toEqual({ status: 200, body: { success: true, rule } });
  expect((await call("GET", "rules/stuck")).body).toEqual(rule);
  const full = {
    app_id: "shop",
    kinds: ["missing", "failed"],
    stage: "B",
    after: "A",
    at_least: 10,
    window: "5m",
    repeat: "off",
    sinks: ["ops"],
  };
  await call("PUT", "rules/stuck", full);
  expect((await call("GET", "rules")).body).toEqual({
    rules: [
      {
        id: "stuck",
        ...full,
        condition: null,
        schedule: null,
        grow_at_least: 10,
        grow_factor: 2,
        grow_after: "5m",
      },
    ],
    next_cursor: null,
  });
  expect(await call("DELETE", "rules/stuck")).toEqual({ status: 200, body: { success: true } });
  expect((await call("DELETE", "rules/stuck")).status).toBe(404);
  expect((await call("GET", "rules/stuck")).status).toBe(404);
});

test("the former names of a rule's window and of resolved incidents are understood", async () => {
  const put = await call("PUT", "rules/former", { sinks: ["ops"], over: "2m" });
  expect(put).toMatchObject({ status: 200, body: { rule: { window: "2m" } } });
  expect(put.body.rule).not.toHaveProperty("over");
  expect(await call("GET", "incidents?state=over")).toEqual(await call("GET", "incidents?state=resolved"));
  await call("DELETE", "rules/former");
});

test("a signing secret is in one answer, kept when the sink is put again, and never shown", async () => {
  const sink = { type: "webhook", url: "https://93.184.215.14/hook" };
  const made = await call("PUT", "sinks/hook", sink);
  expect(made.body.sink.secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
  expect((await call("PUT", "sinks/hook", sink)).body.sink.secret).toBe("(hidden)");
  expect((await call("GET", "sinks/hook")).body).toEqual({ id: "hook", ...sink, secret: "(hidden)" });
  expect(JSON.stringify((await call("GET", "sinks")).body)).not.toContain("T0/B0");
  expect((await call("DELETE", "sinks/hook")).status).toBe(200);
});

test("a sink that a rule names stays", async () => {
  await call("PUT", "rules/names-it", { sinks: ["ops"] });
  const refused = await call("DELETE", "sinks/ops");
  expect(refused).toMatchObject({ status: 422, body: { errors: [{ field: "id" }] } });
  expect(refused.body.detail).toContain("names-it");
  await call("DELETE", "rules/names-it");
});

test("incidents of an app without any are none, and of an app that is not known 404", async () => {
  expect((await call("GET", "incidents?app_id=shop")).status).toBe(404);
  const event = { app_id: "shop", message_id: "m", event: "CREATED" };
  const { body } = await post(`${mars.url}/api/event`, event);
  await get(`${mars.url}/api/messages?min_seq=${body.seq}`);
  const empty = {
    status: 200,
    body: { incidents: [], next_cursor: null, as_of_seq: expect.any(Number), incident_seq: 0 },
  };
  expect(await call("GET", "incidents?app_id=shop")).toEqual(empty);
});

test("a member or a parameter that is not known is refused with the nearest that is", async () => {
  const rule = await call("PUT", "rules/r", { sinks: ["ops"], windw: "1m" });
  expect(rule.body.errors).toEqual([{ field: "windw", message: "is not known: did you mean window?" }]);
  const incidents = await call("GET", "incidents?stat=active");
  expect(incidents.body.errors).toEqual([{ field: "stat", message: "is not known: did you mean state?" }]);
});

test("a silence is listed with its end, and can be deleted", async () => {
  const made = await call("POST", "silences", { rule: "r", kind: "late", for: "2h", comment: "deploy" });
  const { silence } = made.body;
  expect(silence).toMatchObject({ app_id: null, rule: "r", stage: null, kind: "late", active: true });
  expect(Date.parse(silence.until) - Date.parse(silence.created_at)).toBe(7_200_000);
  expect((await call("GET", "silences")).body).toEqual({ silences: [silence], next_cursor: null });
  expect((await call("DELETE", `silences/${silence.id}`)).status).toBe(200);
  expect((await call("DELETE", `silences/${silence.id}`)).status).toBe(404);
});

test("rules and silences come in pages where they are asked for in pages", async () => {
  const ids = ["a", "b", "c"];
  for (const id of ids) await call("PUT", `rules/${id}`, { sinks: ["ops"] });
  for (const comment of ids) await call("POST", "silences", { for: "1h", comment });
  const seen: string[][] = [];
  for (const list of ["rules", "silences"]) {
    const { body: first } = await call("GET", `${list}?limit=2`);
    const { body: second } = await call("GET", `${list}?limit=2&cursor=${first.next_cursor}`);
    expect([first[list].length, second.next_cursor]).toEqual([2, null]);
    seen.push([...first[list], ...second[list]].map(({ id, comment }) => comment ?? id));
    expect(await call("GET", `${list}?cursor=x`)).toMatchObject({ status: 422 });
  }
  expect(seen).toEqual([ids, ids.toReversed()]);
  for (const id of ids) await call("DELETE", `rules/${id}`);
  for (const { id } of (await call("GET", "silences")).body.silences) await call("DELETE", `silences/${id}`);
});

test("beyond the most sinks there may be, a client is refused for good", async () => {
  const sink = { type: "slack", url: "https://93.184.215.14/" };
  const { sinks } = (await call("GET", "sinks")).body;
  const ids = Array.from({ length: sinksMax - sinks.length }, (_, n) => `one-of-many-${n}`);
  const puts = await Promise.all(ids.map((id) => call("PUT", `sinks/${id}`, sink)));
  expect(puts.every(({ status }) => status === 200)).toBe(true);
  const refused = await fetch(`${mars.url}/api/alerts/sinks/one-too-many`, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(sink),
  });
  expect([refused.status, refused.headers.get("retry-after")]).toEqual([422, null]);
  expect((await call("PUT", `sinks/${ids[0]}`, sink)).status).toBe(200);
  await Promise.all(ids.map((id) => call("DELETE", `sinks/${id}`)));
});

describe("what is refused, and where", () => {
  const target = "https://93.184.215.14/";
  const cases: [method: string, path: string, body: unknown, field: string][] = [
    ["PUT", "rules/a%20b", { sinks: ["ops"] }, "id"],
    ["PUT", `rules/${"a".repeat(65)}`, { sinks: ["ops"] }, "id"],
    ["PUT", "sinks/s", [], ""],
    ["PUT", "rules/r", {}, "sinks"],
    ["PUT", "rules/r", { sinks: [] }, "sinks"],
    ["PUT", "rules/r", { sinks: ["nobody"] }, "sinks[0]"],
    ["PUT", "rules/r", { sinks: ["ops", "ops"] }, "sinks[1]"],
    ["PUT", "rules/r", { sinks: ["ops"], atleast: 3 }, "atleast"],
    ["PUT", "rules/r", { sinks: ["ops"], at_least: 0 }, "at_least"],
    ["PUT", "rules/r", { sinks: ["ops"], at_least: 1.5 }, "at_least"],
    ["PUT", "rules/r", { sinks: ["ops"], kinds: ["lost"] }, "kinds"],
    ["PUT", "rules/r", { sinks: ["ops"], kinds: ["late", "late"] }, "kinds"],
    ["PUT", "rules/r", { sinks: ["ops"], window: "0s" }, "window"],
    ["PUT", "rules/r", { sinks: ["ops"], over: "0s" }, "over"],
    ["PUT", "rules/r", { sinks: ["ops"], window: "1m", over: "1m" }, "over"],
    ["PUT", "rules/r", { sinks: ["ops"], repeat: 60 }, "repeat"],
    ["PUT", "rules/r", { sinks: ["ops"], app_id: "\ud800" }, "app_id"],
    ["PUT", "sinks/s", { type: "pager" }, "type"],
    ["PUT", "sinks/s", { type: "webhook" }, "url"],
    ["PUT", "sinks/s", { type: "webhook", url: "http://169.254.169.254/" }, "url"],
    ["PUT", "sinks/s", { type: "webhook", url: "http://localhost:1/" }, "url"],
    ["PUT", "sinks/s", { type: "webhook", url: "http://nobody.invalid/" }, "url"],
    ["PUT", "sinks/s", { type: "slack", url: "file:///etc/passwd" }, "url"],
    ["PUT", "sinks/s", { type: "webhook", url: target, secret: "whsec_short" }, "secret"],
    ["PUT", "sinks/s", { type: "slack", url: target, secret: "whsec_x" }, "secret"],
    ["PUT", "sinks/s", { type: "email", to: ["a@example.com"] }, "type"],
    ["PUT", "sinks/s", { type: "email", to: ["a@example.com, b@example.com"] }, "to[0]"],
    ["PUT", "sinks/s", { type: "email", to: ["a@b\r\nBcc: c@d"] }, "to[0]"],
    ["POST", "silences", {}, "until"],
    ["POST", "silences", { for: "1h", until: "2099-01-01T00:00:00Z" }, "until"],
    ["POST", "silences", { until: "2020-01-01T00:00:00Z" }, "until"],
    ["POST", "silences", { for: "1h", kind: "lost" }, "kind"],
    ["PUT", "rules/r", { id: "r", sinks: ["ops"] }, "id"],
    ["PUT", "rules/r?dry_run=1", { sinks: ["ops"] }, "dry_run"],
    ["PUT", "sinks/s", { type: "email", to: "a@example.com" }, "to"],
    ["DELETE", "silences/none", undefined, "id"],
    ["GET", "incidents?state=open", undefined, "state"],
    ["GET", "incidents?cursor=x", undefined, "cursor"],
    ["GET", "deliveries?limit=0", undefined, "limit"],
  ];
  for (const [method, path, body, field] of cases) {
    test(`${method} ${path} ${JSON.stringify(body)?.slice(0, 60) ?? ""}`, async () => {
      const answer = await call(method, path, body);
      expect(answer).toMatchObject({ status: 422, body: { success: false, errors: [{ field }] } });
    });
  }
});
