/** Alerts through the front door: events in, and real receivers at the other end. */
import { expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SMTPServer } from "smtp-server";
import { Webhook } from "standardwebhooks";
import { startMars } from "../support/mars.ts";
import { spawnMars } from "../support/process.ts";
import { startReceiver } from "../support/receiver.ts";
import { getJson, sendBulk } from "../support/rest.ts";
import { until } from "../support/until.ts";

const allow = { alertAllow: ["127.0.0.1"] };

async function call<T = Record<string, unknown>>(
  method: string,
  url: string,
  body?: unknown,
): Promise<{ status: number; body: T }> {
  const response = await fetch(url, {
    method,
    ...(body !== undefined && {
      body: JSON.stringify(body),
      headers: { "content-type": "application/json" },
    }),
  });
  return { status: response.status, body: (await response.json()) as T };
}

async function put<T = Record<string, unknown>>(url: string, body: unknown): Promise<T> {
  const answer = await call<T>("PUT", url, body);
  if (answer.status !== 200) throw new Error(`${url}: ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body;
}

const lifecycle = {
  stages: [{ event: "PAID" }, { event: "SHIPPED", after: "PAID", within: "10ms" }],
  complete_on: ["SHIPPED"],
  fail_on: ["BOUNCED"],
  grace: "0s",
};

const events = (event: string, count: number) =>
  Array.from({ length: count }, (_, index) => ({ app_id: "shop", message_id: `m${index}`, event }));

interface Deliveries {
  deliveries: { type: string; text: string; state: string; incident: number | null; attempts: unknown[] }[];
}

test("stuck messages have one signed notification, and one when they are not stuck any more", async () => {
  await using receiver = startReceiver();
  await using mars = await startMars(allow);
  const api = `${mars.url}/api/alerts`;
  await put(`${mars.url}/api/apps/shop/lifecycle`, lifecycle);
  const { sink } = await put<{ sink: { secret: string } }>(`${api}/sinks/ops`, {
    type: "webhook",
    url: receiver.url,
  });
  expect(sink.secret).toMatch(/^whsec_/);
  await put(`${api}/rules/stuck`, { sinks: ["ops"], window: "1s" });

  await sendBulk(mars.url, events("PAID", 312));
  const [first] = await receiver.count(1);
  const sent = new Webhook(sink.secret).verify(first!.body, first!.headers) as Record<string, unknown>;
  expect(sent.type).toBe("incident.opened");
  expect(sent.data).toMatchObject({
    text: expect.stringMatching(
      /^shop: 312 messages stuck at PAID → SHIPPED since \d\d:\d\d UTC, longest .*, sample ids m\d+, m\d+, m\d+$/,
    ),
    incident: { rule: "stuck", app_id: "shop", kind: "missing", stage: "SHIPPED", after: "PAID", count: 312 },
  });
  const active = await getJson<{ incidents: { state: string }[] }>(`${api}/incidents?state=active`);
  expect(active.incidents).toMatchObject([{ state: "active", app_id: "shop", silenced: false }]);

  await sendBulk(mars.url, events("SHIPPED", 312));
  const [, second] = await receiver.count(2);
  expect(JSON.parse(second!.body)).toMatchObject({
    type: "incident.resolved",
    former_type: "incident.over",
    data: { text: expect.stringContaining("resolved: no message is stuck at PAID → SHIPPED any more") },
  });
  const delivered = () => getJson<Deliveries>(`${api}/deliveries?sink=ops&state=delivered`);
  await until(
    async () => (await delivered()).deliveries.length === 2,
    () => "the deliveries are not on record",
  );
  expect((await delivered()).deliveries.map(({ type }) => type)).toEqual([
    "incident.resolved",
    "incident.opened",
  ]);
  expect(receiver.received).toHaveLength(2);
});

test("a silence keeps an incident back and on record, and its end brings the notification", async () => {
  await using receiver = startReceiver();
  await using mars = await startMars(allow);
  const api = `${mars.url}/api/alerts`;
  await put(`${mars.url}/api/apps/shop/lifecycle`, lifecycle);
  await put(`${api}/sinks/ops`, { type: "slack", url: receiver.url });
  await put(`${api}/rules/stuck`, { sinks: ["ops"] });
  const made = await call<{ silence: { id: number } }>("POST", `${api}/silences`, {
    app_id: "shop",
    for: "1h",
  });
  expect(made.status).toBe(200);

  await sendBulk(mars.url, events("PAID", 2));
  await until(
    async () => (await getJson<Deliveries>(`${api}/deliveries?state=silenced`)).deliveries.length === 1,
    () => "nothing is on record as silenced",
  );
  expect(receiver.received).toHaveLength(0);

  const gone = await call("DELETE", `${api}/silences/${made.body.silence.id}`);
  expect(gone.body).toEqual({ success: true });
  const [sent] = await receiver.count(1);
  expect(JSON.parse(sent!.body)).toMatchObject({
    text: expect.stringContaining("shop: 2 messages stuck at PAID → SHIPPED"),
    blocks: [{ type: "section" }, { type: "context" }],
  });
});

test("a rule waits for as many findings as it says, of the kinds that it names", async () => {
  await using receiver = startReceiver();
  await using mars = await startMars(allow);
  const api = `${mars.url}/api/alerts`;
  await put(`${mars.url}/api/apps/shop/lifecycle`, lifecycle);
  await put(`${api}/sinks/ops`, { type: "webhook", url: receiver.url });
  await put(`${api}/rules/bounces`, { sinks: ["ops"], kinds: ["failed"], at_least: 3, window: "1m" });

  await sendBulk(mars.url, events("BOUNCED", 2));
  await until(
    async () => (await getJson<{ findings: unknown[] }>(`${mars.url}/api/findings`)).findings.length === 2,
    () => "the findings are not there",
  );
  expect((await getJson<{ incidents: unknown[] }>(`${api}/incidents`)).incidents).toEqual([]);
  await sendBulk(mars.url, [{ app_id: "shop", message_id: "third", event: "BOUNCED" }]);
  const [sent] = await receiver.count(1);
  expect(JSON.parse(sent!.body).data.text).toContain("shop: 3 messages failed with BOUNCED");
});

test("notifications are sent after a restart as well, and once", async () => {
  await using receiver = startReceiver();
  const first = await startMars(allow);
  const api = (url: string) => `${url}/api/alerts`;
  await put(`${first.url}/api/apps/shop/lifecycle`, lifecycle);
  await put(`${api(first.url)}/sinks/ops`, { type: "webhook", url: receiver.url });
  await put(`${api(first.url)}/rules/stuck`, { sinks: ["ops"], window: "1s" });
  await sendBulk(first.url, events("PAID", 5));
  await receiver.count(1);
  await using second = await first.restart();
  await sendBulk(second.url, events("SHIPPED", 5));
  const all = await receiver.count(2);
  expect(all.map(({ body }) => JSON.parse(body).type)).toEqual(["incident.opened", "incident.resolved"]);
});

test("kill -9 between two notifications loses and repeats none", async () => {
  await using receiver = startReceiver();
  const dataDir = await mkdtemp(join(tmpdir(), "mars-alerts-"));
  const env = { MARS_ALERT_ALLOW: "127.0.0.0/8", MARS_START_GRACE: "off", MARS_LOG_LEVEL: "error" };
  const first = await spawnMars({ dataDir, env });
  await put(`${first.url}/api/apps/shop/lifecycle`, lifecycle);
  await put(`${first.url}/api/alerts/sinks/ops`, { type: "webhook", url: receiver.url });
  await put(`${first.url}/api/alerts/rules/stuck`, { sinks: ["ops"], window: "1s" });
  await sendBulk(first.url, events("PAID", 5));
  await until(
    async () =>
      (await getJson<Deliveries>(`${first.url}/api/alerts/deliveries?state=delivered`)).deliveries.length ===
      1,
    () => "nothing was delivered",
  );
  await first.kill("SIGKILL");
  const second = await spawnMars({ dataDir, env });
  try {
    await sendBulk(second.url, events("SHIPPED", 5));
    const all = await receiver.count(2);
    expect(all.map(({ body }) => JSON.parse(body).type)).toEqual(["incident.opened", "incident.resolved"]);
  } finally {
    await second.kill("SIGTERM");
    await rm(dataDir, { recursive: true, force: true });
  }
});

test("a test of a sink answers with its attempt, and is on record", async () => {
  await using receiver = startReceiver((index) =>
    index === 0 ? new Response("thanks") : new Response("x".repeat(5_000), { status: 500 }),
  );
  await using mars = await startMars(allow);
  const api = `${mars.url}/api/alerts`;
  await put(`${api}/sinks/ops`, { type: "webhook", url: receiver.url });
  expect((await call("POST", `${api}/sinks/ops/test`)).body).toMatchObject({
    success: true,
    attempt: { outcome: "delivered", status: 200, error: null, response: null },
  });
  expect((await call("POST", `${api}/sinks/ops/test`)).body).toMatchObject({
    success: false,
    attempt: { outcome: "failed", status: 500, error: "answered 500", response: "x".repeat(1_024) },
  });
  const { deliveries } = await getJson<Deliveries>(`${api}/deliveries`);
  expect(deliveries).toMatchObject([
    { type: "test", state: "failed", incident: null, attempts: [{ status: 500 }] },
    { type: "test", state: "delivered", incident: null, attempts: [{ status: 200 }] },
  ]);
  expect((await call("POST", `${api}/sinks/other/test`)).status).toBe(404);
});

test("alerts go out as plain e-mail over SMTP", async () => {
  const mails: { to: string[]; text: string }[] = [];
  const server = new SMTPServer({
    disabledCommands: ["STARTTLS"],
    allowInsecureAuth: true,
    onAuth: ({ username, password }, _session, done) =>
      username === "mars" && password === "p@ss" ? done(null, { user: "mars" }) : done(new Error("no")),
    onData(stream, session, done) {
      stream.toArray().then((chunks) => {
        const to = session.envelope.rcptTo.map(({ address }) => address);
        mails.push({ to, text: Buffer.concat(chunks).toString() });
        done();
      }, done);
    },
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.server.address() as { port: number };
  try {
    await using mars = await startMars({
      smtpUrl: `smtp://mars:p%40ss@127.0.0.1:${port}`,
      smtpFrom: "Mars <mars@example.com>",
    });
    const api = `${mars.url}/api/alerts`;
    await put(`${api}/sinks/mail`, { type: "email", to: ["ops@example.com", "dev@example.com"] });
    expect((await call("POST", `${api}/sinks/mail/test`)).body).toMatchObject({
      success: true,
      attempt: { status: 250 },
    });
    expect(mails).toHaveLength(1);
    expect(mails[0]?.to).toEqual(["ops@example.com", "dev@example.com"]);
    expect(mails[0]?.text).toContain("From: Mars <mars@example.com>");
    expect(mails[0]?.text).toContain("Subject: [Mars] This is a test of the sink mail.");
    expect(mails[0]?.text).toContain("Content-Type: text/plain");
  } finally {
    await new Promise<void>((resolve) => server.close(() => resolve()));
  }
});
