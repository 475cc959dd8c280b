/** What is to be done about an incident at a moment. */
import { describe, expect, test } from "bun:test";
import { type Decision, decide, type Moment } from "../../src/alerting/decision.ts";
import type { Incident } from "../../src/alerting/incident.ts";
import { ruleInput } from "../../src/api/alert-rules.ts";
import { figures, hour, incident, minute, none, noon, notified, rule, second } from "../support/incident.ts";

const at = { lookedAt: noon + second, lookAt: Number.POSITIVE_INFINITY, unnotified: false };
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
      { action: "end", ending: "resolved" },
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
      "one that is as large as it was has no second notification",
      { ...notified, lastRaisedAt: noon + hour },
      { clock: noon + hour, figures: { ...figures, count: 623 } },
      { action: "wait", until: noon + hour + minute + 1 },
    ],
    [
      "one that has grown twofold has one",
      { ...notified, lastRaisedAt: noon + hour },
      { clock: noon + hour, figures: { ...figures, count: 624 } },
      { action: "notify", type: "incident.grown", silenced: false },
    ],
    [
      "some minutes after the one before",
      notified,
      { clock: noon + 59 * second, figures: { ...figures, count: 624 } },
      { action: "wait", until: noon + minute + 1 },
    ],
    [
      "and not while it is silent",
      { ...notified, lastRaisedAt: noon + hour },
      { clock: noon + hour, silentUntil: noon + 2 * hour, figures: { ...figures, count: 624 } },
      { action: "wait", until: noon + hour + minute + 1 },
    ],
    [
      "a burst after a quiet time has one, though it is small beside what was there",
      { ...notified, lastRaisedAt: noon + hour, burstFrom: noon + hour },
      {
        clock: noon + hour + second,
        extendedAt: noon + hour,
        figures: { ...figures, burstSince: noon + hour },
      },
      { action: "notify", type: "incident.grown", silenced: false },
    ],
    [
      "once it is together",
      { ...notified, lastRaisedAt: noon + hour, burstFrom: noon + hour },
      {
        ...{ clock: noon + hour, extendedAt: noon + hour, extendedFrom: noon + hour },
        figures: { ...figures, burstSince: noon + hour },
      },
      { action: "wait", until: noon + hour + 500_000 },
    ],
    [
      "and not while it is silent",
      { ...notified, lastRaisedAt: noon + hour, burstFrom: noon + hour },
      {
        ...{ clock: noon + hour + second, extendedAt: noon + hour, silentUntil: noon + hour + 20 * second },
        figures: { ...figures, burstSince: noon + hour },
      },
      { action: "wait", until: noon + hour + 20 * second },
    ],
    [
      "it is looked for at once",
      { ...notified, lastRaisedAt: noon + hour, burstFrom: noon + hour },
      {
        ...{ clock: noon + hour, extendedAt: noon + hour, extendedFrom: noon + hour },
        ...{ lookedAt: noon + hour - second },
      },
      { action: "wait", until: noon + hour + 500_000 },
    ],
    [
      "what is added is looked at when it may have grown",
      { ...notified, lastRaisedAt: noon + 4 * minute },
      { clock: noon + 4 * minute, extendedAt: noon + 4 * minute, extendedFrom: noon + 4 * minute },
      { action: "wait", until: noon + 5 * minute + 1 },
    ],
    [
      "a sink that has not been notified is, while it lasts",
      notified,
      { clock: noon + 30 * second, unnotified: true, figures },
      opened,
    ],
    [
      "an incident whose rule was deleted ends",
      { ...notified, rule: "gone" },
      { clock: noon + 30 * second, figures },
      { action: "end", ending: "rule_deleted" },
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
      { action: "end", ending: "resolved" },
    ],
    [
      "it is closed when none holds because people have resolved them",
      notified,
      { clock: noon + minute + 1, figures: { ...none, closed: 1 } },
      { action: "end", ending: "closed_by_people" },
    ],
    [
      "it is abandoned when none holds because their lifecycle has given up",
      notified,
      { clock: noon + minute + 1, figures: { ...none, abandoned: 2 } },
      { action: "end", ending: "abandoned" },
    ],
    [
      "it has expired when none holds because retention has deleted them",
      notified,
      { clock: noon + minute + 1, figures: { ...none, expired: 2 } },
      { action: "end", ending: "messages_deleted" },
    ],
    [
      "what stays late is resolved when no more comes late",
      { ...notified, kind: "late" },
      { clock: noon + minute + 1, figures },
      { action: "end", ending: "resolved" },
    ],
  ];
  for (const [title, given, moment, decision] of cases) {
    test(title, () => {
      const about = given.rule === "gone" ? "rule_deleted" : rule;
      expect(decide(given, about, { clock: noon, extendedAt: noon, ...at, ...moment })).toEqual(decision);
    });
  }
});

describe("an incident of a rule for ten at least", () => {
  const ten = ruleInput.parse({ id: "r", sinks: ["s"], window: "1m", at_least: 10 });
  const few = { ...figures, count: 9, recent: 9 };
  const about = (given: Incident, moment: Partial<Moment>) =>
    decide(given, ten, { clock: noon + 2 * minute, extendedAt: noon, ...at, ...moment });

  test("is looked at again while fewer are left, and resolved after the rule's window of that", () => {
    expect(about({ ...notified, belowSince: noon + 2 * minute }, { figures: few })).toEqual({
      action: "wait",
      until: noon + 2 * minute + 10 * second,
    });
    expect(about({ ...notified, belowSince: noon + minute }, { figures: few })).toEqual({
      action: "end",
      ending: "resolved",
    });
  });

  test("reopens when there are ten again", () => {
    const resolved = { ...notified, resolvedAt: noon + minute };
    expect(about(resolved, { figures: few })).toMatchObject({ action: "wait" });
    expect(about(resolved, { figures })).toEqual({ action: "reopen" });
    expect(about(resolved, { figures: none })).toEqual({ action: "end", ending: "resolved" });
  });
});
