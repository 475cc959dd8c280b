/** The secrets of sinks over REST: shown to no reader, sent to the receiver, and kept when a sink is changed. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { startMars, type TestMars } from "../../support/mars.ts";
import { type Receiver, startReceiver } from "../../support/receiver.ts";

type Json = Readonly<Record<string, unknown>>;

let mars: TestMars;
let receiver: Receiver;
beforeAll(async () => {
  receiver = startReceiver();
  mars = await startMars({ alertAllow: ["127.0.0.1"] });
});
afterAll(async () => {
  await mars[Symbol.asyncDispose]();
  await receiver[Symbol.asyncDispose]();
});

async function call(method: string, path: string, body?: unknown) {
  const response = await fetch(`${mars.url}/api/alerts/sinks/${path}`, {
    method,
    ...(body !== undefined && {
      body: JSON.stringify(body),
      headers: { "content-type": "application/json" },
    }),
  });
  // biome-ignore lint/suspicious/noExplicitAny: each test knows what it asked for.
  return { status: response.status, body: (await response.json()) as any };
}

/** Puts what `change` makes of the sink as it is shown. */
async function change(id: string, members: Json) {
  const { id: _, ...shown } = (await call("GET", id)).body;
  return call("PUT", id, { ...shown, ...members });
}

/** What the receiver gets of a test of the sink. */
async function sent(id: string) {
  const before = receiver.received.length;
  expect((await call("POST", `${id}/test`)).body.success).toBe(true);
  return receiver.received[before]!;
}

const headers = { Authorization: "Bearer very-secret token", "X-Env": "p" };

test("headers are sent with every notification, beside those of Mars, and shown by name only", async () => {
  const put = await call("PUT", "own", { type: "webhook", url: receiver.url, headers });
  const hidden = { Authorization: "(hidden)", "X-Env": "(hidden)" };
  expect(put.body.sink).toMatchObject({ headers: hidden, secret: expect.stringMatching(/^whsec_/) });
  const shown = { id: "own", type: "webhook", url: receiver.url, secret: "(hidden)", headers: hidden };
  expect((await call("GET", "own")).body).toEqual(shown);
  expect((await call("GET", "../sinks")).body.sinks).toEqual([shown]);
  const got = (await sent("own")).headers;
  expect(got).toMatchObject({
    authorization: headers.Authorization,
    "x-env": "p",
    "user-agent": "Mars/test",
  });
  expect(got["webhook-signature"]).toStartWith("v1,");
});

test("a sink that is read, changed and put again keeps its secrets; without headers it keeps them too", async () => {
  await call("PUT", "again", { type: "webhook", url: `${receiver.url}?token=in-the-query`, headers });
  const shown = (await call("GET", "again")).body;
  expect(shown.url).toBe(`${receiver.url}?(hidden)`);
  const url = receiver.url.replace("/hook", "/other");
  const put = await change("again", { url: `${url}?(hidden)` });
  expect(put).toEqual({ status: 200, body: { success: true, sink: { ...shown, url: `${url}?(hidden)` } } });
  expect(await sent("again")).toMatchObject({
    path: "/other?token=in-the-query",
    headers: { authorization: headers.Authorization, "x-env": "p" },
  });
  await call("PUT", "again", { type: "webhook", url });
  expect(await sent("again")).toMatchObject({
    path: "/other",
    headers: { authorization: headers.Authorization },
  });
});

test("headers can be replaced one by one, in any case, and removed", async () => {
  await call("PUT", "some", { type: "webhook", url: receiver.url, headers });
  await change("some", { headers: { authorization: "(hidden)", "X-New": "n" } });
  const got = (await sent("some")).headers;
  expect([got.authorization, got["x-new"], got["x-env"]]).toEqual([headers.Authorization, "n", undefined]);
  expect((await change("some", { headers: {} })).body.sink.headers).toBeUndefined();
  expect((await sent("some")).headers.authorization).toBeUndefined();
});

test("Slack's URL is kept where it comes back hidden", async () => {
  await call("PUT", "slack", { type: "slack", url: receiver.url });
  const hidden = `${new URL(receiver.url).origin}/(hidden)`;
  expect((await change("slack", {})).body.sink.url).toBe(hidden);
  await change("slack", { url: hidden.replace("(hidden)", "%28hidden%29") });
  expect((await sent("slack")).path).toBe("/hook");
});

test("no secret is sent to another scheme, host or port than it was given for", async () => {
  await call("PUT", "moved", { type: "webhook", url: `${receiver.url}?token=t`, headers });
  await using other = startReceiver();
  for (const url of [other.url, receiver.url.replace("http:", "https:"), "http://93.184.215.14/"]) {
    const { status, body } = await change("moved", { url });
    expect([status, body.errors.map(({ field }: { field: string }) => field)]).toEqual([
      422,
      ["headers.Authorization", "headers.X-Env"],
    ]);
    expect((await call("PUT", "moved", { type: "webhook", url })).body.errors[0].field).toBe("headers");
    const hidden = await call("PUT", "moved", { type: "webhook", url: `${url}?(hidden)`, headers });
    expect(hidden.body.errors[0].field).toBe("url");
  }
  const given = await call("PUT", "moved", { type: "webhook", url: other.url, headers: { "X-Env": "q" } });
  expect(given.status).toBe(200);
  await call("PUT", "slack-moved", { type: "slack", url: receiver.url });
  const slack = await change("slack-moved", { url: `${new URL(other.url).origin}/(hidden)` });
  expect(slack).toMatchObject({ status: 422, body: { errors: [{ field: "url" }] } });
  expect(other.received).toHaveLength(0);
});

describe("what is refused, and where", () => {
  const one = (name: string, value: unknown) => ({ [name]: value });
  const many = (count: number, value: string) =>
    Object.fromEntries(Array.from({ length: count }, (_, n) => [`x-${n}`, value]));
  const cases: [headers: unknown, field: string][] = [
    [[], "headers"],
    ["x: y", "headers"],
    [null, "headers"],
    [many(17, "a"), "headers"],
    [many(5, "a".repeat(1_000)), "headers"],
    [one("x", "a".repeat(1_025)), "headers.x"],
    [one("x", ""), "headers.x"],
    [one("x", 1), "headers.x"],
    [one("x", ["a"]), "headers.x"],
    [one("x", " a"), "headers.x"],
    [one("x", "a\r\nHost: b"), "headers.x"],
    [one("x", "a\tb"), "headers.x"],
    [one("x", "ä"), "headers.x"],
    [one("x", "(hidden)"), "headers.x"],
    [one("", "a"), "headers."],
    [one("a b", "a"), "headers.a b"],
    [one("a:", "a"), "headers.a:"],
    [one("a\r\nb", "a"), "headers.a\r\nb"],
    [one("a".repeat(65), "a"), `headers.${"a".repeat(64)}`],
    [{ "X-A": "a", "x-a": "b" }, "headers.x-a"],
    ...[
      "Host",
      "Connection",
      "Keep-Alive",
      "Proxy-Authorization",
      "TE",
      "Trailer",
      "Transfer-Encoding",
      "Upgrade",
      "Expect",
      "Content-Length",
      "Content-Type",
      "Webhook-Id",
      "webhook-signature",
      "User-Agent",
      "Accept-Encoding",
    ].map((name): [unknown, string] => [one(name, "a"), `headers.${name}`]),
  ];
  for (const [headers, field] of cases) {
    test(JSON.stringify(headers).slice(0, 60), async () => {
      const answer = await call("PUT", "bad", { type: "webhook", url: receiver.url, headers });
      expect(answer).toMatchObject({ status: 422, body: { success: false, errors: [{ field }] } });
    });
  }

  test("a secret that is hidden while there is none, and headers of another type of sink", async () => {
    const bad = { type: "webhook", url: `${receiver.url}?(hidden)`, secret: "(hidden)" };
    const { body } = await call("PUT", "bad", bad);
    expect(body.errors.map(({ field }: { field: string }) => field)).toEqual(["url", "secret"]);
    for (const sink of [
      { type: "slack", url: receiver.url },
      { type: "email", to: ["a@example.com"] },
    ]) {
      const refused = await call("PUT", "bad", { ...sink, headers: { "x-a": "b" } });
      expect(refused.body.errors).toEqual([{ field: "headers", message: `is not for ${sink.type}` }]);
    }
    expect((await call("GET", "bad")).status).toBe(404);
  });

  test("names that objects have by themselves are names like any other", async () => {
    const body = `{"type":"webhook","url":"${receiver.url}","headers":{"__proto__":"a","constructor":"b"}}`;
    const put = await fetch(`${mars.url}/api/alerts/sinks/proto`, {
      method: "PUT",
      body,
      headers: { "content-type": "application/json" },
    });
    expect(put.status).toBe(200);
    expect((await sent("proto")).headers.constructor as unknown).toBe("b");
  });
});

test("a broker's password is hidden, and kept for the same scheme, user, host and port", async () => {
  const url = (user: string, host = "127.0.0.1:1234", subject = "alerts") =>
    `nats://${user}@${host}?subject=${subject}`;
  const put = (text: string) => call("PUT", "broker", { type: "broker", url: text });
  expect((await put(url("mars:very-secret"))).body.sink).toEqual({
    id: "broker",
    type: "broker",
    url: url("mars:(hidden)"),
  });
  const tried = (text: string) => call("PUT", "broker", { type: "broker", url: text, dry_run: true });
  expect((await tried(url("mars:another"))).body.sink.url).toBe(url("mars:(changed)"));
  const kept = url("mars:(hidden)", "127.0.0.1:1234", "others");
  expect((await put(kept)).body.sink.url).toBe(kept);
  expect((await tried(url("mars:very-secret"))).body.sink.url).toBe(url("mars:(hidden)"));
  for (const moved of [url("mars:(hidden)", "127.0.0.1:1235"), url("other:(hidden)")]) {
    const { status, body } = await put(moved);
    expect([status, JSON.stringify(body)]).toEqual([422, expect.stringContaining("url must be whole")]);
  }
  expect((await put(url("a-token"))).body.sink.url).toBe(url("(hidden)"));
  const { body } = await call("POST", "broker/test");
  expect(body.attempt).toMatchObject({ outcome: "failed", error: "broker could not be connected to" });
  expect((await call("DELETE", "broker")).status).toBe(200);
});

test.each([
  ["nats://10.1.2.3:4222?subject=a", "must not lead to 10.1.2.3, which is not public"],
  ["redis://127.0.0.1:22?stream=a", "must have port 80, 443 or one from 1024 on"],
  ["kafka://8.8.8.8:9092?topic=a", "must have a host that MARS_ALERT_ALLOW names"],
  ["pulsar://127.0.0.1:6650?topic=a", "must be one of nats://"],
])("a broker at %s is refused", async (url, problem) => {
  const { status, body } = await call("PUT", "refused", { type: "broker", url });
  expect([status, JSON.stringify(body)]).toEqual([422, expect.stringContaining(problem)]);
});
