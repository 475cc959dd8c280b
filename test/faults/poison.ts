/**
 * One event that the database refuses for ever among 100,000 good ones, and a finding that cannot be read: all others are
 * stored, followed and notified, the event is listed, and a replay stores it once the cause is gone.
 *
 *     bun test/faults/poison.ts [--full] [--binary dist/mars]
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openBeside } from "../support/beside.ts";
import { type MarsProcess, spawnMars } from "../support/process.ts";
import { startReceiver } from "../support/receiver.ts";
import { getJson, messageUrl, postJson, sendBulk, statsWhen } from "../support/rest.ts";
import { until } from "../support/until.ts";
import { type FaultCheckOptions, runAlone } from "./fault-check.ts";

/** A twentieth of these is of an app with a lifecycle, and gets stuck. */
const eventsFull = 100_000;
const eventsShort = 5_000;
const bulkEvents = 5_000;
const stuckEvery = 20;
const waitMs = 120_000;

const definition = {
  stages: [{ event: "CREATED" }, { event: "SEEN", within: "1ms" }],
  complete_on: ["SEEN"],
  grace: "0s",
};

// biome-ignore lint/suspicious/noExplicitAny: answers are read as they come
type Answer = any;

export async function run({ full, binary }: FaultCheckOptions): Promise<string> {
  const count = full ? eventsFull : eventsShort;
  const dataDir = await mkdtemp(join(tmpdir(), "mars-poison-"));
  await using receiver = startReceiver();
  const mars = await spawnMars({
    dataDir,
    ...(binary !== undefined && { command: [binary] }),
    env: { MARS_ALERT_ALLOW: "127.0.0.1", MARS_START_GRACE: "off", MARS_LOG_LEVEL: "error" },
  });
  try {
    return await check(mars, dataDir, count, receiver);
  } finally {
    await mars.kill("SIGKILL");
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function check(
  mars: MarsProcess,
  dataDir: string,
  count: number,
  receiver: ReturnType<typeof startReceiver>,
): Promise<string> {
  const { url } = mars;
  await put(`${url}/api/apps/shop/lifecycle`, definition);
  await put(`${url}/api/apps/late/lifecycle`, definition);
  await put(`${url}/api/alerts/sinks/here`, { type: "webhook", url: receiver.url });
  await put(`${url}/api/alerts/rules/all`, { sinks: ["here"], at_least: 1, window: "1m" });
  await sql(
    dataDir,
    "CREATE TRIGGER poison BEFORE INSERT ON events WHEN NEW.event = 'POISON' BEGIN SELECT raise(ABORT, 'x'); END",
  );

  const started = performance.now();
  const poison = Math.floor(count / 2) + 7;
  let last = 0;
  for (let from = 0; from < count; from += bulkEvents) {
    const events = Array.from({ length: Math.min(bulkEvents, count - from) }, (_, index) => {
      const n = from + index;
      const event_id = `e${n}`;
      if (n === poison) return { app_id: "shop", message_id: "poisoned", event: "POISON", event_id };
      const stuck = n % stuckEvery === 0;
      return { app_id: stuck ? "shop" : "bank", message_id: `m${n}`, event: "CREATED", event_id };
    });
    last = await sendBulk(url, events);
  }
  const stats = await statsWhen(
    url,
    ({ store, projector }) => store.stored_seq === last && projector.projected_seq === last,
    waitMs,
  );
  const seconds = (performance.now() - started) / 1_000;
  expectEqual("set aside", stats.set_aside.count, 1);
  expectEqual("stored", stats.totals.stored, count - 1);
  const { apps } = (await getJson(`${url}/api/apps`)) as Answer;
  const counted = apps.reduce((sum: number, { events }: Answer) => sum + events, 0);
  expectEqual("counted", counted, count - 1);

  const { set_aside } = (await getJson(`${url}/api/set-aside`)) as Answer;
  expectEqual("listed", set_aside.map(({ event }: Answer) => event.event_id).join(), `e${poison}`);
  expectEqual("ready", (await fetch(`${url}/readyz`)).status, 200);

  // Every one of the followed messages is stuck, and the first of them have been notified.
  const messages = count / stuckEvery;
  await statsWhen(url, ({ projector }) => projector.findings.raised === messages, waitMs);
  await receiver.count(1);

  // One finding that no number can hold.
  await sql(
    dataDir,
    "UPDATE findings SET late_by = 9223372036854775807 WHERE id = (SELECT max(id) - 3 FROM findings)",
  );
  await sql(dataDir, "UPDATE alert_cursor SET finding_seq = 0");
  await put(`${url}/api/alerts/rules/all`, { sinks: ["here"], at_least: 1, window: "2m" });
  const before = receiver.received.length;
  await sendBulk(url, [{ app_id: "late", message_id: "one", event: "CREATED" }]);
  await until(
    () => receiver.received.slice(before).some(({ body }) => body.includes('"late"')),
    () => "no notification of the other app came",
    waitMs,
  );
  const page = (await getJson(`${url}/api/findings?state=any&order=newest&limit=100&app_id=shop`)) as Answer;
  expectEqual("findings on a page", page.findings.length, Math.min(100, messages));

  await sql(dataDir, "DROP TRIGGER poison");
  const replay = await postJson(`${url}/api/set-aside/${set_aside[0].seq}/replay`, {});
  expectEqual("replay", replay.status, 200);
  const { seq } = (await replay.json()) as Answer;
  const read = await fetch(`${messageUrl(url, "shop", "poisoned")}?min_seq=${seq}`);
  expectEqual("poisoned message", read.status, 200);
  expectEqual("left", ((await getJson(`${url}/api/set-aside`)) as Answer).count, 0);
  expectEqual("SIGTERM", await mars.kill("SIGTERM"), 0);
  return `${count} events, 1 set aside and replayed, ${messages} messages stuck and found, ${receiver.received.length} notifications, stored in ${seconds.toFixed(1)} s`;
}

async function put(url: string, body: object): Promise<void> {
  const headers = { "content-type": "application/json" };
  const response = await fetch(url, { method: "PUT", headers, body: JSON.stringify(body) });
  if (response.status !== 200) throw new Error(`${url}: ${response.status} ${await response.text()}`);
}

/** Changes of another program to the database while Mars runs on it. */
async function sql(dataDir: string, statement: string) {
  const client = openBeside({ dataDir });
  try {
    return await client.execute(statement);
  } finally {
    client.close();
  }
}

function expectEqual(what: string, value: unknown, wanted: unknown): void {
  if (value !== wanted) throw new Error(`${what}: ${value} instead of ${wanted}`);
}

if (import.meta.main) await runAlone(run);
