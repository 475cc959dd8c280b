/** All that is known of an incident, through the front door. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { createLog } from "../../../src/runtime/log.ts";
import { startMars, type TestMars } from "../../support/mars.ts";
import { getJson, sendBulk } from "../../support/rest.ts";
import { until } from "../../support/until.ts";
import { get, type Json } from "./client.ts";

let mars: TestMars;
const logged: Json[] = [];
beforeAll(async () => {
  mars = await startMars(
    {},
    createLog("info", (line) => logged.push(JSON.parse(line))),
  );
});
afterAll(() => mars[Symbol.asyncDispose]());

const rule = { kinds: ["missing"], at_least: 3, window: "1m", sinks: ["live"] };

async function put(path: string, body: object): Promise<void> {
  const answer = await get(`${mars.url}${path}`, {
    method: "PUT",
    body: JSON.stringify(body),
    headers: { "content-type": "application/json" },
  });
  expect(answer).toMatchObject({ status: 200 });
}

test("a bundle has the incident's findings and their messages, and says where it is cut", async () => {
  const stages = [{ event: "SENT" }, { event: "ACKED", after: "SENT", within: "1s" }];
  await put("/api/apps/mail/lifecycle", { stages, complete_on: ["ACKED"], fail_on: ["LOST"], grace: "0s" });
  await put("/api/alerts/sinks/live", { type: "topic" });
  await put("/api/alerts/rules/stuck", rule);
  const created_at = new Date(Date.now() - 10_000).toISOString();
  const sent = (message_id: string, event = "SENT") => ({ app_id: "mail", message_id, event, created_at });
  await sendBulk(mars.url, [
    ...["m-1", "m-2", "m-3"].map((id) => sent(id)),
    ...["m-1", "m-2", "m-3"].map((id) => sent(id, "OPENED")),
    // Not of this incident: it failed.
    sent("m-4"),
    sent("m-4", "LOST"),
  ]);
  let incidents: Json[] = [];
  await until(async () => {
    ({ incidents } = await getJson<Json>(`${mars.url}/api/alerts/incidents`));
    return incidents.length === 1;
  });
  const path = `${mars.url}/api/alerts/incidents/${incidents[0]!.id}/bundle`;
  const bundle = await getJson<Json>(path);
  expect(bundle).toMatchObject({
    incident: { rule: "stuck", app_id: "mail", stage: "ACKED", state: "active", figures: { count: 3 } },
    lifecycles: [{ version: 1, lifecycle: { complete_on: ["ACKED"] } }],
    counts: { app_id: "mail", messages: { overdue: 3, failed: 1 } },
  });
  const ids = (of: Json[]) => of.map(({ message_id }) => message_id).sort();
  expect(ids(bundle.findings)).toEqual(["m-1", "m-2", "m-3"]);
  expect(ids(bundle.messages)).toEqual(["m-1", "m-2", "m-3"]);
  expect(bundle.messages[0]).toMatchObject({
    state: "overdue",
    lifecycle: { stages: [{ status: "done" }, { status: "overdue" }] },
    events: [{ event: "SENT" }, { event: "OPENED" }],
  });
  expect([bundle.findings_partial, bundle.messages_partial]).toEqual([undefined, undefined]);

  const cut = await getJson<Json>(`${path}?messages=2&events=1`);
  expect([cut.messages.length, cut.messages_partial, cut.messages[0].events.length]).toEqual([2, true, 1]);
  expect(cut.messages[0].next_cursor).toBeString();
  expect((await get(`${mars.url}/api/alerts/incidents/99/bundle`)).status).toBe(404);
});

test("the log has who changed something, nothing where nothing changed, and when an incident opens and ends, with no id of a message", async () => {
  const lines = (event: string) => logged.filter((line) => line.event === event);
  const [opened] = lines("incident_opened");
  expect(opened).toMatchObject({ level: "info", rule: "stuck", app_id: "mail", kind: "missing" });
  const actions = lines("change_made").map(({ action }) => action);
  expect(actions.slice(0, 3)).toEqual(["putLifecycle", "putAlertSink", "putAlertRule"]);
  expect(lines("change_made")[0]).toMatchObject({ who: "anonymous", address: "127.0.0.1", protocol: "rest" });
  await put("/api/alerts/rules/stuck", rule);
  expect(lines("change_made")).toHaveLength(actions.length);
  await fetch(`${mars.url}/api/alerts/rules/stuck`, { method: "DELETE" });
  expect(lines("change_made")).toHaveLength(actions.length + 1);
  await until(() => lines("incident_ended").length > 0);
  const { incident } = opened ?? {};
  expect(lines("incident_ended")[0]).toMatchObject({ incident, rule: "stuck", ending: "rule_deleted" });
  expect(JSON.stringify(logged)).not.toContain("m-1");
});
