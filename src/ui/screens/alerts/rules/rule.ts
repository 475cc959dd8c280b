/** A rule as it is put: without what is not set. */
import type { AnswerOf } from "../../../../api/operation-types.ts";

export type Rule = AnswerOf<"listAlertRules">["rules"][number];

export interface Condition {
  readonly type: string;
  readonly [bound: string]: unknown;
}

export interface Hours {
  readonly days: readonly string[];
  readonly from: string;
  readonly to: string;
}

export interface Schedule {
  readonly time_zone: string;
  readonly hours: readonly Hours[];
  readonly calendar?: string;
}

export interface Draft {
  readonly app_id?: string;
  readonly kinds?: readonly string[];
  readonly stage?: string;
  readonly after?: string;
  readonly at_least?: number;
  readonly window?: string;
  readonly condition?: Condition;
  readonly schedule?: Schedule;
  /** See the rule's growth: the quiet time after which new findings are news again. */
  readonly grow_after?: string;
  readonly repeat?: string;
  readonly sinks?: readonly string[];
  readonly [other: string]: unknown;
}

export const starter: Draft = { kinds: ["missing"], at_least: 5, window: "5m", repeat: "4h", sinks: [] };

/** What each condition begins with. */
export const conditions: Readonly<Record<string, { readonly text: string; readonly value?: Condition }>> = {
  count: { text: "so many findings" },
  share: { text: "a share of the messages", value: { type: "share", above: 0.05 } },
  latency: { text: "a hop that is slow", value: { type: "latency", percentile: 95, above: "30s" } },
  absence: { text: "an event that does not come", value: { type: "absence", event: "", for: "10m" } },
  drift: { text: "drift from the lifecycle", value: { type: "drift", missed_share: 0.05 } },
};

export function draftOf(rule: Rule): Draft {
  return withoutEmpty(
    Object.fromEntries(Object.entries(rule).filter(([name]) => !/^id$|_events$/.test(name))),
  );
}

/** Without members that have no value. */
export function withoutEmpty(draft: object): Draft {
  return Object.fromEntries(
    Object.entries(draft).filter(([, value]) => value !== null && value !== undefined && value !== ""),
  );
}
