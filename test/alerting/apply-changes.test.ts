/** Which incidents follow from changes of findings. */
import { expect, test } from "bun:test";
import { applyChanges } from "../../src/alerting/apply-changes.ts";
import { type EvaluatorState, watch } from "../../src/alerting/evaluator-state.ts";
import type { CountGroup } from "../../src/alerting/figures.ts";
import { incidentKey, openIncident } from "../../src/alerting/incident.ts";
import { opensOther } from "../../src/alerting/rule.ts";
import { ruleInput } from "../../src/api/alert-rules.ts";
import type { Finding } from "../../src/lifecycle/finding.ts";

const hour = 3_600_000_000;
const clock = Date.UTC(2026, 0, 31, 12) * 1_000;
const rule = ruleInput.parse({ id: "r", sinks: ["s"] });
const hop = { appId: "shop", kind: "missing", stage: "B", after: "A" } as const;

const finding = (id: number, dueAt: number): Finding => ({
  ...{ ...hop, id, seq: id, messageId: `m${id}`, run: 1, version: 1, dueAt, raisedAt: clock, lateBy: 0 },
});

function stateWith(notifiedCount: number): EvaluatorState {
  const raised = { first: clock - hour, last: clock - hour, times: [clock - hour] };
  const opened = openIncident(rule, { ...hop, versions: [1], raised }, { id: 1, clock });
  const incident = { ...opened, notifiedAt: clock - hour, notifiedCount };
  const incidents = new Map(notifiedCount === 0 ? [] : [[incidentKey(incident), watch(incident, clock)]]);
  const at = { step: 1, findingSeq: 0, lastIncident: 1, silences: [], unreadableRules: [] };
  return { ...at, rules: new Map([["r", rule]]), hours: new Map(), incidents };
}

/** The messages of odd ids arrived two hours after they were due. */
const reader = {
  alertCounts: async () => [],
  alertArrivals: async (ids: readonly number[]) =>
    ids.map((id): [number, number] => [id, id % 2 === 1 ? 2 * hour : -hour]),
};

test("what was imported opens nothing, and what Mars only found late does", async () => {
  const imported = [1, 3, 5].map((id) => finding(id, clock - 2 * hour));
  expect(await applyChanges(imported, stateWith(0), { reader, clock })).toEqual({ extended: [], opened: [] });
  const { opened } = await applyChanges([finding(2, clock - 2 * hour)], stateWith(0), { reader, clock });
  expect(opened).toMatchObject([{ id: 2, kind: "missing", lastRaisedAt: clock }]);
});

test("what comes after a quiet time begins a burst, also within a page; what is imported breaks no quiet", async () => {
  const at = (id: number, raisedAt: number) => ({ ...finding(id, raisedAt), raisedAt });
  const second = 1_000_000;
  const burst = async (...findings: readonly Finding[]) =>
    (await applyChanges(findings, stateWith(10), { reader, clock })).extended[0]?.burstFrom;
  // The last one was raised an hour ago; five minutes without any are quiet.
  expect(await burst(at(2, clock - 56 * 60 * second))).toBe(0);
  expect(await burst(at(2, clock - 55 * 60 * second))).toBe(clock - 55 * 60 * second);
  expect(await burst(at(4, clock - second), at(2, clock - 58 * 60 * second))).toBe(clock - second);
  const imported = { ...at(1, clock - 58 * 60 * second), imported: true as const };
  expect(await burst(at(2, clock - 54 * 60 * second), imported)).toBe(clock - 54 * 60 * second);
});

test("what was imported is no growth of an open incident", async () => {
  const findings = [1, 2, 3].map((id) => finding(id, clock - 2 * hour));
  const { extended, opened } = await applyChanges(findings, stateWith(10), { reader, clock });
  expect(opened).toEqual([]);
  expect(extended).toMatchObject([{ id: 1, notifiedCount: 10, lastRaisedAt: clock }]);
});

test("a rule with a longer window alerts for what was due within it", async () => {
  const long = { ...rule, windowMs: 3 * 3_600_000 };
  const state = { ...stateWith(0), rules: new Map([["r", long]]) };
  const { opened } = await applyChanges([finding(1, clock - 2 * hour)], state, { reader, clock });
  expect(opened).toHaveLength(1);
});

test("what was raised before a rule was put opens no incident of it", async () => {
  const findings = [1, 2, 3].map((id) => ({ ...finding(id, clock), raisedAt: clock - 3 + id }));
  const put = (countsFrom: number) => ({ ...stateWith(0), rules: new Map([["r", { ...rule, countsFrom }]]) });
  expect((await applyChanges(findings, put(clock), { reader, clock })).opened).toEqual([]);
  const { opened } = await applyChanges(findings, put(clock - 2), { reader, clock });
  expect(opened).toMatchObject([{ firstRaisedAt: clock - 1, lastRaisedAt: clock }]);
});

test("nor does it count for a rule that asks for several", async () => {
  const several = { ...rule, atLeast: 2, countsFrom: clock - 1 };
  const state = { ...stateWith(0), rules: new Map([["r", several]]) };
  const groups: CountGroup[] = [];
  const counting = {
    ...reader,
    alertCounts: async (asked: readonly CountGroup[]) => {
      groups.push(...asked);
      return [1];
    },
  };
  expect((await applyChanges([finding(1, clock)], state, { reader: counting, clock })).opened).toEqual([]);
  expect(groups).toMatchObject([{ since: clock }]);
});

test("a rule that would open the same incidents counts from when it was first put", () => {
  expect(opensOther(rule, { ...rule, sinks: ["t"], repeatMs: 0 })).toBe(false);
  expect(opensOther(rule, { ...rule, atLeast: 2 })).toBe(true);
});
