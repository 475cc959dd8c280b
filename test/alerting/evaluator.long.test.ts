/** From findings to notifications. */
import { describe, expect, test } from "bun:test";
import type { Figures } from "../../src/alerting/figures.ts";
import type { Incident } from "../../src/alerting/incident.ts";
import { notAhead } from "../../src/alerting/incident.ts";
import { notificationText } from "../../src/alerting/notification-text.ts";
import { durationText } from "../../src/alerting/text-parts.ts";
import { ruleInput } from "../../src/api/alert-rules.ts";
import { MarsError } from "../../src/core/error.ts";
import { startAlerting } from "../support/alerting.ts";
import { author } from "../support/caller.ts";
import { figures, hour, incident, none, noon, second } from "../support/incident.ts";
import { startReceiver } from "../support/receiver.ts";
import { keepFor, markTime, openStore, prune } from "../support/store.ts";
import { until } from "../support/until.ts";

describe("notifications in words", () => {
  const clock = noon + 250 * second;
  const cases: [given: Partial<Incident>, figures: Partial<Figures>, text: string][] = [
    [
      {},
      {},
      "shop: 312 messages stuck at PAID → SHIPPED since 12:00 UTC, longest 4 m 10 s, sample ids a, b, c",
    ],
    [
      {},
      { count: 51, since: noon - 24 * hour, fresh: 50, freshSince: noon, hopP99: 3 * second },
      "shop: 50 new messages stuck at PAID → SHIPPED since 12:00 UTC, 51 in all since 2026-01-30 12:00 UTC, longest 1 d, normally within 3 s, sample ids a, b, c",
    ],
    [
      {},
      { count: 1, fresh: 1, samples: ["a"] },
      "shop: 1 message stuck at PAID → SHIPPED since 12:00 UTC, longest 4 m 10 s, sample id a",
    ],
    [
      { kind: "late" },
      { lateBy: 3 * second },
      "shop: 312 messages late at PAID → SHIPPED since 12:00 UTC, by up to 3 s, sample ids a, b, c",
    ],
    [
      { kind: "failed", stage: "BOUNCED", after: "" },
      { count: 100_001, fresh: 100_001, since: noon - 24 * hour },
      "shop: more than 100000 messages failed with BOUNCED since 2026-01-30 12:00 UTC, sample ids a, b, c",
    ],
    [
      { kind: "skipped", appId: "a\nb" },
      { samples: ["x\u202ey\r\n", "b".repeat(80)] },
      `a b: 312 messages complete without PAID → SHIPPED since 12:00 UTC, sample ids x y  , ${"b".repeat(63)}…`,
    ],
  ];
  for (const [given, more, text] of cases) {
    test(text.slice(0, 80), () => {
      const facts = { figures: { ...figures, ...more }, clock, windowMs: 60_000, atLeast: 1 };
      expect(notificationText("incident.opened", { ...incident, ...given }, facts)).toBe(text);
    });
  }
  test("a reminder says how many are new since the notification before", () => {
    const facts = {
      figures: { ...figures, fresh: 12, freshSince: clock },
      clock,
      windowMs: 60_000,
      atLeast: 1,
    };
    expect(notificationText("incident.reminder", incident, facts)).toBe(
      "shop: still 312 messages stuck at PAID → SHIPPED since 12:00 UTC, 12 of them new, longest 4 m 10 s, sample ids a, b, c",
    );
  });

  test("what retention has deleted is not called well", () => {
    const facts = { figures: { ...none, expired: 2 }, clock, windowMs: 60_000, atLeast: 1 };
    expect(notificationText("incident.closed", incident, facts)).toBe(
      "shop: closed: 2 messages stuck at PAID → SHIPPED expired unfinished, deleted by retention or erased, after 4 m 10 s",
    );
  });

  test("durations have their two largest units", () => {
    expect([0, 1_500, 59 * second, hour, hour + second, 49 * hour].map(durationText)).toEqual([
      "0 ms",
      "2 ms",
      "59 s",
      "1 h",
      "1 h",
      "2 d 1 h",
    ]);
  });
});

test("a group that is raised together, in many steps, has one notification", async () => {
  await using receiver = startReceiver();
  await using alerting = await startAlerting([receiver.url]);
  await alerting.stick(5_000);
  const [first] = await receiver.count(1);
  expect(JSON.parse(first!.body).data.incident).toMatchObject({ count: 5_000, count_exceeded: false });
  await alerting.release();
  await receiver.count(2);
  expect(receiver.received.map(({ body }) => JSON.parse(body).type)).toEqual([
    "incident.opened",
    "incident.resolved",
  ]);
});

test("whether a write failed or only its answer was lost, each notification is sent once", async () => {
  await using receiver = startReceiver();
  await using alerting = await startAlerting([receiver.url]);
  let writes = 0;
  await alerting.restart({
    store: {
      ...alerting.opened.store,
      async commitAlerts(step) {
        writes += 1;
        if (writes % 3 === 1) throw new MarsError("unavailable", "the write failed");
        const seq = await alerting.opened.store.commitAlerts(step);
        if (writes % 3 === 2) throw new MarsError("unavailable", "the answer was lost");
        return seq;
      },
    },
  });
  await alerting.stick(10);
  await receiver.count(1);
  await alerting.release();
  await receiver.count(2);
  const { deliveries } = await alerting.deliveries((page) =>
    page.deliveries.every(({ state }) => state === "delivered"),
  );
  expect(deliveries.map(({ notification }) => notification.type)).toEqual([
    "incident.resolved",
    "incident.opened",
  ]);
  expect(receiver.received).toHaveLength(2);
  expect(writes).toBeGreaterThan(3);
});

test("the sinks that were notified of an incident are notified that its rule was deleted, and of no more", async () => {
  await using receiver = startReceiver();
  await using alerting = await startAlerting([receiver.url]);
  await alerting.stick(1);
  await receiver.count(1);
  expect(await alerting.alerts.deleteRule("all", author)).toBe(true);
  const [, closed] = await receiver.count(2);
  expect(JSON.parse(closed!.body)).toMatchObject({
    type: "incident.closed",
    data: {
      text: expect.stringMatching(
        /^app: closed: the rule all was deleted, 1 message still stuck at A → B, after /,
      ),
      incident: { id: 1, count: 1, reason: "rule_deleted" },
    },
  });
  await alerting.release();
  const { incidents } = await alerting.opened.queries.alertIncidents({ state: "closed", limit: 10 });
  expect(incidents).toMatchObject([{ ending: "rule_deleted", closedAt: expect.any(Number) }]);
  const { rules, incidents: active } = await alerting.opened.queries.alertState();
  expect([rules, active]).toEqual([[], []]);
});

test("since when there are fewer than a rule asks for survives a restart", async () => {
  await using receiver = startReceiver();
  await using alerting = await startAlerting([receiver.url]);
  const few = ruleInput.parse({ id: "all", sinks: ["0"], window: "1h", at_least: 3 });
  await alerting.alerts.putRule(few, author);
  await alerting.stick(3);
  await receiver.count(1);
  await alerting.release(1);
  // One is looked at in time, and not only when something is due.
  await alerting.alerts.putRule({ ...few, repeatMs: 60_000, windowMs: 3_599_000 }, author);
  const stored = async () => (await alerting.opened.queries.alertState()).incidents[0]?.belowSince ?? 0;
  await until(
    async () => (await stored()) > 0,
    () => "it is not on record",
  );
  const since = await stored();
  await alerting.restart();
  await alerting.release(2);
  expect(await stored()).toBe(since);
});

test("findings that can be read only later are waited for, and notified then", async () => {
  await using receiver = startReceiver();
  await using alerting = await startAlerting([receiver.url]);
  const { queries } = alerting.opened;
  let reads = 0;
  await alerting.restart({
    reader: {
      ...queries,
      async findingHistory(query) {
        reads += 1;
        return reads > 3 ? queries.findingHistory(query) : { findings: [], to: query.after, prunedTo: 0 };
      },
    },
  });
  await alerting.stick(1);
  await receiver.count(1);
  expect(reads).toBeLessThan(20);
});

test("what was resolved long ago is deleted, and what is active is not", async () => {
  await using receiver = startReceiver();
  await using alerting = await startAlerting([receiver.url]);
  await alerting.stick(1);
  await alerting.deliveries(({ deliveries: [one] }) => one?.state === "delivered");
  const { store, queries } = alerting.opened;
  expect(await store.pruneAlerts(Date.now() * 1_000 + second)).toBe(false);
  expect((await queries.alertDeliveries({ limit: 10 })).deliveries).toEqual([]);
  expect((await queries.alertIncidents({ state: "any", limit: 10 })).incidents).toHaveLength(1);
});

test("an incident whose messages retention has deleted does not end as resolved", async () => {
  await using receiver = startReceiver();
  await using alerting = await startAlerting([receiver.url]);
  await alerting.stick(3);
  await alerting.deliveries(({ deliveries: [one] }) => one?.state === "delivered");
  const { store } = alerting.opened;
  await markTime(store, 1);
  // It is kept for as long as an incident may ask for it.
  await prune(store, 1 + 3 * keepFor);
  expect((await alerting.opened.queries.overdue({ clock: 0, limit: 10 })).overdue).toHaveLength(3);
  await prune(store, 1 + 4 * keepFor);
  expect((await alerting.opened.queries.overdue({ clock: 0, limit: 10 })).overdue).toEqual([]);
  await alerting.restart();
  const [, expired] = await receiver.count(2);
  expect(JSON.parse(expired!.body)).toMatchObject({
    type: "incident.closed",
    former_type: "incident.expired",
    data: { text: expect.stringContaining("3 messages stuck"), incident: { count: 0, expired: 3 } },
  });
});

test("nothing waits for a time of a clock that was ahead", async () => {
  using openedStore = await openStore();
  const { store, queries } = openedStore;
  const ahead = noon + hour;
  const notification = { type: "test" as const, at: ahead, text: "" };
  await store.putAlertSink({ id: "s", type: "webhook", url: "http://127.0.0.1/", secret: "" });
  await store.commitAlerts({
    step: 1,
    findingSeq: 0,
    incidents: [incident],
    deliveries: [
      { incident: 1, change: 1, sink: "s", state: "pending", webhookId: "w", notification, createdAt: ahead },
    ],
  });
  expect((await queries.dueDeliveries(noon, [])).due).toHaveLength(1);
  // Nor is a sink asked again that has not answered yet.
  expect((await queries.dueDeliveries(noon, ["s"])).due).toHaveLength(0);
  const attempt = {
    at: ahead,
    durationMs: 1,
    outcome: "failed" as const,
    status: 500,
    error: "",
    response: "",
  };
  await store.recordAttempt({ delivery: 1, number: 1, attempt, state: "pending", nextAt: ahead + hour });
  expect((await queries.dueDeliveries(ahead + second, [])).due).toHaveLength(0);
  expect((await queries.dueDeliveries(noon, [])).due).toHaveLength(1);
  expect(notAhead({ ...incident, lastRaisedAt: ahead, notifiedAt: ahead }, noon + second)).toMatchObject({
    openedAt: noon,
    lastRaisedAt: noon + second,
    notifiedAt: noon + second,
  });
});
