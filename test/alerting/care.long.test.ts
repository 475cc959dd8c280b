/** Care for an incident: acknowledged, assigned, noted, snoozed; and notifications that are sent again. */
import { expect, test } from "bun:test";
import { notesMax } from "../../src/alerting/care-limits.ts";
import { ruleInput } from "../../src/api/alert-rules.ts";
import { nowMicros } from "../../src/core/time.ts";
import { startAlerting } from "../support/alerting.ts";
import { author } from "../support/caller.ts";
import { type Receiver, startReceiver } from "../support/receiver.ts";
import { until } from "../support/until.ts";
import { startVendor } from "../support/vendors.ts";

const by = { ...author, name: "Ann" };
const silent = { debug() {}, info() {}, warn() {}, error() {} };
const rule = (fields: object) => ruleInput.parse({ id: "all", sinks: ["0"], window: "1s", ...fields });
const typesOf = ({ received }: Receiver) =>
  received.map(({ body }) => JSON.parse(body).type.replace("incident.", ""));

test("who knows what acknowledging is gets it, in order, and there are no reminders any more", async () => {
  await using hook = startReceiver();
  await using pagerduty = startVendor("pagerduty");
  await using opsgenie = startVendor("opsgenie");
  await using alerting = await startAlerting([hook.url, pagerduty.target, opsgenie.target]);
  const { alerts } = alerting;
  const often = { ...rule({ sinks: ["0", "1", "2"], grow_after: "1s" }), repeatMs: 400 };
  await alerts.putRule(often, author);
  await alerting.stick(1);
  await hook.count(2);
  expect(typesOf(hook).slice(0, 2)).toEqual(["opened", "reminder"]);
  const acknowledged = await alerts.care(1, { type: "acknowledge" }, by);
  expect(acknowledged).toMatchObject({ acknowledgedBy: "Ann", acknowledgedAt: expect.any(Number) });
  await until(
    () => [pagerduty, opsgenie].every(({ accepted }) => accepted.at(-1)?.action === "acknowledge"),
    () => JSON.stringify([pagerduty.accepted, opsgenie.accepted]),
  );
  expect(opsgenie.accepted.at(-1)!.text).toMatch(/^app: incident 1 \(stuck at A → B\) acknowledged by Ann$/);
  // The first one stays.
  expect(await alerts.care(1, { type: "acknowledge" }, { ...by, name: "Bob" })).toMatchObject({
    acknowledgedBy: "Ann",
  });
  const before = hook.received.length;
  await alerting.stick(20);
  await hook.count(before + 1);
  const grown = JSON.parse(hook.received[before]!.body);
  expect(grown).toMatchObject({ type: "incident.grown", data: { incident: { acknowledged_by: "Ann" } } });
  await alerting.release();
  await hook.count(before + 2);
  expect(typesOf(hook).slice(before)).toEqual(["grown", "resolved"]);
  await until(
    () => [pagerduty, opsgenie].every(({ accepted }) => accepted.at(-1)?.action === "resolve"),
    () => JSON.stringify([pagerduty.accepted, opsgenie.accepted]),
  );
  for (const { accepted, refused } of [pagerduty, opsgenie]) {
    expect(refused).toEqual([]);
    expect(accepted.filter(({ action }) => action === "acknowledge")).toHaveLength(1);
    expect(new Set(accepted.map(({ alias }) => alias)).size).toBe(1);
  }
});

test("what a pager has not been sent yet comes before that it is acknowledged", async () => {
  await using vendor = startVendor("pagerduty", { busy: 1 });
  await using alerting = await startAlerting([vendor.target]);
  await alerting.stick(1);
  await vendor.count(1);
  await alerting.alerts.care(1, { type: "acknowledge" }, by);
  await vendor.count(3);
  expect(vendor.accepted.map(({ action }) => action)).toEqual(["trigger", "acknowledge"]);
});

test("an incident that is snoozed has no notification but that of its end", async () => {
  await using receiver = startReceiver();
  await using alerting = await startAlerting([receiver.url]);
  const { alerts, opened } = alerting;
  await alerts.putRule({ ...rule({ grow_after: "1s" }), repeatMs: 1_000 }, author);
  await alerting.stick(1);
  await alerting.deliveries(({ deliveries: [one] }) => one?.state === "delivered");
  await alerts.care(1, { type: "snooze", until: nowMicros() + 3_600_000_000 }, by);
  await alerting.restart();
  await alerting.stick(20);
  // The time of growth and of a reminder passes.
  await until(
    async () => nowMicros() > (await opened.queries.alertIncident(1))!.notifiedAt + 1_500_000,
    () => "time does not pass",
  );
  expect(typesOf(receiver)).toEqual(["opened"]);
  await alerting.alerts.care(1, { type: "snooze", until: 0 }, by);
  await receiver.count(2);
  expect(typesOf(receiver)).toEqual(["opened", "grown"]);
  await alerting.alerts.care(1, { type: "snooze", until: nowMicros() + 3_600_000_000 }, by);
  await alerting.release();
  await receiver.count(3);
  expect(typesOf(receiver)).toEqual(["opened", "grown", "resolved"]);
  await expect(alerting.alerts.care(1, { type: "snooze", until: 1 }, by)).rejects.toThrow("has ended");
  await expect(alerting.alerts.care(1, { type: "acknowledge" }, by)).rejects.toThrow("has ended");
});

test("an incident that reopens is not acknowledged any more", async () => {
  await using receiver = startReceiver();
  await using alerting = await startAlerting([receiver.url]);
  await alerting.alerts.putRule(rule({ at_least: 3 }), author);
  await alerting.stick(3);
  await receiver.count(1);
  await alerting.alerts.care(1, { type: "acknowledge" }, by);
  await alerting.alerts.care(1, { type: "assign", to: "Bob" }, by);
  await alerting.release(2);
  await receiver.count(2);
  await alerting.stick(2);
  await receiver.count(3);
  expect(typesOf(receiver)).toEqual(["opened", "resolved", "opened"]);
  expect(await alerting.opened.queries.alertIncident(1)).toMatchObject({
    acknowledgedAt: 0,
    acknowledgedBy: "",
    assignedTo: "Bob",
  });
});

test("notes are kept in order, up to a bound, and incidents are found by who takes care of them", async () => {
  await using receiver = startReceiver();
  await using alerting = await startAlerting([receiver.url]);
  const { alerts, opened } = alerting;
  await alerting.stick(1);
  await receiver.count(1);
  for (let number = 1; number <= notesMax; number++) {
    await alerts.care(1, { type: "note", text: `note ${number} on m0` }, by);
  }
  await expect(alerts.care(1, { type: "note", text: "one more" }, by)).rejects.toThrow("at most 100 notes");
  await alerts.redact("app", "m0");
  const notes = await opened.queries.alertNotes(1);
  expect(notes.map(({ who, text }) => [who, text])).toEqual(
    Array.from({ length: notesMax }, (_, index) => ["Ann", `note ${index + 1} on (erased)`]),
  );
  const ids = async (query: object) =>
    (await opened.queries.alertIncidents({ state: "any", limit: 10, ...query })).incidents.map(
      ({ id }) => id,
    );
  await alerts.care(1, { type: "assign", to: "Bob" }, by);
  expect(await ids({ assignedTo: "Bob", acknowledged: false })).toEqual([1]);
  expect(await ids({ assignedTo: "Ann" })).toEqual([]);
  await alerts.care(1, { type: "acknowledge" }, by);
  expect([await ids({ acknowledged: true }), await ids({ acknowledged: false })]).toEqual([[1], []]);
  expect(await alerts.care(99, { type: "acknowledge" }, by)).toBeUndefined();
});

test("a delivery that failed is sent again with its id, and one that is out of date is not", async () => {
  let failing = true;
  await using receiver = startReceiver(() => new Response("", { status: failing ? 410 : 200 }));
  await using alerting = await startAlerting([receiver.url], { log: silent });
  const { alerts } = alerting;
  await alerting.stick(1);
  const failed = await alerting.deliveries(({ deliveries: [one] }) => one?.state === "failed");
  failing = false;
  expect(await alerts.redeliver(failed.deliveries[0]!.id, false, by)).toBe(true);
  const { deliveries } = await alerting.deliveries(({ deliveries: [one] }) => one?.state === "delivered");
  expect(deliveries[0]!.attempts.map(({ status }) => status)).toEqual([410, 200]);
  expect(new Set(receiver.received.map(({ headers }) => headers["webhook-id"])).size).toBe(1);

  await alerting.release();
  await receiver.count(3);
  const ended = await alerting.deliveries(({ deliveries: [one] }) => one?.state === "delivered");
  const [last, first] = ended.deliveries.map(({ id }) => id);
  await expect(alerts.redeliver(first!, false, by)).rejects.toThrow("out of date");
  expect(receiver.received).toHaveLength(3);
  expect(await alerts.redeliver(last!, false, by)).toBe(true);
  await receiver.count(4);
  await alerting.deliveries(({ deliveries: [one] }) => one?.state === "delivered");
  expect(await alerts.redeliver(first!, true, by)).toBe(true);
  await receiver.count(5);
  expect(typesOf(receiver)).toEqual(["opened", "opened", "resolved", "resolved", "opened"]);
  expect(await alerts.redeliver(99, false, by)).toBe(false);
});

test("the beginning is not sent again to whom a sink leads now, who is not notified of the end", async () => {
  await using one = startReceiver();
  await using two = startReceiver();
  await using alerting = await startAlerting([one.url, two.url]);
  const { alerts } = alerting;
  await alerting.stick(1);
  await Promise.all([one.count(1), two.count(1)]);
  await alerts.putRule(rule({ sinks: ["1"] }), author);
  await alerts.putSink("0", { type: "webhook", url: two.url }, author);
  const { deliveries } = await alerting.deliveries((page) =>
    page.deliveries.every(({ state }) => state === "delivered"),
  );
  const first = deliveries.find(({ sink }) => sink === "0")!;
  await expect(alerts.redeliver(first.id, false, by)).rejects.toThrow("out of date");
  await alerts.deleteSink("0", author);
  await expect(alerts.redeliver(first.id, true, by)).rejects.toThrow("it is deleted");
});

test("a delivery that is sent again and fails does not make its sink new", async () => {
  let failing = false;
  await using receiver = startReceiver(() => new Response("", { status: failing ? 500 : 200 }));
  await using alerting = await startAlerting([receiver.url], { retryDelaysMs: [60_000], log: silent });
  await alerting.alerts.putRule(rule({ grow_after: "1s" }), author);
  await alerting.stick(1);
  const { deliveries } = await alerting.deliveries(({ deliveries: [one] }) => one?.state === "delivered");
  failing = true;
  await alerting.alerts.redeliver(deliveries[0]!.id, false, by);
  await receiver.count(2);
  failing = false;
  await alerting.stick(20);
  await receiver.count(3);
  expect(typesOf(receiver)).toEqual(["opened", "opened", "grown"]);
});
