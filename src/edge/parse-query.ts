/** Checks the questions that clients ask of the store; one set of rules for every protocol. */
import { type FieldProblem, MarsError } from "../event/error.ts";
import type { Micros } from "../event/event.ts";
import {
  appIdBytesMax,
  eventBytesMax,
  externalIdBytesMax,
  listLimitDefault,
  listLimitMax,
  messageIdBytesMax,
} from "../event/limits.ts";
import type { MessageOrder, MessageQuery } from "../event/query.ts";
import { microsMax, microsMin, outOfRange, parseTime } from "../event/time.ts";
import { textProblem } from "../event/validate.ts";

/** Texts as a query string has them, numbers where the protocol has decoded them; `undefined` counts as absent. */
export type QueryValue = string | number | undefined;

/** A list query by the contract's names. */
export interface MessageQueryFields {
  readonly app_id?: QueryValue;
  readonly message_id?: QueryValue;
  readonly external_id?: QueryValue;
  readonly event?: QueryValue;
  readonly missing?: QueryValue;
  readonly prefix?: QueryValue;
  /** RFC 3339 text, or microseconds as a number. */
  readonly since?: QueryValue;
  readonly until?: QueryValue;
  readonly order?: QueryValue;
  readonly limit?: QueryValue;
  readonly cursor?: QueryValue;
}

/** Far above any cursor that the store makes; a longer one was not made by it. */
const cursorBytesMax = 4096;

const orders: readonly string[] = ["newest", "oldest", "updated"] satisfies readonly MessageOrder[];

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
  const order = checkOrder(fields.order, problems);
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
    ...(since !== undefined && { since }),
    ...(until !== undefined && { until }),
    order,
    limit,
    ...(cursor !== undefined && { cursor }),
  };
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

/**
 * Checks a message's two ids as they came in a path or a request.
 *
 * @throws `MarsError("invalid_argument")` with one problem for each id at fault
 */
export function checkMessageKey(appId: string, messageId: string): { appId: string; messageId: string } {
  const problems: FieldProblem[] = [];
  checkText("app_id", appId, appIdBytesMax, problems);
  checkText("message_id", messageId, messageIdBytesMax, problems);
  throwIfAny(problems);
  return { appId, messageId };
}

function checkText(
  field: string,
  value: QueryValue,
  bytesMax: number,
  problems: FieldProblem[],
): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== "string") {
    problems.push({ field, message: "must be a string, is a number" });
    return undefined;
  }
  const problem = value === "" ? "must not be empty" : textProblem(value, bytesMax);
  if (problem !== undefined) problems.push({ field, message: problem });
  return value;
}

function checkTime(field: string, value: QueryValue, problems: FieldProblem[]): Micros | undefined {
  if (value === undefined) return undefined;
  const time = typeof value === "number" ? checkMicros(value) : parseTime(value);
  if (typeof time === "number") return time;
  problems.push({ field, message: time });
  return undefined;
}

function checkMicros(micros: number): Micros | string {
  const valid = Number.isSafeInteger(micros) && micros >= microsMin && micros <= microsMax;
  return valid ? micros : outOfRange;
}

function checkOrder(value: QueryValue, problems: FieldProblem[]): MessageOrder {
  if (value === undefined) return "newest";
  if (typeof value === "string" && orders.includes(value)) return value as MessageOrder;
  problems.push({ field: "order", message: `must be one of ${orders.join(", ")}` });
  return "newest";
}

function checkInteger(
  field: string,
  value: QueryValue,
  min: number,
  max: number,
  problems: FieldProblem[],
): number | undefined {
  if (value === undefined) return undefined;
  // Digits only: Number() would also take "", " 1", "1e3" and "0x10".
  const number = typeof value === "string" ? (/^\d{1,16}$/.test(value) ? Number(value) : Number.NaN) : value;
  if (Number.isSafeInteger(number) && number >= min && number <= max) return number;
  const bound = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
  problems.push({ field, message: `must be a whole number ${bound}` });
  return undefined;
}

function throwIfAny(problems: readonly FieldProblem[]): void {
  const first = problems[0];
  if (first === undefined) return;
  const more = problems.length > 1 ? `, and ${problems.length - 1} more` : "";
  throw new MarsError("invalid_argument", `${first.field} ${first.message}${more}`, { problems });
}
