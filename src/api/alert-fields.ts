/** The fields that several operations of alerts have. */
import * as z from "zod";
import { conditionKinds } from "../alerting/conditions/condition.ts";
import type { IncidentKind } from "../alerting/incident.ts";
import { MarsError } from "../core/error.ts";
import type { Micros } from "../core/event.ts";
import { listLimitMax } from "../core/limits.ts";
import { formatTime } from "../core/time.ts";
import { type FindingKind, findingKinds } from "../lifecycle/finding.ts";
import { count, ms, timestamp } from "./answers.ts";
import { field, text, whole } from "./fields.ts";

const idPattern = "^[A-Za-z0-9._-]{1,64}$";

/** The id of a rule or a sink, which its user has chosen. */
export const alertId = field<string>({ type: "string", pattern: idPattern }, (value) =>
  typeof value === "string" && new RegExp(idPattern).test(value)
    ? { value }
    : { problem: "must be 1 to 64 of A-Z a-z 0-9 . _ -" },
);

/** The id of a rule or a sink as a filter: one that no rule or sink can have matches nothing. */
export const alertIdFilter = text(64);

/**
 * The app of a rule or a silence; `undefined` for `*`, which is every app. Other patterns, as keys have them, are refused: a rule for
 * the app named `shop-*` would never notify of `shop-eu`.
 */
export function oneAppOrAll(
  appId: string | undefined,
  { issues }: Pick<z.core.ParsePayload, "issues">,
): string | undefined {
  if (appId === undefined || appId === "*") return undefined;
  if (appId.endsWith("*")) {
    const message = "must be one app, or * for every app: only keys have patterns";
    issues.push({ code: "custom", path: ["app_id"], message, input: appId });
  }
  return appId;
}

/** How many rules or silences are on a page: all, unless there are very many. */
export const settingLimit = whole(1, listLimitMax, "How many are on a page.").default(listLimitMax);

/** Kinds of findings, in the order in which they are listed everywhere. */
export const kinds = field<FindingKind[]>(
  { type: "array", items: { type: "string", enum: findingKinds }, minItems: 1, uniqueItems: true },
  (value) => {
    const given: readonly unknown[] = Array.isArray(value) ? value : [];
    const known = findingKinds.filter((kind) => given.includes(kind));
    return known.length > 0 && known.length === given.length
      ? { value: known }
      : { problem: `must be of ${findingKinds.join(", ")}, each at most once` };
  },
);

/**
 * A list of so many items that all differ.
 *
 * @param what names the items: "ids of sinks"
 */
export function list<Item extends z.ZodType>(item: Item, max: number, what: string) {
  const error = `must be a list of 1 to ${max} ${what}`;
  return z
    .array(item, { error })
    .min(1, { error })
    .max(max, { error })
    .superRefine((items, context) => {
      for (const [index, one] of items.entries()) {
        if (items.indexOf(one) === index) continue;
        context.addIssue({ code: "custom", path: [index], message: "must be there once" });
      }
    })
    .meta({ uniqueItems: true });
}

/** @throws `MarsError("not_found")` where there is none */
export function found<Value>(value: Value | undefined, what: string): Value {
  if (value === undefined) throw new MarsError("not_found", `there is no such ${what}`);
  return value;
}

/** Kinds of incidents: of the findings that they count, or of their rule's condition. */
export const incidentKinds: readonly IncidentKind[] = [...findingKinds, ...conditionKinds];

const measured = z
  .strictObject({
    value: z.number(),
    bound: z.number(),
    unit: z.enum(["share", "ms", "differences"]),
    messages: count.meta({ description: "Of how many messages it was measured." }),
    since: timestamp.nullable().meta({
      description: "Of an absence: when the last event came, or else from when on one is waited for.",
    }),
    usual_ms: ms.nullable(),
    differences: z.array(z.string()),
  })
  .meta({ description: "Of a rule with a condition: what was measured, and the bound." });

/** How many findings an incident counts, as REST and RPC show it: see `figuresToJson`. */
export const figures = z.strictObject({
  count: count.meta({ description: "Findings that hold, up to 100,000; in lists of incidents up to 1,000." }),
  count_exceeded: z.boolean().meta({ description: "There are more." }),
  since: timestamp.nullable().meta({ description: "When the first of them was due." }),
  new: count.meta({
    description:
      "Those raised since the last notification; before the first, those that opened the incident.",
  }),
  new_since: timestamp.nullable().meta({ description: "When the first of the new ones was due." }),
  burst_since: timestamp.nullable().meta({
    description:
      "When the first of those was raised that came together after a quiet time: see `grow_after`.",
  }),
  late_by_ms: ms.nullable(),
  hop_p99_ms: ms.nullable().meta({
    description: "The time within which 99 of 100 messages passed this hop in the last seven days.",
  }),
  samples: z.array(z.string()).meta({ description: "Ids of messages: of new ones, where there are any." }),
  expired: count.meta({ description: "Messages that retention has deleted unfinished." }),
  abandoned: count.meta({ description: "Messages that their lifecycle has given up." }),
  closed: count.meta({ description: "Messages that people have resolved or ignored since it opened." }),
  measured: measured.nullable(),
});

/** How a page of incidents or deliveries ends. */
export const alertPageEnd = {
  next_cursor: z.string().nullable(),
  as_of_seq: z.int().meta({ description: "Every change of a finding up to here has been evaluated." }),
};

/** 0 is none. */
export function timeOrNull(at: Micros): string | null {
  return at === 0 ? null : formatTime(at);
}
