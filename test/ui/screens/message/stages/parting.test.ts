import { expect, test } from "bun:test";
import type { StageView } from "../../../../../src/api/stage-views.ts";
import { keyOf, partingOf } from "../../../../../src/ui/screens/message/stages/parting.ts";

const stage = (name: string, after: string | null, more: Partial<StageView> = {}): StageView => ({
  ...{ stage: name, stage_events: [name], after, after_events: after === null ? [] : [after] },
  ...{ optional: false, status: "done", done_at: "2026-01-01T00:00:00.000000Z", due_at: null },
  ...{ missing_since: null, late_by_ms: null, early_by_ms: null, owed: null, done_by: null, triage: null },
  ...more,
});
const open = stage("OPENED", null);
const normal = [open, stage("PAID", "OPENED", { tookMs: 1_000 }), stage("SENT", "PAID", { tookMs: 2_000 })];
const sent = keyOf({ stage: "SENT", after: "PAID" });

test("two messages part at the first stage that has not come, though it has in the other", () => {
  const overdue = stage("SENT", "PAID", { status: "overdue", done_at: null, tookMs: 90_000 });
  expect(partingOf([open, normal[1]!, overdue], normal)).toEqual({ key: sent, how: "absent" });
});

test("they part at the first stage that took twice as long, and longer than is normal", () => {
  const paid = stage("PAID", "OPENED", { tookMs: 5_000, p99Ms: 6_000 });
  const slow = stage("SENT", "PAID", { tookMs: 9_000, p99Ms: 6_000 });
  expect(partingOf([open, paid, slow], normal)).toEqual({ key: sent, how: "slow", times: 4.5 });
  expect(partingOf([open, paid, normal[2]!], normal)).toBeUndefined();
});

test("what is not due yet, and what is optional, is no other way", () => {
  const pending = stage("SENT", "PAID", { status: "pending", done_at: null });
  expect(partingOf([open, normal[1]!, pending], normal)).toBeUndefined();
  const passed = stage("SENT", "PAID", { status: "unreached", done_at: null, optional: true });
  expect(partingOf([open, normal[1]!, passed], normal)).toBeUndefined();
  expect(partingOf(normal, [open])).toBeUndefined();
});
