/** A rule's condition as REST and RPC take it: its members depend on its type. */
import * as z from "zod";
import { type Condition, type ConditionKind, conditionKinds } from "../alerting/conditions/condition.ts";
import { formatDuration, parseDuration } from "../core/duration.ts";
import { eventBytesMax } from "../core/limits.ts";
import { duration } from "./duration.ts";
import { defined, field, type Reading, text, word } from "./fields.ts";

const day = 86_400_000;
const aboveUsualMax = 1_000;
const missedShareDefault = 0.05;

/** The members of each type. */
const members: Readonly<Record<ConditionKind, readonly string[]>> = {
  share: ["above"],
  latency: ["percentile", "above", "above_usual"],
  absence: ["event", "for"],
  drift: ["missed_share"],
};

/** A number above `min`, and at most `max`, or below it. */
function number({ min, max, open }: { min: number; max: number; open?: true }, description: string) {
  const problem = `must be a number above ${min} and ${open ? "below" : "at most"} ${max}`;
  const meta = {
    type: "number",
    exclusiveMinimum: min,
    [open ? "exclusiveMaximum" : "maximum"]: max,
    description,
  };
  return field(meta, (value): Reading<number> => {
    const good = typeof value === "number" && value > min && (open ? value < max : value <= max);
    return good ? { value } : { problem };
  });
}

/** A share, or a duration in milliseconds: the type says which. */
const above = field(
  {
    anyOf: [{ type: "number", exclusiveMinimum: 0, exclusiveMaximum: 1 }, { type: "string" }],
    description: "Of `share`: a number, such as 0.05. Of `latency`: a duration, such as `30s`.",
  },
  (value): Reading<number | string> =>
    typeof value === "number" || typeof value === "string"
      ? { value }
      : { problem: "must be a number or a duration" },
);

export const condition = z
  .strictObject({
    type: word(conditionKinds),
    above: above.optional(),
    percentile: number({ min: 0, max: 100 }, "Of `latency`.").optional(),
    above_usual: number(
      { min: 1, max: aboveUsualMax },
      "Of `latency`, instead of `above`: so many times the same percentile of the same hours of the seven days before, of 100 messages at least.",
    ).optional(),
    event: text(eventBytesMax, "Of `absence`: the event that is waited for.").optional(),
    missed_share: number(
      { min: 0, max: 1, open: true },
      "Of `drift`: the share of messages that may miss a deadline; 0.05 unless given.",
    ).optional(),
    for: duration({ min: 1_000, max: 30 * day }, "Of `absence`: no such event for so long.").optional(),
  })
  .transform((input, context): Condition => {
    const report = (name: string, message: string) =>
      context.issues.push({ code: "custom", path: [name], message, input, continue: true });
    const { type } = input;
    for (const [name, value] of Object.entries(input)) {
      if (name === "type" || value === undefined || members[type].includes(name)) continue;
      report(name, `must be absent: a condition of type ${type} has no such bound`);
    }
    if (type === "share") {
      const above = typeof input.above === "number" ? input.above : 0;
      if (!(above > 0 && above < 1)) report("above", "must be a number above 0 and below 1");
      return { type, above };
    }
    if (type === "latency") {
      const { percentile = 0, above, above_usual: aboveUsual } = input;
      if (input.percentile === undefined) report("percentile", "is required");
      const aboveMs = typeof above === "string" ? parseDuration(above) : undefined;
      if ((above === undefined) === (aboveUsual === undefined)) {
        report("above", "or above_usual must be given, and not both");
      } else if (above !== undefined && (aboveMs === undefined || aboveMs < 1 || aboveMs > 30 * day)) {
        report("above", `must be a duration from 1ms to ${formatDuration(30 * day)}`);
      }
      return { type, percentile, ...defined({ aboveMs, aboveUsual }) };
    }
    if (type === "drift") return { type, missedShare: input.missed_share ?? missedShareDefault };
    if (input.event === undefined) report("event", "is required");
    if (input.for === undefined) report("for", "is required");
    return { type, event: input.event ?? "", forMs: input.for ?? 0 };
  })
  .meta({
    description:
      "What is measured instead of a count of findings: `share`, `latency`, `absence` or `drift`, each with its bound.",
    examples: [{ type: "latency", percentile: 95, above: "30s" }],
  });

/** A condition as REST and RPC show it. */
export const shownCondition = z.looseObject({ type: z.string() });
