/** Checks the questions that clients ask of findings and counts; one set of rules for every protocol. */

import { throwIfAny } from "../api/problems.ts";
import { parseDuration } from "../core/duration.ts";
import type { FieldProblem } from "../core/error.ts";
import { appIdBytesMax, listLimitDefault, listLimitMax, messageIdBytesMax } from "../core/limits.ts";
import { nowMicros } from "../core/time.ts";
import { findingKinds } from "../lifecycle/finding.ts";
import type { FindingQuery, OverdueQuery, RateQuery, Window } from "../lifecycle/queries.ts";
import { checkInteger, checkOneOf, checkText, checkTime, type QueryValue } from "./check.ts";
import { cursorBytesMax, stageBytesMax } from "./parse-query.ts";

export interface FindingQueryFields {
  readonly app_id?: QueryValue;
  readonly message_id?: QueryValue;
  readonly kind?: QueryValue;
  readonly stage?: QueryValue;
  readonly state?: QueryValue;
  readonly since?: QueryValue;
  readonly until?: QueryValue;
  readonly order?: QueryValue;
  readonly limit?: QueryValue;
  readonly cursor?: QueryValue;
}

/** `state` defaults to `current`, `order` to `newest`. @throws `MarsError("invalid_argument")` */
export function checkFindingQuery(fields: FindingQueryFields): FindingQuery {
  const problems: FieldProblem[] = [];
  const appId = checkText("app_id", fields.app_id, appIdBytesMax, problems);
  const messageId = checkText("message_id", fields.message_id, messageIdBytesMax, problems);
  const kind = checkOneOf("kind", fields.kind, findingKinds, problems);
  const stage = checkText("stage", fields.stage, stageBytesMax, problems);
  const state = checkOneOf("state", fields.state, ["current", "retracted", "any"], problems) ?? "current";
  const since = checkTime("since", fields.since, problems);
  const until = checkTime("until", fields.until, problems);
  const order = checkOneOf("order", fields.order, ["newest", "oldest"], problems) ?? "newest";
  const limit = checkInteger("limit", fields.limit, 1, listLimitMax, problems) ?? listLimitDefault;
  const cursor = checkText("cursor", fields.cursor, cursorBytesMax, problems);
  throwIfAny(problems);
  return {
    ...(appId !== undefined && { appId }),
    ...(messageId !== undefined && { messageId }),
    ...(kind !== undefined && { kind }),
    ...(stage !== undefined && { stage }),
    state,
    ...(since !== undefined && { since }),
    ...(until !== undefined && { until }),
    order,
    limit,
    ...(cursor !== undefined && { cursor }),
  };
}

/** @throws `MarsError("invalid_argument")` */
export function checkOverdueQuery(
  fields: Pick<FindingQueryFields, "app_id" | "stage" | "limit" | "cursor">,
): Omit<OverdueQuery, "clock"> {
  const problems: FieldProblem[] = [];
  const appId = checkText("app_id", fields.app_id, appIdBytesMax, problems);
  const stage = checkText("stage", fields.stage, stageBytesMax, problems);
  const limit = checkInteger("limit", fields.limit, 1, listLimitMax, problems) ?? listLimitDefault;
  const cursor = checkText("cursor", fields.cursor, cursorBytesMax, problems);
  throwIfAny(problems);
  return {
    ...(appId !== undefined && { appId }),
    ...(stage !== undefined && { stage }),
    limit,
    ...(cursor !== undefined && { cursor }),
  };
}

/** A page of a list that has no filters. @throws `MarsError("invalid_argument")` */
export function checkPage(fields: { readonly limit?: QueryValue; readonly cursor?: QueryValue }): {
  readonly limit: number;
  readonly cursor?: string;
} {
  const problems: FieldProblem[] = [];
  const limit = checkInteger("limit", fields.limit, 1, listLimitMax, problems) ?? listLimitDefault;
  const cursor = checkText("cursor", fields.cursor, cursorBytesMax, problems);
  throwIfAny(problems);
  return { limit, ...(cursor !== undefined && { cursor }) };
}

const day = 86_400_000_000;

/** Two years: each day of it is one more bucket to read. */
const windowMax = 731 * day;

/** `since` defaults to a day before `until`, and `until` to now. @throws `MarsError("invalid_argument")` */
export function checkWindow(fields: { readonly since?: QueryValue; readonly until?: QueryValue }): Window {
  const problems: FieldProblem[] = [];
  const until = checkTime("until", fields.until, problems) ?? nowMicros();
  const since = checkTime("since", fields.since, problems) ?? until - day;
  if (problems.length === 0 && since >= until)
    problems.push({ field: "since", message: "must be before until" });
  if (until - since > windowMax)
    problems.push({ field: "since", message: "must be at most 731 days before until" });
  throwIfAny(problems);
  return { since, until };
}

const minute = 60_000_000;
const stepsMax = 1_500;
/** The least of these with which there are at most `stepsDefaultMax` steps is the default. */
const niceSteps = [1, 5, 15, 60, 360, 1_440, 10_080].map((minutes) => minutes * minute);
const stepsDefaultMax = 120;

/** @throws `MarsError("invalid_argument")` */
export function checkRateQuery(
  appId: string,
  fields: { readonly since?: QueryValue; readonly until?: QueryValue; readonly step?: QueryValue },
): RateQuery {
  const window = checkWindow(fields);
  const length = window.until - window.since;
  const nice = niceSteps.find((step) => length / step <= stepsDefaultMax) ?? niceSteps.at(-1)!;
  // A number is microseconds already.
  const step =
    fields.step === undefined
      ? nice
      : typeof fields.step === "number"
        ? fields.step
        : (parseDuration(fields.step) ?? 0) * 1_000;
  const problems: FieldProblem[] = [];
  if (step < minute || step % minute !== 0) {
    problems.push({ field: "step", message: "must be a duration of whole minutes, such as 5m" });
  } else if (length / step > stepsMax) {
    problems.push({ field: "step", message: `must leave at most ${stepsMax} steps between since and until` });
  }
  throwIfAny(problems);
  return { appId, ...window, step };
}
