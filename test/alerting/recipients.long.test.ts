/** Sinks that were notified of an incident are notified of its growth and of its end, once and in order. */
import { expect, test } from "bun:test";
import { ruleInput } from "../../src/api/alert-rules.ts";
import { formatTime, nowMicros } from "../../src/core/time.ts";
import { startAlerting } from "../support/alerting.ts";
import { author } from "../support/caller.ts";
import { type Receiver, startReceiver } from "../support/receiver.ts";
import { until } from "../support/until.ts";

interface Sent {
  type: string;
  data: { text: string; incident: { id: number; count: number; new: number; reopened_at: string | null } };
}

const sentTo = ({ received }: Receiver): Sent[] => received.map(({ body }) => JSON.parse(body));
const typesOf = (receiver: Receiver) => sentTo(receiver).map(({ type }) => type);
const rule = (fields: object) => ruleInput.parse({ id: "all", sinks: ["0"], window: "1s", ...fields });
const hook = (receiver: Receiver) => ({ type: "webhook", url: receiver.url }) as const;

test("an open incident that grows is notified, and says what is new", async () => {
  await using receiver = startReceiver();
  await using alerting = await startAlerting([receiver.url]);
  await alerting.alerts.putRule(rule({ grow_after: "1s" }), author);
  await alerting.stick(1);
  await receiver.count(1);
  await alerting.stick(50);
  const [, grown] = await receiver.count(2).then(() => sentTo(receiver));
  expect(grown).toMatchObject({
    type: "incident.grown",
    data: {
      text: expect.stringMatching(/^app: growing: 50 new messages stuck at A → B since .*, 51 in all since /),
      incident: { id: 1, count: 51, new: 50 },
    },
  });
  await alerting.release();
  await receiver.count(3);
  expect(typesOf(receiver)).toEqual(["incident.opened", "incident.grown", "incident.resolved"]);
});

test("a burst after a quiet time is notified once, in an old and acknowledged incident, over a crash", async () => {
  await using receiver = startReceiver();
  await using alerting = await startAlerting([receiver.url]);
  await alerting.alerts.putRule(rule({ at_least: 3, grow_after: "1s" }), author);
  await alerting.stick(40);
  await alerting.deliveries(({ deliveries: [one] }) => one?.state === "delivered");
  await alerting.alerts.care(1, { type: "acknowledge" }, author);
  await Bun.sleep(1_100);
  await alerting.stick(2);
  const { queries } = alerting.opened;
  const burstFrom = async () =>
    (await queries.alertIncidents({ state: "active", limit: 1 })).incidents[0]!.burstFrom;
  await until(async () => (await burstFrom()) > 0);
  const from = await burstFrom();
  await alerting.restart();
  await alerting.stick(3);
  const [, grown] = await receiver.count(2).then(() => sentTo(receiver));
  expect(grown).toMatchObject({
    type: "incident.grown",
    data: {
      text: expect.stringMatching(/^app: growing after a quiet time: 5 new messages stuck at A → B since /),
      incident: { count: 45, new: 5, burst_since: formatTime(from), acknowledged_by: author.name },
    },
  });
  expect(await burstFrom()).toBe(0);
  await alerting.stick(2);
  await alerting.release();
  await receiver.count(3);
  expect(typesOf(receiver)).toEqual(["incident.opened", "incident.grown", "incident.resolved"]);
});

test("an incident with fewer left than its rule asks for is resolved, and reopens with the same id", async () => {
  await using receiver = startReceiver();
  await using alerting = await startAlerting([receiver.url]);
  await alerting.alerts.putRule(rule({ at_least: 10 }), author);
  await alerting.stick(10);
  await receiver.count(1);
  await alerting.release(9);
  await receiver.count(2);
  expect(sentTo(receiver)[1]).toMatchObject({
    type: "incident.resolved",
    data: { text: expect.stringContaining("fewer than 10 messages are stuck at A → B, 1 left") },
  });
  const { queries } = alerting.opened;
  expect((await queries.alertIncidents({ state: "resolved", limit: 10 })).incidents).toHaveLength(1);
  expect((await queries.alertIncidents({ state: "active", limit: 10 })).incidents).toEqual([]);
  // Not ten within the rule's window: what is left of the first ten counts.
  await alerting.stick(9);
  await receiver.count(3);
  expect(sentTo(receiver)[2]).toMatchObject({
    type: "incident.opened",
    data: { incident: { id: 1, count: 10, new: 9, reopened_at: expect.any(String) } },
  });
  await alerting.release();
  await receiver.count(4);
  expect(typesOf(receiver)[3]).toBe("incident.resolved");
});

test("a silence does not keep the end from a sink that was notified of the beginning", async () => {
  await using receiver = startReceiver();
  await using alerting = await startAlerting([receiver.url]);
  await alerting.stick(1);
  await receiver.count(1);
  const now = nowMicros();
  await alerting.alerts.addSilence({ until: now + 3_600_000_000, createdAt: now, comment: "" }, author);
  await alerting.release();
  await receiver.count(2);
  expect(typesOf(receiver)).toEqual(["incident.opened", "incident.resolved"]);
});

test("a rule's former sink is notified of the end, its new one of what is active", async () => {
  await using one = startReceiver();
  await using two = startReceiver();
  await using alerting = await startAlerting([one.url, two.url]);
  await alerting.alerts.putRule(rule({ sinks: ["0"] }), author);
  await alerting.stick(2);
  await one.count(1);
  await alerting.alerts.putRule(rule({ sinks: ["1"] }), author);
  await two.count(1);
  await alerting.release();
  await Promise.all([one.count(2), two.count(2)]);
  for (const receiver of [one, two]) {
    expect(typesOf(receiver)).toEqual(["incident.opened", "incident.resolved"]);
  }
});

test("a rule that is about something else now ends what it was about", async () => {
  await using receiver = startReceiver();
  await using alerting = await startAlerting([receiver.url]);
  await alerting.stick(1);
  await receiver.count(1);
  await alerting.alerts.putRule(rule({ app_id: "other" }), author);
  const [, closed] = await receiver.count(2).then(() => sentTo(receiver));
  expect(closed).toMatchObject({
    type: "incident.closed",
    data: {
      text: expect.stringContaining("the rule all is not about A → B any more, 1 message still stuck"),
    },
  });
});

test("whom a sink led to before it was put with another address is notified of the end", async () => {
  await using one = startReceiver();
  await using two = startReceiver();
  await using alerting = await startAlerting([one.url]);
  const { alerts } = alerting;
  await alerting.stick(1);
  await one.count(1);
  await alerts.putSink("0", hook(two), author);
  await two.count(1);
  // A sink that is deleted is no different.
  await alerts.putRule(rule({ app_id: "other" }), author);
  await Promise.all([one.count(2), two.count(2)]);
  for (const receiver of [one, two]) {
    expect(typesOf(receiver)).toEqual(["incident.opened", "incident.closed"]);
  }
  const { deliveries } = await alerting.deliveries((page) =>
    page.deliveries.every(({ state }) => state === "delivered"),
  );
  expect(deliveries.map(({ sink }) => sink.split("#")[0])).toEqual(["0", "0", "0", "0"]);
  expect((await alerting.opened.queries.alertDeliveries({ sink: "0", limit: 10 })).deliveries).toHaveLength(
    4,
  );
});

test("a sink that is deleted is notified of the end of what it was notified of", async () => {
  await using one = startReceiver();
  await using two = startReceiver();
  await using alerting = await startAlerting([one.url, two.url]);
  await alerting.stick(1);
  await Promise.all([one.count(1), two.count(1)]);
  await alerting.alerts.putRule(rule({ sinks: ["1"] }), author);
  expect(await alerting.alerts.deleteSink("0", author)).toBe(true);
  await alerting.release();
  await Promise.all([one.count(2), two.count(2)]);
  expect(typesOf(one)).toEqual(["incident.opened", "incident.resolved"]);
});

test("a failed delivery is dropped when a later one of its incident takes its place", async () => {
  let failing = true;
  await using receiver = startReceiver(() => new Response("", { status: failing ? 500 : 200 }));
  await using alerting = await startAlerting([receiver.url], { retryDelaysMs: [2_000, 60_000] });
  await alerting.stick(1);
  await receiver.count(1);
  failing = false;
  await alerting.release();
  await receiver.count(2);
  // The time of the second attempt passes.
  await until(
    async () =>
      (await alerting.opened.queries.dueDeliveries(nowMicros() + 3_000_000, [])).due.length === 0 &&
      receiver.received.length === 2,
    () => "the first one is still to be sent",
  );
  const { deliveries } = await alerting.opened.queries.alertDeliveries({ limit: 10 });
  expect(deliveries.map(({ state, notification }) => [notification.type, state])).toEqual([
    ["incident.resolved", "delivered"],
    ["incident.opened", "superseded"],
  ]);
});

test("two rules with one sink have one notification", async () => {
  await using receiver = startReceiver();
  await using alerting = await startAlerting([receiver.url]);
  await alerting.alerts.putRule(rule({ id: "same", app_id: "*" }), author);
  await alerting.stick(3);
  await receiver.count(1);
  const { queries } = alerting.opened;
  await until(
    async () => {
      const { incidents } = await queries.alertIncidents({ state: "active", limit: 10 });
      return incidents.length === 2 && incidents.every(({ notifiedAt }) => notifiedAt > 0);
    },
    () => "not both rules have an incident",
  );
  await alerting.release();
  await until(
    async () => (await queries.alertIncidents({ state: "resolved", limit: 10 })).incidents.length === 2,
    () => "not both are resolved",
  );
  await receiver.count(2);
  expect(typesOf(receiver)).toEqual(["incident.opened", "incident.resolved"]);
});
