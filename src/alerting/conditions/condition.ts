/** A rule's condition: what is measured instead of a count of findings, and beyond which bound an incident opens. Pure. */

/** - `share`: findings of a hop over the messages that reached it, or should have. */
export interface ShareCondition {
  readonly type: "share";
  /** Greater than 0, less than 1. */
  readonly above: number;
}

/** - `latency`: a percentile of the time that a hop takes. Has one of the bounds. */
export interface LatencyCondition {
  readonly type: "latency";
  /** Above 0, at most 100. */
  readonly percentile: number;
  readonly aboveMs?: number;
  /** So many times what is usual: see `latency.ts`. */
  readonly aboveUsual?: number;
}

/** - `absence`: no such event of the app came for so long. */
export interface AbsenceCondition {
  readonly type: "absence";
  readonly event: string;
  readonly forMs: number;
}

/** - `drift`: what messages did in the last day differs from the lifecycle in force. */
export interface DriftCondition {
  readonly type: "drift";
  /** The share of messages that may miss a deadline. */
  readonly missedShare: number;
}

export type Condition = ShareCondition | LatencyCondition | AbsenceCondition | DriftCondition;

export const conditionKinds = ["share", "latency", "absence", "drift"] as const;
export type ConditionKind = (typeof conditionKinds)[number];

export function isConditionKind(kind: string): kind is ConditionKind {
  return (conditionKinds as readonly string[]).includes(kind);
}

/** How many findings or samples a rule asks for at least, where it does not say. */
export const atLeastDefaults: Readonly<Record<ConditionKind, number>> = {
  share: 1,
  latency: 20,
  absence: 1,
  drift: 100,
};

/** The JSON form: as users write it, in one spelling. */
export function conditionToJson(condition: Condition, duration: (ms: number) => string) {
  switch (condition.type) {
    case "share":
      return { type: condition.type, above: condition.above };
    case "latency": {
      const { type, percentile, aboveMs, aboveUsual } = condition;
      return {
        ...{ type, percentile },
        ...(aboveMs !== undefined && { above: duration(aboveMs) }),
        ...(aboveUsual !== undefined && { above_usual: aboveUsual }),
      };
    }
    case "absence":
      return { type: condition.type, event: condition.event, for: duration(condition.forMs) };
    case "drift":
      return { type: condition.type, missed_share: condition.missedShare };
  }
}
