import { expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openBeside } from "./support/beside.ts";
import { LiveClient } from "./support/live-client.ts";
import { startMars, type TestMars } from "./support/mars.ts";
import { type MarsProcess, spawnMars } from "./support/process.ts";
import { startReceiver } from "./support/receiver.ts";
import { getJson, messageUrl, postJson, send, sendBulk, statsWhen } from "./support/rest.ts";
import { until } from "./support/until.ts";

// biome-ignore lint/suspicious/noExplicitAny: answers are compared
type Answer = any;

const secret = "Erika-Mustermann-4711";
const definition = {
  stages: [{ event: "CREATED" }, { event: "PAID", within: "1ms" }],
  complete_on: ["PAID"],
  grace: "0s",
};
/** Lately: what is imported from long ago does not alert. */
const start = Date.now() - 60_000;
const at = (afterMs: number) => new Date(start + afterMs).toISOString();
const created = (message_id: string, more: object = {}) => ({
  app_id: "shop",
  message_id,
  event: "CREATED",
  created_at: at(0),
  ...more,
});
const named = created(secret, {
  event_id: `e-${secret}`,
  external_id: `x-${secret}`,
  attributes: { name: secret },
});

async function put(mars: TestMars, path: string, body: object): Promise<void> {
  const headers = { "content-type": "application/json" };
  const response = await fetch(`${mars.url}${path}`, { method: "PUT", headers, body: JSON.stringify(body) });
  expect([path, response.status]).toEqual([path, 200]);
}

async function erase(url: string): Promise<Answer> {
  const response = await fetch(url, { method: "DELETE" });
  return { status: response.status, ...((await response.json()) as object) };
}

/** The files below the directory that have the text. */
function filesWith(directory: string, text: string): string[] {
  const { stdout } = Bun.spawnSync(["grep", "-rlaF", text, directory]);
  return stdout.toString().split("\n").filter(Boolean);
}

/** A directory for programs that are killed. */
async function spawnedMars() {
  const dataDir = await mkdtemp(join(tmpdir(), "mars-erased-"));
  let last: MarsProcess | undefined;
  return {
    dataDir,
    async start(): Promise<MarsProcess> {
      last = await spawnMars({ dataDir });
      return last;
    },
    async [Symbol.asyncDispose]() {
      await last?.kill("SIGKILL");
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

async function countsOf(mars: TestMars): Promise<Answer> {
  const window = `since=${at(-86_400_000)}&until=${at(86_400_000)}`;
  const [funnel, latency, rates] = (await Promise.all(
    ["funnel", "latency", "rates"].map((name) => getJson(`${mars.url}/api/apps/shop/${name}?${window}`)),
  )) as Answer[];
  const distribution = ({ now: { examples: _, ...now } }: Answer) => now;
  return { funnel, hops: latency.hops.map(distribution), rates };
}

test("a message is erased with all that names it, and its counts stay", async () => {
  await using mars = await startMars({ alertAllow: ["127.0.0.1"] });
  await using receiver = startReceiver();
  await put(mars, "/api/apps/shop/lifecycle", definition);
  await put(mars, "/api/alerts/sinks/here", { type: "webhook", url: receiver.url });
  await put(mars, "/api/alerts/rules/all", { sinks: ["here"], window: "1s" });
  await send(mars.url, created("other"));
  await send(mars.url, { ...created("done"), event: "CREATED" });
  await send(mars.url, { ...created("done"), event: "PAID", created_at: at(1_000) });
  await sendBulk(mars.url, [named, named, { ...named, created_at: at(-1_000) }]);
  await statsWhen(mars.url, ({ projector }) => projector.findings.raised >= 2);
  const [received] = await receiver.count(1);
  expect(received?.body).toContain(secret);
  await until(async () => {
    const { deliveries }: Answer = await getJson(`${mars.url}/api/alerts/deliveries`);
    return deliveries[0]?.state === "delivered";
  });
  const database = openBeside(mars);
  await database.execute({
    sql: `INSERT INTO set_aside (seq, kind, app_id, message_id, at, code, reason, event)
      VALUES (3, 'event', 'shop', ?, 1, 'internal', 'x', ?)`,
    args: [secret, JSON.stringify({ messageId: secret })],
  });
  await database.execute({ sql: "UPDATE alert_attempts SET response = ?", args: [`thanks for ${secret}`] });
  database.close();
  const before = await countsOf(mars);
  expect(filesWith(mars.dataDir, secret)).not.toEqual([]);

  const one = messageUrl(mars.url, "shop", secret);
  expect(await erase(one)).toEqual({ status: 200, success: true, events_erased: 1, traces_left: false });

  expect(filesWith(mars.dataDir, secret)).toEqual([]);
  expect((await fetch(one)).status).toBe(404);
  for (const path of [
    "/api/messages?app_id=shop&limit=1000",
    `/api/messages?external_id=x-${secret}`,
    "/api/findings?state=any",
    "/api/overdue",
    "/api/alerts/incidents",
    "/api/alerts/deliveries",
    "/api/set-aside",
  ]) {
    const text = JSON.stringify(await getJson(`${mars.url}${path}`));
    expect([path, text.includes(secret)]).toEqual([path, false]);
  }
  const { deliveries }: Answer = await getJson(`${mars.url}/api/alerts/deliveries`);
  expect(deliveries[0].text).toEndWith(", sample ids erased");
  expect(deliveries[0].attempts[0].response).toBeNull();
  const { incidents }: Answer = await getJson(`${mars.url}/api/alerts/incidents`);
  expect(incidents[0].text).toEndWith(", sample ids erased");
  expect(await countsOf(mars)).toEqual(before);
  const { apps }: Answer = await getJson(`${mars.url}/api/apps`);
  expect(apps[0]).toMatchObject({
    messages: { open: 0, overdue: 1, complete: 1, failed: 0, expired: 1 },
    events: 4,
  });
  expect((await erase(one)).status).toBe(404);
  const { erasure } = await getJson<Answer>(`${mars.url}/api/q/stats`);
  expect(erasure).toMatchObject({ messages: 1, events: 1, under_way: false, traces_up_to_seq: 0 });

  // The rest of the incident ends well, which the erased message does not.
  await send(mars.url, { ...created("other"), event: "PAID" });
  await until(async () => {
    const { incidents: all }: Answer = await getJson(`${mars.url}/api/alerts/incidents?state=closed`);
    return all.length === 1;
  });
  const last = (await receiver.count(2)).at(-1);
  expect(JSON.parse(last!.body)).toMatchObject({
    type: "incident.closed",
    data: { incident: { expired: 1 } },
  });

  // An event that is sent later makes a new message, which is followed from its own beginning.
  const seq = await send(mars.url, named);
  expect(await getJson(`${one}?min_seq=${seq}`)).toMatchObject({
    event_count: 1,
    events: [{ duplicates: 0 }],
  });
  await until(async () => (await getJson<Answer>(`${mars.url}/api/overdue`)).overdue.length === 1);
});

test("subscribers who resume from before an erased message are not recovered", async () => {
  await using mars = await startMars();
  await send(mars.url, created("a"));
  await send(mars.url, created("b"));
  await erase(messageUrl(mars.url, "shop", "a"));
  const live = await LiveClient.open(mars);
  expect((await live.subscribe("apps/shop", 0)).recovered).toBe(false);
  const other = await LiveClient.open(mars);
  expect((await other.subscribe("apps/shop/messages/b", 1)).recovered).toBe(true);
});

test("a large message is erased whole", async () => {
  await using mars = await startMars();
  const events = Array.from({ length: 12_000 }, (_, n) => created("large", { event_id: `${secret} ${n}` }));
  await sendBulk(mars.url, events.slice(0, 6_000));
  await sendBulk(mars.url, events.slice(6_000));
  expect(await erase(messageUrl(mars.url, "shop", "large"))).toMatchObject({ events_erased: 12_000 });
  expect(filesWith(mars.dataDir, secret)).toEqual([]);
});

test("a message stays erased when Mars is killed at once, and its events do not come back from the journal", async () => {
  await using place = await spawnedMars();
  const { dataDir } = place;
  let mars = await place.start();
  const one = (url: string) => messageUrl(url, "shop", secret);
  for (let round = 0; round < 3; round++) {
    const kept = created(`kept ${round}`);
    await sendBulk(mars.url, [named, kept]);
    // The answer of the erasure and the kill meet these on their way to the store.
    const late = sendBulk(mars.url, [created(`late ${round}`)]).catch(() => 0);
    expect(await erase(one(mars.url))).toMatchObject({ status: 200, events_erased: 1 });
    await mars.kill("SIGKILL");
    await late;
    mars = await place.start();
    expect((await fetch(one(mars.url))).status).toBe(404);
    const seq = await send(mars.url, created(`after ${round}`));
    expect((await fetch(`${one(mars.url)}?min_seq=${seq}`)).status).toBe(404);
    expect(await getJson(messageUrl(mars.url, "shop", kept.message_id))).toMatchObject({ event_count: 1 });
    expect(filesWith(dataDir, secret)).toEqual([]);
  }
}, 30_000);

test("an app is erased: the messages of before, and none that come later", async () => {
  await using mars = await startMars();
  await put(mars, "/api/apps/shop/lifecycle", definition);
  const count = 1_500;
  const ids = Array.from({ length: count }, (_, n) => `${secret} ${n}`);
  await sendBulk(
    mars.url,
    ids.map((id) => created(id, { external_id: secret })),
  );
  await send(mars.url, { ...created("x"), app_id: "bank" });
  const erased = await erase(`${mars.url}/api/apps/shop`);
  expect(erased).toMatchObject({
    status: 200,
    success: true,
    erasure: { app_id: "shop", messages_erased: count, done_at: expect.any(String) },
  });
  const { erasures }: Answer = await getJson(`${mars.url}/api/erasures`);
  expect(erasures).toEqual([erased.erasure]);
  const { messages }: Answer = await getJson(`${mars.url}/api/messages?limit=1000`);
  expect(messages.map(({ app_id }: Answer) => app_id)).toEqual(["bank"]);
  expect(filesWith(mars.dataDir, secret)).toEqual([]);
  const { apps }: Answer = await getJson(`${mars.url}/api/apps`);
  expect(apps.find(({ app_id }: Answer) => app_id === "shop")).toMatchObject({
    messages: { open: 0, overdue: 0, expired: count },
    events: count,
  });
  expect(await getJson(`${mars.url}/api/apps/shop/lifecycle`)).toMatchObject({ version: 1 });
  const seq = await send(mars.url, created(ids[0]!));
  expect(await getJson(`${messageUrl(mars.url, "shop", ids[0]!)}?min_seq=${seq}`)).toMatchObject({
    event_count: 1,
  });
  expect((await erase(`${mars.url}/api/apps/nobody`)).status).toBe(404);
});

test("the erasure of an app goes on after a kill, and takes nothing that was sent behind it", async () => {
  await using place = await spawnedMars();
  let mars = await place.start();
  const count = 30_000;
  for (let from = 0; from < count; from += 10_000) {
    await sendBulk(
      mars.url,
      Array.from({ length: 10_000 }, (_, n) => created(`m${from + n}`)),
    );
  }
  await statsWhen(mars.url, ({ projector }) => projector.behind === 0);
  const erasing = erase(`${mars.url}/api/apps/shop`).catch(() => undefined);
  await until(async () => {
    const { erasures }: Answer = await getJson(`${mars.url}/api/erasures`);
    return erasures[0]?.messages_erased > 0;
  });
  // Of messages that are to be erased, one of them perhaps already.
  await sendBulk(mars.url, [created("m7", { event_id: "later" }), created("m29999", { event_id: "later" })]);
  await mars.kill("SIGKILL");
  await erasing;
  mars = await place.start();
  await until(async () => {
    const { erasures }: Answer = await getJson(`${mars.url}/api/erasures`);
    return erasures[0]?.done_at !== null;
  });
  const { messages }: Answer = await getJson(`${mars.url}/api/messages?limit=1000`);
  expect(messages.map(({ message_id, event_count }: Answer) => [message_id, event_count]).sort()).toEqual([
    ["m29999", 1],
    ["m7", 1],
  ]);
}, 30_000);

test("nothing is erased of what Mars cannot find", async () => {
  await using mars = await startMars();
  expect((await erase(messageUrl(mars.url, "shop", "none"))).status).toBe(404);
  expect((await postJson(`${mars.url}/api/erasures`, {})).status).toBe(405);
});
