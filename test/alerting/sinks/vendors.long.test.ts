/** Teams, Discord, PagerDuty and Opsgenie: what they are sent is what their vendors accept, in order, to the end. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { linksOf } from "../../../src/alerting/links.ts";
import type { Notification } from "../../../src/alerting/notification.ts";
import { type HttpSink, requestTo } from "../../../src/alerting/sinks/request.ts";
import { ruleInput } from "../../../src/api/alert-rules.ts";
import { startAlerting } from "../../support/alerting.ts";
import { author } from "../../support/caller.ts";
import { accept, startVendor, type Vendor, type VendorType } from "../../support/vendors.ts";

const types: readonly VendorType[] = ["teams", "discord", "pagerduty", "opsgenie"];
const silent = { debug() {}, info() {}, warn() {}, error() {} };
const rule = (sinks: string[]) => ruleInput.parse({ id: "all", sinks, window: "1s", grow_after: "1s" });

/** Alerts of one rule, whose sink `0` the vendor is. */
async function startWith(vendor: Vendor, options = {}) {
  const alerting = await startAlerting([vendor.target], {
    publicUrl: "https://mars.example.com",
    ...options,
  });
  await alerting.alerts.putRule(rule(["0"]), author);
  return alerting;
}

const pager = (type: VendorType) => type === "pagerduty" || type === "opsgenie";
const actionsOf = ({ accepted }: Vendor) => accepted.map(({ action }) => action);

describe.each(types)("%s", (type) => {
  test("is notified of the beginning, of growth and of the end, each as it understands it", async () => {
    await using vendor = startVendor(type);
    await using alerting = await startWith(vendor);
    await alerting.stick(1);
    await vendor.count(1);
    await alerting.stick(20);
    await vendor.count(2);
    await alerting.release();
    await vendor.count(3);
    expect(vendor.refused).toEqual([]);
    const [opened, grown, ended] = vendor.accepted;
    expect(actionsOf(vendor)).toEqual(
      pager(type) ? ["trigger", "trigger", "resolve"] : ["post", "post", "post"],
    );
    expect(opened!.text).toContain("app: 1 message stuck at A");
    expect(grown!.text).toContain("app: growing: 20 new messages stuck at A");
    expect(new Set(vendor.accepted.map(({ alias }) => alias)).size).toBe(1);
    if (type !== "pagerduty") expect(ended!.text).toContain("app: resolved: no message is stuck");
    await alerting.deliveries(({ deliveries }) => deliveries.every(({ state }) => state === "delivered"));
  });

  test("is notified of the end where another sink has taken its place", async () => {
    await using former = startVendor(type);
    await using vendor = startVendor(type);
    await using alerting = await startWith(former);
    await alerting.stick(1);
    await former.count(1);
    await alerting.alerts.putSink("0", vendor.target, author);
    await vendor.count(1);
    await alerting.release();
    await Promise.all([former.count(2), vendor.count(2)]);
    expect([...former.refused, ...vendor.refused]).toEqual([]);
    for (const one of [former, vendor]) {
      expect(actionsOf(one)).toEqual(pager(type) ? ["trigger", "resolve"] : ["post", "post"]);
    }
  });

  test("may ask for time, and gets the notification after it", async () => {
    await using vendor = startVendor(type, { busy: 1 });
    await using alerting = await startWith(vendor);
    const start = performance.now();
    await alerting.stick(1);
    await vendor.count(2);
    expect(performance.now() - start).toBeGreaterThanOrEqual(1_000);
    const { deliveries } = await alerting.deliveries(({ deliveries: [one] }) => one?.state === "delivered");
    expect(deliveries[0]!.attempts.map(({ status }) => status)).toEqual([429, expect.any(Number)]);
  });

  test("is not called again with what it has refused for good", async () => {
    await using vendor = startVendor(type, { refuses: true });
    await using alerting = await startWith(vendor, { log: silent });
    await alerting.stick(1);
    const { deliveries } = await alerting.deliveries(({ deliveries: [one] }) => one?.state === "failed");
    expect(deliveries[0]!.attempts).toHaveLength(1);
  });

  test("accepts every text, however long or strange", () => {
    const sink = { id: "0", type, url: "https://127.0.0.1/hook", key: "k" } as HttpSink;
    const text = (max: number) => fc.string({ unit: "binary", minLength: 1, maxLength: max });
    const strange = fc.oneof(
      text(300),
      fc.constantFrom("[x](http://a)", "<@1> @everyone", "*_~`|>#", "😀".repeat(128), "a".repeat(512)),
    );
    fc.assert(
      fc.property(
        fc.record({ appId: strange, stage: strange, after: strange, text: text(2_500) }),
        fc.array(strange, { maxLength: 3 }),
        fc.constantFrom("incident.opened", "incident.reminder", "incident.resolved", "incident.closed"),
        fc.boolean(),
        (names, samples, type, linked) => {
          const incident = {
            ...names,
            ...{
              id: 7,
              change: 1,
              rule: "r".repeat(64),
              kind: "missing" as const,
              openedAt: 1_700_000_000_000_000,
            },
            figures: { count: 3, fresh: 1, recent: 1, lateBy: 0, samples },
          };
          const notification: Notification = { type, at: incident.openedAt, text: names.text, incident };
          const links = linked ? linksOf("https://mars.example.com", incident, samples) : undefined;
          const key = sink.type === "opsgenie" ? "01234567-89ab-cdef-0123-456789abcdef" : "x".repeat(32);
          const sent = requestTo({ ...sink, key } as HttpSink, notification, {
            webhookId: "msg_1",
            origin: "0123456789abcdef",
            links,
          });
          accept(sink.type as VendorType, {
            path: sent.url.pathname + sent.url.search,
            headers: sent.headers,
            body: sent.body,
          });
          expect(sent.body.isWellFormed()).toBe(true);
        },
      ),
      { seed: 12, numRuns: 200 },
    );
  });

  test("accepts a test", async () => {
    await using vendor = startVendor(type);
    await using alerting = await startWith(vendor);
    expect(await alerting.alerts.testSink("0", author)).toMatchObject({ outcome: "delivered" });
    expect([vendor.accepted.length, vendor.refused]).toEqual([1, []]);
  });
});
