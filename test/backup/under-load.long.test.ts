/** Backups while events come in: what is restored is what was acknowledged at that point, also when Mars or the restore is killed. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { createReadStream, existsSync } from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readArchive } from "../../src/backup/archive-reader.ts";
import type { Manifest } from "../../src/backup/manifest.ts";
import { formatTime, parseTime } from "../../src/core/time.ts";
import { runCommand } from "../support/command.ts";
import { startMars, type TestMars } from "../support/mars.ts";
import { type MarsProcess, spawnMars } from "../support/process.ts";
import { getJson, sendBulk, statsWhen } from "../support/rest.ts";
import { until } from "../support/until.ts";

const before = 30_000;
const batch = 50;

let root: string;
let source: MarsProcess;
/** Acknowledged events, by seq. */
const acknowledged = new Map<number, { message_id: string; event: string }>();
let sent = 0;

const env = { MARS_START_GRACE: "off", MARS_ALERT_ALLOW: "127.0.0.1" };
const lifecycle = {
  stages: [{ event: "begun" }, { event: "done", within: "1s" }],
  complete_on: ["done"],
  grace: "0s",
};

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "mars-backup-load-"));
  source = await spawnMars({ dataDir: join(root, "data"), env });
  await put("/api/apps/a/lifecycle", lifecycle);
  await put("/api/apps/early/lifecycle", lifecycle);
  await put("/api/alerts/sinks/hook", {
    type: "webhook",
    url: "http://127.0.0.1:1999/",
    secret: `whsec_${Buffer.alloc(24, 7).toString("base64")}`,
  });
  await put("/api/alerts/rules/late", { sinks: ["hook"], app_id: "early", window: "1s" });
  await sendBulk(source.url, [{ app_id: "early", message_id: "e", event: "begun" }]);
  while (sent < before) await report(1_000);
  await until(async () => (await incidents(source.url)).length > 0);
}, 120_000);
afterAll(async () => {
  await source.kill("SIGKILL");
  await rm(root, { recursive: true, force: true });
});

async function put(path: string, body: object): Promise<void> {
  const response = await fetch(source.url + path, {
    method: "PUT",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  expect([path, response.status, await response.text()]).toEqual([path, 200, expect.anything()]);
}

async function incidents(url: string): Promise<string[]> {
  const { incidents } = await getJson<{ incidents: { id: string }[] }>(`${url}/api/alerts/incidents`);
  return incidents.map(({ id }) => id);
}

/** Every third message is never done. */
async function report(count: number): Promise<void> {
  const events = Array.from({ length: count }, () => {
    const n = sent++;
    const event = n % 2 === 0 ? "begun" : n % 6 === 5 ? "noted" : "done";
    return {
      app_id: "a",
      message_id: `m${Math.floor(n / 2)}`,
      event,
      attributes: { n, text: "x".repeat(n % 300) },
    };
  });
  const last = await sendBulk(source.url, events);
  for (const [index, { message_id, event }] of events.entries())
    acknowledged.set(last - count + 1 + index, { message_id, event });
}

/** Reports in turn until the returned function is called. */
function load(senders = 4): () => Promise<void> {
  let over = false;
  const running = Array.from({ length: senders }, async () => {
    while (!over) await report(batch);
  });
  // One that fails because Mars was killed must not end the test.
  for (const sender of running) sender.catch(() => undefined);
  return async () => {
    over = true;
    await Promise.allSettled(running);
  };
}

function command(...args: string[]) {
  return runCommand(args, { cwd: root, env: { MARS_URL: source.url } });
}

function manifestOf(file: string): Promise<Manifest> {
  return readArchive(createReadStream(file), async () => ({ write: async () => {}, end: async () => {} }));
}

/** By an own count: the messages of the acknowledged events up to `seq`. */
function countUpTo(seq: number) {
  const messages = new Map<string, string[]>();
  for (const [at, { message_id, event }] of [...acknowledged].sort(([a], [b]) => a - b)) {
    if (at <= seq) messages.set(message_id, [...(messages.get(message_id) ?? []), event]);
  }
  return messages;
}

/** Every message, over all pages. */
async function messagesOf(url: string): Promise<Message[]> {
  type Page = { readonly messages: Message[]; readonly next_cursor: string | null };
  const found: Message[] = [];
  for (let cursor: string | null = ""; cursor !== null; ) {
    const page: Page = await getJson<Page>(`${url}/api/messages?limit=1000${cursor && `&cursor=${cursor}`}`);
    found.push(...page.messages);
    cursor = page.next_cursor;
  }
  return found;
}

/** Times of receipt by seq, of the events of two batches before one, and of one behind it. */
async function receiptsNear(url: string, seq: number): Promise<Map<number, string>> {
  const near = [...acknowledged].filter(([at]) => at > seq - 2 * batch && at < seq + batch);
  type Received = { readonly events: readonly { readonly seq: number; readonly received_at: string }[] };
  const found = new Map<number, string>();
  for (const id of new Set(near.map(([, { message_id }]) => message_id))) {
    const { events } = await getJson<Received>(`${url}/api/apps/a/messages/${id}`);
    for (const one of events) found.set(one.seq, one.received_at);
  }
  return found;
}

interface Message {
  readonly message_id: string;
  readonly stages: readonly string[];
}

async function compare(mars: TestMars, seq: number): Promise<void> {
  const wanted = countUpTo(seq);
  expect(await incidents(mars.url)).toEqual(await incidents(source.url));
  await statsWhen(mars.url, ({ store, projector }) => store.behind + projector.behind === 0);
  const messages = await messagesOf(mars.url);
  const found = new Map(messages.map(({ message_id, stages }) => [message_id, [...stages]]));
  expect(found.delete("e")).toBe(true);
  expect(found.size).toBe(wanted.size);
  for (const [id, events] of wanted) expect([id, found.get(id)?.sort()]).toEqual([id, events.sort()]);
  const late = [...wanted].filter(([, events]) => !events.includes("done")).length;
  type Counts = { apps: { app_id: string; messages: { overdue: number } }[] };
  await until(async () => {
    const { apps } = await getJson<Counts>(`${mars.url}/api/apps`);
    return apps.find(({ app_id }) => app_id === "a")?.messages.overdue === late;
  });
  for (const path of ["/api/apps/a/lifecycle", "/api/alerts/rules", "/api/alerts/sinks"])
    expect([path, await getJson<unknown>(mars.url + path)]).toEqual([
      path,
      await getJson<unknown>(source.url + path),
    ]);
}

test("restored into a fresh directory, it equals what was acknowledged at that point, and at every point before", async () => {
  const file = join(root, "load.tar.zst");
  const stop = load();
  const made = await command("backup", "--to", file);
  await stop();
  expect(made).toMatchObject({ stderr: "", exitCode: 0 });
  const { snapshot_seq, seq } = await manifestOf(file);
  expect(seq - snapshot_seq).toBeGreaterThan(10 * batch);
  expect(acknowledged.size).toBeGreaterThan(seq);
  const middle = snapshot_seq + Math.floor((seq - snapshot_seq) / 2) + 7;
  // Times are those between the beginning and the end of the backup; what the store was behind with came before.
  const late = seq - 2 * batch - 7;
  let received = new Map<number, string>();
  for (const point of [seq, middle]) {
    const dataDir = join(root, `at-${point}`);
    const args = point === seq ? [] : ["--until", String(point)];
    const restored = await command("restore", "--from", file, "--data-dir", dataDir, ...args);
    expect(restored).toMatchObject({ stderr: "", exitCode: 0 });
    expect(restored.stdout).toContain(`up to seq ${point},`);
    await using mars = await startMars({ dataDir });
    await compare(mars, point);
    if (point === seq) received = await receiptsNear(mars.url, late);
    // The sequence goes on, and repeats nothing.
    expect(await sendBulk(mars.url, [{ app_id: "b", message_id: "new", event: "E" }])).toBeGreaterThan(seq);
  }
  // By time: what was received then is there, and nothing that came a microsecond later.
  const time = received.get(late) ?? "";
  const justBefore = formatTime(Number(parseTime(time)) - 1);
  for (const [index, at] of [time, justBefore].entries()) {
    const wanted = [...received].filter(([, receivedAt]) => receivedAt <= at).map(([one]) => one);
    const args = ["--data-dir", join(root, `at-time-${index}`), "--until", at];
    const restored = await command("restore", "--from", file, ...args);
    expect(restored).toMatchObject({ stderr: "", exitCode: 0 });
    expect(restored.stdout).toContain(`up to seq ${Math.max(...wanted)},`);
  }
  for (const outside of [snapshot_seq - 1, seq + 1]) {
    const refused = await command(
      "restore",
      "--from",
      file,
      "--data-dir",
      join(root, "no"),
      "--until",
      String(outside),
    );
    expect(refused).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining(`its points are seq ${snapshot_seq} to ${seq}`),
    });
  }
}, 120_000);

test("a Mars that is killed during a backup leaves no backup, and the next start is sound", async () => {
  const file = join(root, "killed.tar.zst");
  const stop = load(2);
  const backing = command("backup", "--to", file);
  await until(() => existsSync(`${file}.part`));
  await source.kill("SIGKILL");
  await stop();
  expect(await backing).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("there is no backup") });
  expect((await readdir(root)).filter((name) => name.startsWith("killed"))).toEqual([]);
  source = await spawnMars({ dataDir: join(root, "data"), env });
  await statsWhen(source.url, ({ store }) => store.behind === 0);
  expect(await command("backup", "--to", file)).toMatchObject({ exitCode: 0 });
}, 120_000);

test("a restore that is killed leaves a directory that Mars refuses", async () => {
  const file = join(root, "killed.tar.zst");
  const dataDir = join(root, "half");
  const main = join(import.meta.dir, "../../src/main.ts");
  const child = Bun.spawn([process.execPath, main, "restore", "--from", file, "--data-dir", dataDir], {
    env: { PATH: process.env.PATH ?? "" },
  });
  await until(() => existsSync(join(dataDir, "messages.db")));
  child.kill("SIGKILL");
  await child.exited;
  await expect(startMars({ dataDir })).rejects.toThrow("was not finished");
}, 120_000);
