/** A rule: which findings open an incident, and the sinks that its notifications go to. */
import type { Micros } from "../core/event.ts";
import { nameOfEvents } from "../core/stage-name.ts";
import type { FindingKind } from "../lifecycle/finding.ts";
import type { Condition } from "./conditions/condition.ts";
import type { Schedule } from "./hours/schedule.ts";
import type { IncidentKey } from "./incident.ts";

export const rulesMax = 1_000;
/** Sinks of one rule. */
export const ruleSinksMax = 10;
export const atLeastMax = 100_000;
export const growFactorMax = 1_000;

/**
 * A message that arrives so long after a stage of it was due was imported: the finding is about then, and no alert now. A
 * rule with a longer window alerts for what was due within it. Producers that could not send for a while are no import.
 */
export const importedAfterMin: Micros = 3_600_000_000;

export const growthDefaults = { growFactor: 2, growAfterMs: 300_000 } as const;

type Growth = "growFactor" | "growAtLeast" | "growAfterMs";

/** A rule as it is stored: one that was put before growth could be set has the defaults. */
export type StoredRule = Omit<AlertRule, Growth> & Partial<Pick<AlertRule, Growth>>;

export function withGrowth(rule: StoredRule): AlertRule {
  return { ...growthDefaults, growAtLeast: rule.atLeast, ...rule };
}

/** A page of rules, by id. */
export interface RulePage {
  readonly rules: readonly AlertRule[];
  readonly nextCursor?: string;
}

export interface AlertRule {
  /** Chosen by the user: 1–64 of `A–Z a–z 0–9 . _ -`. */
  readonly id: string;
  /** Absent: every app. */
  readonly appId?: string;
  readonly kinds: readonly FindingKind[];
  /** The stage's name; absent: every stage. */
  readonly stage?: string;
  /** Name of the stage before it; absent: any. */
  readonly after?: string;
  /** An incident opens with so many active findings that were raised within `windowMs`. */
  readonly atLeast: number;
  readonly windowMs: number;
  /**
   * An incident has grown where so many times as many findings are active as at the last notification, `growAtLeast` more at
   * the least. It has a notification then, no sooner than `growAfterMs` after the last one; 0 for none. And it has one where
   * `growAtLeast` are raised within `windowMs` after a quiet time, `growAfterMs` without any: one for each such burst.
   */
  readonly growFactor: number;
  readonly growAtLeast: number;
  readonly growAfterMs: number;
  /** Time between reminders of an active incident; 0 for none. */
  readonly repeatMs: number;
  readonly sinks: readonly string[];
  /** What is measured instead of the count of findings; absent for that. */
  readonly condition?: Condition;
  /** Hours in which it notifies; absent for always. */
  readonly schedule?: Schedule;
  /** Findings that were raised up to here open no incident: those from before it was put. Absent: 0. */
  readonly countsFrom?: Micros;
}

/** Whether another rule would open other incidents, so that it counts from when it is put. */
export function opensOther(before: AlertRule, now: AlertRule): boolean {
  const opening = ({ appId, kinds, stage, after, atLeast, windowMs, condition }: AlertRule) =>
    JSON.stringify([appId, kinds, stage, after, atLeast, windowMs, condition]);
  return opening(before) !== opening(now);
}

export function importedAfter({ windowMs }: Pick<AlertRule, "windowMs">): Micros {
  return Math.max(importedAfterMin, windowMs * 1_000);
}

/** Whether the rule is about incidents of this app, kind and hop. */
export function ruleMatches(rule: AlertRule, hop: Omit<IncidentKey, "rule">): boolean {
  const { condition } = rule;
  const isOfKind =
    condition === undefined
      ? (rule.kinds as readonly string[]).includes(hop.kind)
      : condition.type === hop.kind;
  if (!isOfKind || !isOfHop(rule, hop)) return false;
  return condition?.type !== "absence" || hop.stage === nameOfEvents([condition.event]);
}

/** Whether the rule is about this app and hop. */
export function isOfHop(
  rule: AlertRule,
  { appId, stage, after }: Omit<IncidentKey, "rule" | "kind">,
): boolean {
  return (
    (rule.appId === undefined || rule.appId === appId) &&
    (rule.stage === undefined || rule.stage === stage) &&
    (rule.after === undefined || rule.after === after)
  );
}
