/** Links lead to pages of the dashboard, for every kind of incident. */
import { expect, test } from "bun:test";
import type { IncidentKind } from "../../src/alerting/incident.ts";
import { linksOf } from "../../src/alerting/links.ts";
import { pagePaths } from "../../src/edge/http/page.ts";

const group = (kind: IncidentKind, stage = "SHIPPED", after = "PAID") =>
  linksOf("", { id: 7, rule: "r", appId: "shop/1", kind, stage, after }, []).group;

test("names the page on which the incident's messages are", () => {
  const current = "&state=current&range=30d";
  expect(group("missing")).toBe("/stuck?app_id=shop%2F1&stage=SHIPPED&after=PAID");
  expect(group("late")).toBe(`/findings?app_id=shop%2F1&kind=late&stage=SHIPPED${current}`);
  expect(group("failed", "LOST", "")).toBe(`/findings?app_id=shop%2F1&kind=failed&stage=LOST${current}`);
  expect(group("share")).toBe(`/findings?app_id=shop%2F1&stage=SHIPPED${current}`);
  expect(group("latency")).toBe("/latency?app_id=shop%2F1&stage=SHIPPED&after=PAID");
  expect(group("absence", "A\\|B", "")).toBe("/messages?app_id=shop%2F1&event=A%7CB");
  expect(group("drift", "", "")).toBe("/lifecycles?app_id=shop%2F1");
});

test("leads to pages that exist", () => {
  const kinds = ["missing", "late", "skipped", "failed", "abandoned", "share", "latency", "absence", "drift"];
  const { incident, messages } = linksOf(
    "",
    { id: 7, rule: "r", appId: "shop", kind: "missing", stage: "B", after: "" },
    ["m"],
  );
  const links = [incident, ...messages, ...kinds.map((kind) => group(kind as IncidentKind))];
  for (const link of links) expect(pagePaths).toContain(link.split("?")[0]!);
});
