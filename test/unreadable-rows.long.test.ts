/** Rows that cannot be read as they are: written by another program, or changed by a disk. */
import { expect, test } from "bun:test";
import { createLog } from "../src/runtime/log.ts";
import { openBeside } from "./support/beside.ts";
import { LiveClient } from "./support/live-client.ts";
import { startMars, type TestMars } from "./support/mars.ts";
import { startReceiver } from "./support/receiver.ts";
import { getJson, messageUrl, sendBulk, statsWhen } from "./support/rest.ts";

// biome-ignore lint/suspicious/noExplicitAny: answers are compared
type Answer = any;

const count = 40;
const definition = {
  stages: [{ event: "CREATED" }, { event: "SEEN", within: "1ms" }],
  complete_on: ["SEEN"],
  grace: "0s",
};

async function sql(mars: TestMars, ...statements: string[]): Promise<void> {
  const client = openBeside(mars);
  for (const statement of statements) await client.execute(statement);
  client.close();
}

async function put(mars: TestMars, path: string, body: object): Promise<void> {
  const headers = { "content-type": "application/json" };
  const response = await fetch(`${mars.url}${path}`, { method: "PUT", headers, body: JSON.stringify(body) });
  expect([path, response.status]).toEqual([path, 200]);
}

/** A rule that notifies the receiver of everything. */
async function notifyOfAll(mars: TestMars, url: string): Promise<void> {
  await put(mars, "/api/alerts/sinks/here", { type: "webhook", url });
  await put(mars, "/api/alerts/rules/all", { sinks: ["here"], at_least: 1, window: "1m" });
}

const created = (app: string, n: number) => ({ app_id: app, message_id: `m${n}`, event: "CREATED" });

async function startWith(lines: Record<string, unknown>[] = []) {
  const log = createLog("info", (line) => lines.push(JSON.parse(line)));
  const mars = await startMars({ alertAllow: ["127.0.0.1"] }, log);
  for (const app of ["shop", "bank"]) await put(mars, `/api/apps/${app}/lifecycle`, definition);
  return mars;
}

const raisedAll = (mars: TestMars, raised: number) =>
  statsWhen(mars.url, ({ projector }) => projector.findings.raised >= raised);

for (const [column, value] of [
  ["late_by", "9223372036854775807"],
  ["due_at", "-9007199254740993"],
  ["raised_at", "9007199254740993"],
] as const) {
  test(`a finding whose ${column} is beyond 2^53 is in lists, in histories, and keeps no alert back`, async () => {
    const lines: Record<string, unknown>[] = [];
    await using mars = await startWith(lines);
    await using receiver = startReceiver();
    await sendBulk(
      mars.url,
      Array.from({ length: count }, (_, n) => created("shop", n)),
    );
    await raisedAll(mars, count);
    // Before findings are read: the evaluator will meet it on its way.
    await sql(mars, `UPDATE findings SET ${column} = ${value} WHERE id = (SELECT min(id) + 5 FROM findings)`);
    await put(mars, "/api/alerts/sinks/here", { type: "webhook", url: receiver.url });
    await put(mars, "/api/alerts/rules/all", { sinks: ["here"], at_least: 1, window: "1m" });
    await sql(mars, "UPDATE alert_cursor SET finding_seq = 0");
    await sendBulk(mars.url, [created("bank", 1)]);

    const findings: Answer = await getJson(`${mars.url}/api/findings?state=any&limit=100&app_id=shop`);
    expect(findings.findings.length).toBe(count);
    const overdue: Answer = await getJson(`${mars.url}/api/overdue?app_id=shop`);
    expect(overdue.overdue.length).toBe(count);
    const live = await LiveClient.open(mars);
    live.send({ type: "subscribe", topic: "apps/shop/findings", after: 0 });
    const frames = [];
    while (frames.length < count) {
      const frame = await live.next();
      if (frame.type !== "subscribed") frames.push(frame);
    }
    await live.close();
    const [alert] = await receiver.count(1);
    expect(JSON.parse(alert!.body)).toMatchObject({ type: "incident.opened" });
    expect(lines).toContainEqual(expect.objectContaining({ level: "error", event: "unreadable_row" }));
    expect(((await getJson(`${mars.url}/api/q/stats`)) as Answer).unreadable_rows).toBeGreaterThan(0);
    expect(((await getJson(`${mars.url}/readyz`)) as Answer).warnings[0]).toContain("could not be read");
  });
}

test("a rule, a silence, a definition and a notification that are no JSON keep nothing else from being read or sent", async () => {
  await using mars = await startWith();
  await using receiver = startReceiver();
  await put(mars, "/api/alerts/sinks/here", { type: "webhook", url: receiver.url });
  for (const id of ["bad", "good"])
    await put(mars, `/api/alerts/rules/${id}`, { sinks: ["here"], window: "1m" });
  await sql(
    mars,
    "UPDATE alert_rules SET rule = '{' WHERE id = 'bad'",
    "INSERT INTO alert_silences (until, silence) VALUES (9000000000000000, 'null')",
    `INSERT INTO alert_deliveries (sink, state, webhook_id, notification, created_at, next_at, attempts)
      VALUES ('here', 'pending', 'x', 'no JSON', 1, 1, 0)`,
  );
  const rules: Answer = await getJson(`${mars.url}/api/alerts/rules`);
  expect(rules.rules.map(({ id }: Answer) => id)).toEqual(["good"]);
  expect(((await getJson(`${mars.url}/api/alerts/silences`)) as Answer).silences).toEqual([]);

  // A change of the rules makes the evaluator read all of them again.
  await put(mars, "/api/alerts/rules/good", { sinks: ["here"], window: "2m" });
  await sendBulk(mars.url, [created("shop", 1)]);
  const [alert] = await receiver.count(1);
  expect(JSON.parse(alert!.body)).toMatchObject({ type: "incident.opened" });
  const deliveries: Answer = await getJson(`${mars.url}/api/alerts/deliveries`);
  expect(deliveries.deliveries.length).toBe(1);

  await sql(mars, "UPDATE lifecycles SET definition = '{' WHERE app_id = 'shop'");
  expect((await fetch(messageUrl(mars.url, "shop", "m1"))).status).toBe(200);
  expect((await fetch(`${mars.url}/api/apps/shop/lifecycle/versions`)).status).toBe(200);
});

test("alerts skip a change of a finding that they cannot apply, and no other", async () => {
  const lines: Record<string, unknown>[] = [];
  await using mars = await startWith(lines);
  await using receiver = startReceiver();
  await notifyOfAll(mars, receiver.url);
  await sql(
    mars,
    "CREATE TRIGGER no BEFORE INSERT ON alert_incidents WHEN NEW.app_id = 'shop' BEGIN SELECT raise(ABORT, 'x'); END",
  );
  await sendBulk(mars.url, [created("shop", 1), created("bank", 1), created("shop", 2)]);
  const [alert] = await receiver.count(1);
  expect(JSON.parse(alert!.body).data.app_id ?? JSON.parse(alert!.body).data.incident.app_id).toBe("bank");
  const skipped = lines.filter(({ event }) => event === "alert_finding_skipped");
  expect(skipped.length).toBe(2);
  const stats: Answer = await getJson(`${mars.url}/api/q/stats`);
  expect(stats.alerts.findings_skipped).toBe(2);
});

test("an incident that cannot be evaluated keeps no other from being notified", async () => {
  const lines: Record<string, unknown>[] = [];
  await using mars = await startWith(lines);
  await using receiver = startReceiver();
  await notifyOfAll(mars, receiver.url);
  await sql(
    mars,
    `CREATE TRIGGER no BEFORE INSERT ON alert_deliveries
      WHEN (SELECT app_id FROM alert_incidents WHERE id = NEW.incident) = 'shop' BEGIN SELECT raise(ABORT, 'x'); END`,
  );
  await sendBulk(mars.url, [created("shop", 1), created("bank", 1)]);
  const [alert] = await receiver.count(1);
  expect(alert!.body).toContain("bank");
  expect(lines).toContainEqual(expect.objectContaining({ level: "error", event: "incident_failing" }));
});
