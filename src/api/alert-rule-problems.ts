/** What of a rule cannot be, or would make no difference, by its condition. */
import type * as z from "zod";
import { atLeastDefaults, type Condition, type ConditionKind } from "../alerting/conditions/condition.ts";
import { growthDefaults } from "../alerting/rule.ts";

export const windowMsDefault = 60_000;

interface RuleFields {
  readonly app_id?: string | undefined;
  readonly kinds: readonly string[];
  readonly stage?: string | undefined;
  readonly after?: string | undefined;
  readonly at_least?: number | undefined;
  readonly window?: number | undefined;
  readonly over?: number | undefined;
  readonly grow_factor: number;
  readonly grow_at_least?: number | undefined;
}

/** The fields that a condition does not go by. */
const unused: Readonly<Record<ConditionKind, readonly (keyof RuleFields)[]>> = {
  share: ["grow_at_least"],
  latency: ["kinds", "grow_at_least"],
  absence: ["kinds", "at_least", "window", "over", "grow_factor", "grow_at_least"],
  drift: ["kinds", "window", "over", "grow_factor", "grow_at_least"],
};

/**
 * Reports what a rule's other fields must be for its condition. A field that makes no difference may have its default: answers
 * show it, and are put again.
 */
export function checkCondition(
  { type }: Condition,
  fields: RuleFields,
  { issues }: Pick<z.core.ParsePayload, "issues">,
): void {
  const { app_id, kinds, stage, after } = fields;
  const report = (name: string, message: string) =>
    issues.push({ code: "custom", path: [name], message, input: name });
  const atLeast = fields.at_least ?? atLeastDefaults[type];
  const defaults: Partial<Record<keyof RuleFields, unknown>> = {
    ...{ kinds: "missing", at_least: atLeastDefaults[type], window: windowMsDefault, over: windowMsDefault },
    ...{ grow_factor: growthDefaults.growFactor, grow_at_least: atLeast },
  };
  for (const name of unused[type]) {
    const value = name === "kinds" ? kinds.join() : fields[name];
    if (value !== undefined && value !== defaults[name])
      report(name, `must be absent: a condition of type ${type} does not go by it`);
  }
  // A value that stays as it is does not grow.
  if ((type === "share" || type === "latency") && fields.grow_factor < 2)
    report("grow_factor", `must be 2 or more: a condition of type ${type} grows by its value`);
  if (type === "share") {
    if (kinds.includes("failed") && kinds.length > 1)
      report("kinds", "must not name failed beside others: failures are a share of the messages that ended");
    return;
  }
  if (app_id === undefined || app_id === "*")
    report("app_id", `must be one app: a condition of type ${type} is about one`);
  if (type === "latency") return;
  for (const [name, value] of Object.entries({ stage, after })) {
    if (value !== undefined) report(name, `must be absent: a condition of type ${type} is about no stage`);
  }
}
