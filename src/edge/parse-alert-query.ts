/** Checks the questions that clients ask of alerts. */

import { type DeliveryQuery, deliveryStates } from "../alerting/delivery.ts";
import type { IncidentQuery } from "../alerting/incident.ts";
import { throwIfAny } from "../api/problems.ts";
import type { FieldProblem } from "../core/error.ts";
import { appIdBytesMax, listLimitDefault, listLimitMax } from "../core/limits.ts";
import { checkInteger, checkOneOf, checkText, type QueryValue } from "./check.ts";
import { cursorBytesMax } from "./parse-query.ts";

/** Of a rule or a sink; what is longer names none. */
const idBytesMax = 64;

export interface IncidentQueryFields {
  readonly app_id?: QueryValue;
  readonly rule?: QueryValue;
  readonly state?: QueryValue;
  readonly limit?: QueryValue;
  readonly cursor?: QueryValue;
}

/** `state` defaults to `any`; `over` is the former name of `resolved`. @throws `MarsError("invalid_argument")` */
export function checkIncidentQuery(fields: IncidentQueryFields): IncidentQuery {
  const problems: FieldProblem[] = [];
  const appId = checkText("app_id", fields.app_id, appIdBytesMax, problems);
  const rule = checkText("rule", fields.rule, idBytesMax, problems);
  const state = checkOneOf("state", fields.state, ["active", "resolved", "any", "over"], problems) ?? "any";
  const page = checkPageFields(fields, problems);
  throwIfAny(problems);
  return {
    ...(appId !== undefined && { appId }),
    ...(rule !== undefined && { rule }),
    state: state === "over" ? "resolved" : state,
    ...page,
  };
}

export interface DeliveryQueryFields {
  readonly sink?: QueryValue;
  readonly incident?: QueryValue;
  readonly state?: QueryValue;
  readonly limit?: QueryValue;
  readonly cursor?: QueryValue;
}

/** @throws `MarsError("invalid_argument")` */
export function checkDeliveryQuery(fields: DeliveryQueryFields): DeliveryQuery {
  const problems: FieldProblem[] = [];
  const sink = checkText("sink", fields.sink, idBytesMax, problems);
  const incident = checkInteger("incident", fields.incident, 1, Number.MAX_SAFE_INTEGER, problems);
  const state = checkOneOf("state", fields.state, deliveryStates, problems);
  const page = checkPageFields(fields, problems);
  throwIfAny(problems);
  return {
    ...(sink !== undefined && { sink }),
    ...(incident !== undefined && { incident }),
    ...(state !== undefined && { state }),
    ...page,
  };
}

function checkPageFields(
  fields: { readonly limit?: QueryValue; readonly cursor?: QueryValue },
  problems: FieldProblem[],
): { readonly limit: number; readonly cursor?: string } {
  const limit = checkInteger("limit", fields.limit, 1, listLimitMax, problems) ?? listLimitDefault;
  const cursor = checkText("cursor", fields.cursor, cursorBytesMax, problems);
  return { limit, ...(cursor !== undefined && { cursor }) };
}
