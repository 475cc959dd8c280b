/** Rules with conditions, through the front door: events in, and a real receiver at the other end. */
import { expect, test } from "bun:test";
import { weekdays } from "../../src/alerting/hours/schedule.ts";
import { startMars } from "../support/mars.ts";
import { startReceiver } from "../support/receiver.ts";
import { getJson, sendBulk } from "../support/rest.ts";
import { until } from "../support/until.ts";

const allow = { alertAllow: ["127.0.0.1"] };

async function put(url: string, body: unknown): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await fetch(url, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

const lifecycle = {
  stages: [{ event: "PAID" }, { event: "SHIPPED", after: "PAID", within: "10ms" }],
  complete_on: ["SHIPPED"],
  fail_on: ["BOUNCED"],
  grace: "0s",
};

const events = (event: string, from: number, to: number, more = {}) =>
  Array.from({ length: to - from }, (_, index) => ({
    app_id: "shop",
    message_id: `m${from + index}`,
    event,
    ...more,
  }));

/** A time so many seconds from now. */
const seconds = (from: number) => new Date(Date.now() + from * 1_000).toISOString();

interface Notified {
  readonly type: string;
  readonly data: { readonly text: string; readonly incident: Record<string, unknown> };
}

async function startShop(rules: Readonly<Record<string, unknown>>) {
  const receiver = startReceiver();
  const mars = await startMars(allow);
  await put(`${mars.url}/api/apps/shop/lifecycle`, lifecycle);
  await put(`${mars.url}/api/alerts/sinks/ops`, { type: "webhook", url: receiver.url });
  for (const [id, rule] of Object.entries(rules)) {
    const { status, body } = await put(`${mars.url}/api/alerts/rules/${id}`, {
      app_id: "shop",
      sinks: ["ops"],
      ...(rule as object),
    });
    if (status !== 200) throw new Error(JSON.stringify(body));
  }
  return {
    mars,
    receiver,
    async notified(count: number): Promise<Notified[]> {
      return (await receiver.count(count)).map(({ body }) => JSON.parse(body));
    },
    async [Symbol.asyncDispose]() {
      await mars[Symbol.asyncDispose]();
      await receiver[Symbol.asyncDispose]();
    },
  };
}

test("an event that does not come has one notification, and one when it comes", async () => {
  const condition = { type: "absence", event: "PAID", for: "1s" };
  await using shop = await startShop({ quiet: { condition } });
  const [first] = await shop.notified(1);
  expect(first).toMatchObject({
    type: "incident.opened",
    data: {
      text: expect.stringMatching(/^shop: no PAID for 1 s, expected within 1 s, none since \d\d:\d\d UTC$/),
      incident: {
        ...{ rule: "quiet", app_id: "shop", kind: "absence", stage: "PAID", after: null },
        measured: { unit: "ms", bound: 1_000, messages: 0, since: expect.any(String) },
      },
    },
  });
  const { incidents } = await getJson<{ incidents: unknown[] }>(`${shop.mars.url}/api/alerts/incidents`);
  expect(incidents).toMatchObject([
    { kind: "absence", state: "active", figures: { measured: { unit: "ms" } } },
  ]);
  await sendBulk(shop.mars.url, events("PAID", 0, 1));
  const [, second] = await shop.notified(2);
  expect(second).toMatchObject({
    type: "incident.resolved",
    data: { text: expect.stringMatching(/^shop: resolved: PAID came at \d\d:\d\d UTC, after /) },
  });
}, 40_000);

test("events of another time neither end an absence nor begin one", async () => {
  const condition = { type: "absence", event: "PAID", for: "1s" };
  await using shop = await startShop({ quiet: { condition } });
  await shop.notified(1);
  // Imported, and from the future.
  await sendBulk(shop.mars.url, events("PAID", 0, 5, { created_at: seconds(-7_200) }));
  await sendBulk(shop.mars.url, events("PAID", 5, 10, { created_at: seconds(3_600) }));
  await sendBulk(shop.mars.url, events("SHIPPED", 10, 11));
  await sendBulk(shop.mars.url, events("PAID", 11, 12));
  const [, ended] = await shop.notified(2);
  const { data } = ended!;
  // By the last of them: the others came before.
  const since = Date.parse((data.incident.measured as { since: string }).since);
  const { events: own } = await getJson<{ events: { received_at: string }[] }>(
    `${shop.mars.url}/api/apps/shop/messages/m11`,
  );
  expect(since).toBe(Date.parse(own[0]!.received_at));
}, 40_000);

test("an absence survives a restart, without the time that Mars was away", async () => {
  const condition = { type: "absence", event: "PAID", for: "1s" };
  await using shop = await startShop({ quiet: { condition } });
  await shop.notified(1);
  await using again = await shop.mars.restart();
  await sendBulk(again.url, events("PAID", 0, 1));
  const [, second] = await shop.notified(2);
  expect(second!.type).toBe("incident.resolved");
  expect(shop.receiver.received).toHaveLength(2);
}, 40_000);

test("a hop that takes too long at a percentile has a notification, with a message that did", async () => {
  const slow = { condition: { type: "latency", percentile: 95, above: "30s" }, at_least: 10, window: "5m" };
  await using shop = await startShop({ slow });
  await sendBulk(shop.mars.url, events("PAID", 0, 20, { created_at: seconds(-62) }));
  await sendBulk(shop.mars.url, events("SHIPPED", 0, 20, { created_at: seconds(-2) }));
  const [first] = await shop.notified(1);
  expect(first).toMatchObject({
    type: "incident.opened",
    data: {
      text: expect.stringMatching(
        /^shop: p95 of PAID → SHIPPED is (59 s|1 m)( 1 s)?, of 20 messages within 5 m, more than 30 s, sample id m\d+$/,
      ),
      incident: {
        ...{ kind: "latency", stage: "SHIPPED", after: "PAID", count: 20 },
        measured: { unit: "ms", bound: 30_000, messages: 20 },
      },
    },
  });
}, 40_000);

test("too few messages, and an import of old ones, are no latency of now", async () => {
  const slow = { condition: { type: "latency", percentile: 95, above: "30s" }, at_least: 10, window: "1m" };
  const few = { ...slow, condition: { ...slow.condition, percentile: 50 }, at_least: 1, stage: "SHIPPED" };
  await using shop = await startShop({ slow, few });
  await sendBulk(shop.mars.url, events("PAID", 0, 50, { created_at: seconds(-9_000) }));
  await sendBulk(shop.mars.url, events("SHIPPED", 0, 50, { created_at: seconds(-7_200) }));
  await sendBulk(shop.mars.url, events("PAID", 50, 51, { created_at: seconds(-62) }));
  await sendBulk(shop.mars.url, events("SHIPPED", 50, 51, { created_at: seconds(-1) }));
  const notified = await shop.notified(1);
  expect(notified.map(({ data }) => data.incident)).toMatchObject([
    { rule: "few", measured: { messages: 1 } },
  ]);
}, 40_000);

test("a share of messages that are stuck has a notification above the bound, and none below", async () => {
  const share = { condition: { type: "share", above: 0.2 }, at_least: 2, window: "10m" };
  await using shop = await startShop({ share, low: { ...share, condition: { type: "share", above: 0.5 } } });
  await sendBulk(shop.mars.url, events("SHIPPED", 0, 6));
  await sendBulk(shop.mars.url, events("PAID", 0, 6));
  await sendBulk(shop.mars.url, events("PAID", 6, 10));
  const [first] = await shop.notified(1);
  expect(first).toMatchObject({
    type: "incident.opened",
    data: {
      text: expect.stringMatching(
        /^shop: 40 % of 10 messages deviate at PAID → SHIPPED within 10 m, more than 20 %, sample ids m\d, m\d, m\d$/,
      ),
      incident: {
        ...{ rule: "share", kind: "share", stage: "SHIPPED", after: "PAID", count: 4, new: 4 },
        ...{ since: expect.any(String), new_since: expect.any(String) },
        measured: { value: 0.4, bound: 0.2, unit: "share", messages: 10 },
      },
    },
  });
  const { incidents } = await getJson<{ incidents: { rule: string }[] }>(
    `${shop.mars.url}/api/alerts/incidents`,
  );
  expect(incidents.map(({ rule }) => rule)).toEqual(["share"]);
}, 40_000);

test("messages that differ from the lifecycle have a notification that names the differences", async () => {
  await using shop = await startShop({});
  const packed = {
    stages: [
      { event: "PAID" },
      { event: "PACKED", within: "1h" },
      { event: "SHIPPED", after: "PACKED", within: "1h" },
    ],
    complete_on: ["SHIPPED"],
  };
  await put(`${shop.mars.url}/api/apps/shop/lifecycle`, packed);
  const all = ["PAID", "GIFT", "SHIPPED"].flatMap((event, index) =>
    events(event, 0, 40, { created_at: seconds(index / 20) }),
  );
  await sendBulk(shop.mars.url, all);
  await getJson(`${shop.mars.url}/api/messages?min_seq=${all.length}`);
  const rule = { app_id: "shop", sinks: ["ops"], at_least: 10, condition: { type: "drift" } };
  expect((await put(`${shop.mars.url}/api/alerts/rules/drift`, rule)).body).toMatchObject({
    rule: { condition: { type: "drift", missed_share: 0.05 } },
  });
  const [first] = await shop.notified(1);
  expect(first).toMatchObject({
    type: "incident.opened",
    data: {
      incident: {
        ...{ rule: "drift", kind: "drift", app_id: "shop", hop_p99_ms: null },
        measured: {
          ...{ unit: "differences", value: 2, bound: 0, messages: 40 },
          differences: [
            "the event GIFT is not known, 100 % of messages have it",
            "the stage PACKED is never reached",
          ],
        },
      },
    },
  });
  expect(first!.data.text).toBe(
    "shop: messages differ from the lifecycle: the event GIFT is not known, 100 % of messages have it; the stage PACKED is never reached",
  );
}, 40_000);

const always = { time_zone: "UTC", hours: [{ days: [...weekdays], from: "00:00", to: "24:00" }] };
/** The day after tomorrow: never now. */
const dayAhead = weekdays[(new Date().getUTCDay() + 1) % 7]!;
const notNow = { ...always, hours: [{ days: [dayAhead], from: "00:00", to: "24:00" }] };

test("outside of its hours a rule notifies nothing, and an absence does not count", async () => {
  const absence = { condition: { type: "absence", event: "SHIPPED", for: "1s" } };
  await using shop = await startShop({
    stuck: { schedule: notNow },
    quiet: { ...absence, schedule: notNow },
    loud: absence,
  });
  await sendBulk(shop.mars.url, events("PAID", 0, 2));
  const api = `${shop.mars.url}/api/alerts`;
  await until(
    async () =>
      (await getJson<{ deliveries: unknown[] }>(`${api}/deliveries?state=silenced`)).deliveries.length === 1,
    () => "nothing is on record as silenced",
  );
  const [loud] = await shop.notified(1);
  expect(loud!.data.incident.rule).toBe("loud");
  const { incidents } = await getJson<{ incidents: { rule: string }[] }>(`${api}/incidents`);
  expect(incidents.map(({ rule }) => rule).sort()).toEqual(["loud", "stuck"]);
  await put(`${api}/rules/stuck`, { app_id: "shop", sinks: ["ops"], schedule: always });
  const [, second] = await shop.notified(2);
  expect(second).toMatchObject({ type: "incident.opened", data: { incident: { rule: "stuck", count: 2 } } });
}, 40_000);

test("days of a calendar are off, and a calendar that a rule names stays", async () => {
  await using shop = await startShop({});
  const api = `${shop.mars.url}/api/alerts`;
  const schedule = { ...always, calendar: "holidays" };
  const rule = { app_id: "shop", sinks: ["ops"], schedule };
  expect((await put(`${api}/rules/stuck`, rule)).body).toMatchObject({
    errors: [{ field: "schedule.calendar" }],
  });
  const dates = [0, 1, 2].map((day) => ({ date: seconds(day * 86_400).slice(0, 10), name: "a day off" }));
  expect((await put(`${api}/calendars/holidays`, { dates })).body).toMatchObject({
    calendar: { id: "holidays", dates },
  });
  expect((await put(`${api}/rules/stuck`, rule)).body).toMatchObject({ rule: { schedule } });
  await sendBulk(shop.mars.url, events("PAID", 0, 2));
  await until(
    async () =>
      (await getJson<{ deliveries: unknown[] }>(`${api}/deliveries?state=silenced`)).deliveries.length === 1,
    () => "nothing is on record as silenced",
  );
  expect((await fetch(`${api}/calendars/holidays`, { method: "DELETE" })).status).toBe(422);
  await put(`${api}/calendars/holidays`, { dates: [] });
  const [first] = await shop.notified(1);
  expect(first!.data.incident).toMatchObject({ rule: "stuck", count: 2 });
  expect(await getJson<unknown>(`${api}/calendars`)).toMatchObject({
    calendars: [{ id: "holidays", dates: [] }],
  });
}, 40_000);

test("a preview says what a rule would have sent, and nothing of another app", async () => {
  await using shop = await startShop({ stuck: {} });
  await sendBulk(shop.mars.url, events("PAID", 0, 3));
  const [first] = await shop.notified(1);
  const preview = async (rule: object, since?: string) => {
    const response = await fetch(`${shop.mars.url}/api/alerts/rules/preview`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ rule, ...(since && { since }) }),
    });
    return (await response.json()) as Record<string, unknown>;
  };
  // It looks at what changed a moment later than Mars itself has.
  await until(
    async () => (await preview({ app_id: "shop" }, "1h")).notifications_total === 1,
    () => "the notification is not in the preview",
  );
  expect(await preview({ app_id: "shop" }, "1h")).toMatchObject({
    partial: false,
    notifications: [
      {
        ...{ type: "incident.opened", app_id: "shop", kind: "missing", stage: "SHIPPED", after: "PAID" },
        text: expect.stringContaining("3 messages stuck at PAID → SHIPPED"),
        figures: { count: 3, samples: first!.data.incident.samples },
      },
    ],
    notifications_total: 1,
    incidents: 1,
    noisiest: { stage: "SHIPPED", notifications: 1 },
    unknown: expect.any(Array),
  });
  const none = { notifications: [], notifications_total: 0, incidents: 0, noisiest: null };
  expect(await preview({ at_least: 4 })).toMatchObject(none);
  expect(await preview({ app_id: "other" })).toMatchObject(none);
  const quiet = { app_id: "shop", condition: { type: "absence", event: "PAID", for: "30m" } };
  expect(await preview(quiet, "1h")).toMatchObject({
    notifications: [{ type: "incident.opened", kind: "absence" }, { type: "incident.resolved" }],
    unknown: expect.arrayContaining([expect.stringContaining("by the minute")]),
  });
  expect(await preview({}, "31d")).toMatchObject({ errors: [{ field: "since" }] });
  expect(await preview({ kinds: ["none"] })).toMatchObject({ errors: [{ field: "rule.kinds" }] });
}, 40_000);

test("a schedule that is no use is refused, with the field at fault", async () => {
  await using mars = await startMars(allow);
  const refused = async (schedule: object) => {
    const { body } = await put(`${mars.url}/api/alerts/rules/r`, { sinks: ["ops"], schedule });
    return (body.errors as { field: string }[] | undefined)?.map(({ field }) => field);
  };
  expect(await refused({ ...always, time_zone: "Mars/Olympus" })).toEqual(["schedule.time_zone"]);
  const hours = (more: object) => ({ ...always, hours: [{ ...always.hours[0], ...more }] });
  expect(await refused(hours({ from: "9:00" }))).toEqual(["schedule.hours[0].from"]);
  expect(await refused(hours({ from: "22:00", to: "06:00" }))).toEqual(["schedule.hours[0].to"]);
  expect(await refused(hours({ days: ["monday"] }))).toEqual(["schedule.hours[0].days[0]"]);
  expect(await refused({ ...always, hours: [] })).toEqual(["schedule.hours"]);
  const { body } = await put(`${mars.url}/api/alerts/calendars/c`, { dates: [{ date: "2026-02-30" }] });
  expect(body).toMatchObject({ errors: [{ field: "dates[0].date" }] });
});

test("a condition that is no use is refused, with the field at fault", async () => {
  await using mars = await startMars(allow);
  const refused = async (rule: object) => {
    const { body } = await put(`${mars.url}/api/alerts/rules/r`, { sinks: ["ops"], ...rule });
    return (body.errors as { field: string }[] | undefined)?.map(({ field }) => field);
  };
  const shop = { app_id: "shop" };
  expect(await refused({ condition: { type: "share" } })).toEqual(["condition.above"]);
  expect(await refused({ condition: { type: "share", above: 0.1, for: "1m" } })).toEqual(["condition.for"]);
  expect(await refused({ condition: { type: "latency", percentile: 95, above: "1s" } })).toEqual(["app_id"]);
  expect(await refused({ ...shop, condition: { type: "latency", percentile: 0, above: "1s" } })).toEqual([
    "condition.percentile",
  ]);
  expect(await refused({ ...shop, condition: { type: "latency", percentile: 95 } })).toEqual([
    "condition.above",
  ]);
  expect(await refused({ ...shop, condition: { type: "absence", event: "A" } })).toEqual(["condition.for"]);
  expect(
    await refused({ ...shop, stage: "A", condition: { type: "absence", event: "A", for: "1m" } }),
  ).toEqual(["stage"]);
  expect(await refused({ condition: { type: "shares", above: 0.1 } })).toEqual(["condition.type"]);
  expect(await refused({ condition: { type: "share", abov: 0.1 } })).toContain("condition.abov");
  expect(await refused({ kinds: ["failed", "late"], condition: { type: "share", above: 0.1 } })).toEqual([
    "kinds",
  ]);
});

test("a rule with a condition is shown as it was put", async () => {
  await using shop = await startShop({});
  const url = `${shop.mars.url}/api/alerts/rules`;
  for (const condition of [
    { type: "share", above: 0.05 },
    { type: "latency", percentile: 99.9, above: "30s" },
    { type: "latency", percentile: 95, above_usual: 2 },
    { type: "absence", event: "PAID", for: "10m" },
  ]) {
    await put(`${url}/r`, { app_id: "shop", sinks: ["ops"], condition });
    expect(await getJson<Record<string, unknown>>(`${url}/r`)).toMatchObject({ condition });
  }
  await until(
    async () => (await getJson<{ status: string }>(`${shop.mars.url}/status`)).status === "up",
    () => "down",
  );
});
