/** From findings to notifications. */
import { describe, expect, test } from "bun:test";
import { type Decision, decide, type Moment } from "../../src/alerting/decision.ts";
import type { Figures } from "../../src/alerting/figures.ts";
import type { Incident } from "../../src/alerting/incident.ts";
import { notAhead } from "../../src/alerting/incident.ts";
import { durationText, notificationText } from "../../src/alerting/notification-text.ts";
import { ruleInput } from "../../src/api/alert-rules.ts";
import { MarsError } from "../../src/core/error.ts";
import { startAlerting } from "../support/alerting.ts";
import { author } from "../support/caller.ts";
import { startReceiver } from "../support/receiver.ts";
import { keepFor, markTime, openStore, prune } from "../support/store.ts";

const second = 1_000_000;
const minute = 60 * second;
const hour = 60 * minute;
/** 2026-01-31T12:00:00Z */
const noon = Date.UTC(2026, 0, 31, 12) * 1_000;

const incident: Incident = {
  id: 7,
  rule: "r",
  appId: "shop",
  kind: "missing",
  stage: "SHIPPED",
  after: "PAID",
  openedAt: noon,
  versions: [1],
  countedFrom: 0,
  firstRaisedAt: noon,
  lastRaisedAt: noon,
  notifiedAt: 0,
  silenced: false,
  changes: 0,
  closedAt: 0,
  text: "",
};
const rule = ruleInput.parse({ id: "r", sinks: ["s"], window: "1m", repeat: "4h" });
const notified = { ...incident, notifiedAt: noon + second };
const figures: Figures = { count: 312, since: noon, fresh: 312, lateBy: 0, samples: ["a", "b", "c"] };
const none: Figures = { count: 0, fresh: 0, lateBy: 0, samples: [] };
const opened: Decision = { action: "notify", type: "incident.opened", silenced: false };

describe("what is to be done about an incident", () => {
  const cases: [title: string, incident: Incident, moment: Partial<Moment>, decision: Decision][] = [
    [
      "what was raised together is waited for until it is quiet",
      incident,
      { clock: noon + 400_000 },
      { action: "wait", until: noon + 500_000 },
    ],
    ["and notified then", incident, { clock: noon + 500_000, figures }, opened],
    [
      "but no longer than ten seconds",
      incident,
      { clock: noon + 10 * second, extendedAt: noon + 9.9 * second, figures },
      opened,
    ],
    [
      "what comes one by one is notified at once",
      { ...incident, lastRaisedAt: noon + 1 },
      { clock: noon, figures },
      opened,
    ],
    [
      "what came after all before its notification has none",
      incident,
      { clock: noon + 61 * second, figures: none },
      { action: "drop" },
    ],
    [
      "a silence keeps it back, on record",
      incident,
      { clock: noon + second, silentUntil: noon + hour, figures },
      { action: "notify", type: "incident.opened", silenced: true },
    ],
    [
      "once",
      { ...incident, silenced: true },
      { clock: noon + second, silentUntil: noon + hour, figures },
      { action: "wait", until: noon + 11 * second },
    ],
    ["until it ends", { ...incident, silenced: true }, { clock: noon + hour, figures }, opened],
    [
      "one that grows has no second notification",
      { ...notified, lastRaisedAt: noon + hour },
      { clock: noon + hour, figures },
      { action: "wait", until: noon + hour + minute + 1 },
    ],
    [
      "one that lasts has a reminder after the rule's time",
      notified,
      { clock: noon + 4 * hour + second, figures },
      { action: "notify", type: "incident.reminder", silenced: false },
    ],
    [
      "and not in a silence",
      notified,
      { clock: noon + 4 * hour + second, silentUntil: noon + 5 * hour, figures },
      { action: "wait", until: noon + 4 * hour + 11 * second },
    ],
    [
      "while one is active it is not resolved",
      notified,
      { clock: noon + hour, figures: { ...figures, count: 1 } },
      { action: "wait", until: noon + hour + 10 * second },
    ],
    [
      "nor while one was raised a moment ago",
      notified,
      { clock: noon + 30 * second, figures: none },
      { action: "wait", until: noon + minute + 1 },
    ],
    [
      "it is resolved when none is active and none was raised for the rule's window",
      notified,
      { clock: noon + minute + 1, figures: none },
      { action: "notify", type: "incident.resolved", silenced: false },
    ],
    [
      "it has expired when none holds because retention has deleted them",
      notified,
      { clock: noon + minute + 1, figures: { ...none, expired: 2 } },
      { action: "notify", type: "incident.expired", silenced: false },
    ],
    [
      "what stays late is resolved when no more comes late",
      { ...notified, kind: "late" },
      { clock: noon + minute + 1, figures },
      { action: "notify", type: "incident.resolved", silenced: false },
    ],
  ];
  for (const [title, given, moment, decision] of cases) {
    test(title, () => {
      expect(decide(given, rule, { clock: noon, extendedAt: noon, ...moment })).toEqual(decision);
    });
  }
});

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
      const facts = { figures: { ...figures, ...more }, clock, windowMs: 60_000 };
      expect(notificationText("incident.opened", { ...incident, ...given }, facts)).toBe(text);
    });
  }
  test("a reminder says how many are new since the notification before", () => {
    const facts = { figures: { ...figures, fresh: 12, freshSince: clock }, clock, windowMs: 60_000 };
    expect(notificationText("incident.reminder", incident, facts)).toBe(
      "shop: still 312 messages stuck at PAID → SHIPPED since 12:00 UTC, 12 of them new, longest 4 m 10 s, sample ids a, b, c",
    );
  });

  test("what retention has deleted is not called well", () => {
    const facts = { figures: { ...none, expired: 2 }, clock, windowMs: 60_000 };
    expect(notificationText("incident.expired", incident, facts)).toBe(
      "shop: expired: 2 messages stuck at PAID → SHIPPED expired unfinished, deleted by retention or erased, after 4 m 10 s",
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
        await alerting.opened.store.commitAlerts(step);
        if (writes % 3 === 2) throw new MarsError("unavailable", "the answer was lost");
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

test("a rule that is deleted says nothing more", async () => {
  await using receiver = startReceiver();
  await using alerting = await startAlerting([receiver.url]);
  await alerting.stick(1);
  await receiver.count(1);
  expect(await alerting.alerts.deleteRule("all", author)).toBe(true);
  await alerting.release();
  const { incidents } = await alerting.opened.queries.alertIncidents({ state: "any", limit: 10 });
  expect(incidents.map(({ closedAt }) => closedAt > 0)).toEqual([true]);
  const { rules, incidents: active } = await alerting.opened.queries.alertState();
  expect([rules, active]).toEqual([[], []]);
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
  await receiver.count(1);
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
    type: "incident.expired",
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
