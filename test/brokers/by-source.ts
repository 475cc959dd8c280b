/** `npm run test:by-source`: a collector whose messages a source maps, from a NATS to the events, and what becomes of the others. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startMars, type TestMars } from "../support/mars.ts";
import { until } from "../support/until.ts";
import { startNats } from "./engines/nats.ts";
import type { TestBroker } from "./engines/test-broker.ts";

interface Collector {
  readonly state: string;
  readonly source: string;
  readonly events: number;
  readonly ignored: number;
  readonly refused: number;
  readonly refused_kept: number;
  readonly last_error: string;
  readonly lag: number | null;
}

let directory: string;
let broker: TestBroker;
let mars: TestMars;
let published = 0;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "mars-by-source-"));
  broker = await startNats(directory);
  await broker.prepare();
  mars = await startMars();
}, 60_000);

afterAll(async () => {
  await mars[Symbol.asyncDispose]();
  await broker.stop();
  await rm(directory, { recursive: true, force: true });
});

async function ask<T>(method: string, path: string, body?: object): Promise<T> {
  const answer = await fetch(`${mars.url}${path}`, {
    method,
    ...(body !== undefined && {
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    }),
  });
  const answered = await answer.json();
  if (!answer.ok) throw new Error(`${method} ${path}: ${JSON.stringify(answered)}`);
  return answered as T;
}

const status = () => ask<Collector>("GET", "/api/collectors/github");
const reached = (is: (collector: Collector) => boolean, what: string) =>
  until(
    async () => is(await status()),
    () => what,
    20_000,
  );
const publish = (bodies: readonly object[], headers: Readonly<Record<string, string>> = {}) =>
  broker.publish(bodies.map((body) => ({ id: `s-${published++}`, body: JSON.stringify(body), headers })));
const rejected = async () =>
  (
    await ask<{ messages: readonly { reason: string; body: string; headers: Record<string, string> }[] }>(
      "GET",
      "/api/collectors/github/rejected",
    )
  ).messages;
const stored = (path: string) =>
  until(
    async () => (await fetch(`${mars.url}${path}`)).status === 200,
    () => `${path} is stored`,
    10_000,
  );

const pull = (number: number, more: object = {}) => ({
  action: "opened",
  pull_request: { number, title: `Change ${number}`, updated_at: "2026-01-31T12:00:00Z" },
  repository: { full_name: "octo/hello" },
  ...more,
});

/** Rules over the payload of GitHub, which is in a message as it is. */
const source = {
  app_id: "ci",
  verify: { scheme: "none" },
  when: 'body.action != "labeled"',
  message_id: 'body.repository.full_name + "#" + string(body.pull_request.number)',
  event: "body.action",
  created_at: "body.pull_request.updated_at",
  attributes: { title: "body.pull_request.title" },
};

test("the messages of a collector are mapped by its source", async () => {
  const url = broker.url();
  await ask("PUT", "/api/collectors/github", { url, source: "github" });
  await publish([pull(1)]);
  await reached(({ state }) => state === "waiting", "it waits for a source that does not exist");
  expect(await status()).toMatchObject({
    source: "github",
    last_error: "there is no source github",
    events: 0,
    refused: 0,
  });
  const health = await ask<object>("GET", "/readyz");
  expect(JSON.stringify(health)).toContain("the collector github waits: there is no source github");

  await ask("PUT", "/api/sources/github", source);
  await reached(({ events, state }) => events === 1 && state === "reading", "it goes on by the source");
  expect(await status()).toMatchObject({ last_error: "" });
  expect(JSON.stringify(await ask("GET", "/readyz"))).not.toContain("the collector github");

  const { pull_request: _, ...without } = pull(0, { issue: { number: 4 } });
  await publish([pull(2, { action: "labeled" }), pull(3), without]);
  await reached(
    ({ events, ignored, refused, lag }) => events === 2 && ignored === 1 && refused === 1 && lag === 0,
    "each message is an event, ignored or refused, and acknowledged",
  );
  const messages = await rejected();
  expect(messages.map(({ body }) => JSON.parse(body))).toEqual([without]);
  expect(messages[0]?.reason).toMatch(/^message_id /);

  const corrected = {
    ...source,
    message_id:
      'body.repository.full_name + "#" + string(has(body.issue) ? body.issue.number : body.pull_request.number)',
  };
  await ask("PUT", "/api/sources/github", corrected);
  expect(await ask<object>("POST", "/api/collectors/github/rejected/replay")).toMatchObject({
    replayed: 1,
    refused: 0,
  });
  expect(await status()).toMatchObject({ refused_kept: 0 });

  for (const number of [1, 3, 4]) {
    const path = `/api/apps/ci/messages/${encodeURIComponent(`octo/hello#${number}`)}/events`;
    await stored(path);
    const { events } = await ask<{ events: readonly object[] }>("GET", path);
    expect(events).toHaveLength(1);
    const given = { created_at: "2026-01-31T12:00:00.000000Z", attributes: { title: `Change ${number}` } };
    expect(events).toMatchObject([{ event: "opened", ...(number !== 4 && given) }]);
  }
}, 60_000);

test("the bound and the figures of the source are those of its deliveries, too", async () => {
  interface Figures {
    readonly sources: Readonly<
      Record<string, { readonly deliveries: Readonly<Record<string, number>>; readonly events: number }>
    >;
  }
  const figures = async () => (await ask<Figures>("GET", "/api/q/stats")).sources.github;
  // Two events, one that its rules leave out, one that is refused, and that one's replay.
  expect(await figures()).toMatchObject({ deliveries: { accepted: 3, ignored: 2 }, events: 3 });
  await ask("PUT", "/api/sources/github", { ...source, body_bytes_max: 1_024 });
  const { refused } = await status();
  await publish([pull(7, { text: "x".repeat(1_024) }), pull(8)]);
  await reached((now) => now.refused === refused + 1 && now.events === 3, "one is refused, one is an event");
  expect((await rejected())[0]?.reason).toContain("body must be at most 1024 bytes");
  expect(await figures()).toMatchObject({ deliveries: { accepted: 4, failed: 1 }, events: 4 });
  await ask("DELETE", "/api/collectors/github/rejected");
}, 60_000);

test("a collector with a source has no app of its own", async () => {
  const put = ask("PUT", "/api/collectors/other", { url: broker.url(), source: "github", app_id: "ci" });
  await expect(put).rejects.toThrow("must be absent: the source gives the app");
});

test("a refused message has its headers in a replay, and goes with an erasure of its message", async () => {
  // A preset of GitHub's webhooks reads the kind of the event from a header.
  const preset = { app_id: "ci", preset: "github", verify: { scheme: "none" } };
  await ask("PUT", "/api/sources/github", { ...preset, message_id: "body.pull_request.missing" });
  const { refused } = await status();
  const headers = {
    "X-GitHub-Event": "pull_request",
    "X-GitHub-Delivery": "d-5",
    Authorization: "Bearer abc",
  };
  await publish([pull(5)], headers);
  await publish([pull(6)], { ...headers, "X-GitHub-Delivery": "d-6" });
  await reached((now) => now.refused === refused + 2, "they are refused");
  expect((await rejected()).map((message) => message.headers)).toMatchObject([
    { "x-github-event": "pull_request", "x-github-delivery": "d-6", authorization: "(hidden)" },
    { "x-github-delivery": "d-5" },
  ]);

  await ask("DELETE", "/api/apps/ci/messages/d-6");
  expect(await rejected()).toHaveLength(1);
  expect(await status()).toMatchObject({ refused_kept: 1 });

  await ask("PUT", "/api/sources/github", { ...preset, message_id: 'headers["x-github-delivery"]' });
  expect(await ask<object>("POST", "/api/collectors/github/rejected/replay")).toMatchObject({ replayed: 1 });
  await stored("/api/apps/ci/messages/d-5/events");
  const { events } = await ask<{ events: readonly object[] }>("GET", "/api/apps/ci/messages/d-5/events");
  expect(events).toMatchObject([{ event: "pull_request.opened" }]);
}, 60_000);
