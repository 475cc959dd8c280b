/** Checks the questions that clients ask of the store; one set of rules for every protocol. */

import { throwIfAny } from "../api/problems.ts";
import type { FieldProblem } from "../core/error.ts";
import {
  appIdBytesMax,
  eventBytesMax,
  externalIdBytesMax,
  listLimitDefault,
  listLimitMax,
  messageEventsMax,
  messageIdBytesMax,
} from "../core/limits.ts";
import type { EventOrder, MessageOrder, MessageQuery, MessageRead } from "../core/query.ts";
import { funnelStatuses, type MessageState, messageStates } from "../core/state.ts";
import { namesMax } from "../lifecycle/definition.ts";
import { checkInteger, checkOneOf, checkText, checkTime, type QueryValue } from "./check.ts";

/** A list query by the contract's names. */
export interface MessageQueryFields {
  readonly app_id?: QueryValue;
  readonly message_id?: QueryValue;
  readonly external_id?: QueryValue;
  readonly event?: QueryValue;
  readonly missing?: QueryValue;
  readonly prefix?: QueryValue;
  /** One or several, separated by commas. */
  readonly state?: QueryValue;
  /** Times: see `checkTime`. */
  readonly overdue_since?: QueryValue;
  readonly stage?: QueryValue;
  readonly stage_state?: QueryValue;
  /** What the stage comes after; empty for nothing. */
  readonly after?: QueryValue;
  /** `1`: goes by a lifecycle. */
  readonly followed?: QueryValue;
  readonly since?: QueryValue;
  readonly until?: QueryValue;
  readonly order?: QueryValue;
  readonly limit?: QueryValue;
  readonly cursor?: QueryValue;
}

/** Far above any cursor that the store makes; a longer one was not made by it. */
export const cursorBytesMax = 8192;

const orders: readonly MessageOrder[] = ["newest", "oldest", "updated", "overdue"];

/** A stage may have several names, see `stageName`. */
export const stageBytesMax = namesMax * (eventBytesMax + 1);

/**
 * Checks a list query. `order` defaults to `newest`, `limit` to `listLimitDefault`.
 *
 * @throws `MarsError("invalid_argument")` with one problem for each field at fault
 */
export function checkMessageQuery(fields: MessageQueryFields): MessageQuery {
  const problems: FieldProblem[] = [];
  const appId = checkText("app_id", fields.app_id, appIdBytesMax, problems);
  const messageId = checkText("message_id", fields.message_id, messageIdBytesMax, problems);
  const externalId = checkText("external_id", fields.external_id, externalIdBytesMax, problems);
  const event = checkText("event", fields.event, eventBytesMax, problems);
  const missing = checkText("missing", fields.missing, eventBytesMax, problems);
  const prefix = checkText("prefix", fields.prefix, messageIdBytesMax, problems);
  const since = checkTime("since", fields.since, problems);
  const until = checkTime("until", fields.until, problems);
  const states = checkStates(fields.state, problems);
  const overdueSince = checkTime("overdue_since", fields.overdue_since, problems);
  const stage = checkText("stage", fields.stage, stageBytesMax, problems);
  const status = checkOneOf("stage_state", fields.stage_state, funnelStatuses, problems);
  if ((fields.stage === undefined) !== (fields.stage_state === undefined)) {
    problems.push({ field: "stage", message: "and stage_state must be given together" });
  }
  const after = fields.after === "" ? "" : checkText("after", fields.after, stageBytesMax, problems);
  if (fields.after !== undefined && fields.stage === undefined) {
    problems.push({ field: "after", message: "must not be given without stage" });
  }
  const followed = checkOneOf("followed", fields.followed, ["1"], problems);
  const order = checkOneOf("order", fields.order, orders, problems) ?? "newest";
  const limit = checkInteger("limit", fields.limit, 1, listLimitMax, problems) ?? listLimitDefault;
  const cursor = checkText("cursor", fields.cursor, cursorBytesMax, problems);
  throwIfAny(problems);
  return {
    ...(appId !== undefined && { appId }),
    ...(messageId !== undefined && { messageId }),
    ...(externalId !== undefined && { externalId }),
    ...(event !== undefined && { event }),
    ...(missing !== undefined && { missing }),
    ...(prefix !== undefined && { prefix }),
    ...(followed !== undefined && { followed: true }),
    ...(states !== undefined && { states }),
    ...(overdueSince !== undefined && { overdueSince }),
    ...(stage !== undefined &&
      status !== undefined && { stage: { name: stage, status, ...(after !== undefined && { after }) } }),
    ...(since !== undefined && { since }),
    ...(until !== undefined && { until }),
    order,
    limit,
    ...(cursor !== undefined && { cursor }),
  };
}

/** Whether the answer goes by states, which follow the events a moment later. */
export function goesByState({ states, overdueSince, stage, followed, order }: MessageQuery): boolean {
  return (
    states !== undefined ||
    overdueSince !== undefined ||
    stage !== undefined ||
    followed === true ||
    order === "overdue"
  );
}

/**
 * Checks a `min_seq`: a whole number from 0 on; `undefined` stays absent.
 *
 * @throws `MarsError("invalid_argument")`
 */
export function checkMinSeq(value: QueryValue | bigint): number | undefined {
  const problems: FieldProblem[] = [];
  const number = typeof value === "bigint" ? Number(value) : value;
  const minSeq = checkInteger("min_seq", number, 0, Number.MAX_SAFE_INTEGER, problems);
  throwIfAny(problems);
  return minSeq;
}

/** @throws `MarsError("invalid_argument")` for what can be no app's id */
export function checkAppId(appId: string): string {
  const problems: FieldProblem[] = [];
  checkText("app_id", appId, appIdBytesMax, problems);
  throwIfAny(problems);
  return appId;
}

/** Which events of a message, by the contract's names. */
export interface MessageReadFields {
  readonly order?: QueryValue;
  readonly limit?: QueryValue;
  readonly cursor?: QueryValue;
}

const eventOrders: readonly EventOrder[] = ["oldest", "newest"];

/**
 * Checks a message's two ids as they came in a path or a request, and which of its events are asked for.
 *
 * @throws `MarsError("invalid_argument")` with one problem for each field at fault
 */
export function checkMessageRead(appId: string, messageId: string, fields: MessageReadFields): MessageRead {
  const problems: FieldProblem[] = [];
  checkText("app_id", appId, appIdBytesMax, problems);
  checkText("message_id", messageId, messageIdBytesMax, problems);
  const order = checkOneOf("order", fields.order, eventOrders, problems);
  const limit = checkInteger("limit", fields.limit, 1, messageEventsMax, problems);
  const cursor = checkText("cursor", fields.cursor, cursorBytesMax, problems);
  throwIfAny(problems);
  return {
    appId,
    messageId,
    ...(order !== undefined && { order }),
    ...(limit !== undefined && { limit }),
    ...(cursor !== undefined && { cursor }),
  };
}

function checkStates(value: QueryValue, problems: FieldProblem[]): readonly MessageState[] | undefined {
  if (value === undefined) return undefined;
  const words = String(value).split(",");
  const states = messageStates.filter((state) => words.includes(state));
  if (words.every((word) => messageStates.some((state) => state === word))) return states;
  problems.push({ field: "state", message: `must be one or more of ${messageStates.join(", ")}` });
  return undefined;
}
