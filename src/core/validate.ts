/**
 * The one validation. Every protocol brings its input into the shape `EventInput` and gets an event or the list of
 * what is wrong with each field; the rules are those of the contract, the bounds those of `limits.ts`.
 */
import type { FieldProblem } from "./error.ts";
import type { MarsEvent, Micros } from "./event.ts";
import { eventBounds } from "./event-bounds.ts";
import { stringifyExact } from "./exact-json.ts";
import {
  appIdBytesMax,
  attributesDepthMax,
  eventBytesMax,
  eventIdBytesMax,
  externalIdBytesMax,
  messageIdBytesMax,
  parentIdBytesMax,
} from "./limits.ts";
import type { AppRights } from "./rights.ts";
import { withSortedKeys } from "./sorted-keys.ts";
import { microsMax, microsMin, outOfRange, parseTime } from "./time.ts";
import { traceparents } from "./traceparent.ts";

/** An event as a producer sent it: the contract's field names, nothing known about the values. */
export interface EventInput {
  readonly app_id?: unknown;
  readonly message_id?: unknown;
  readonly event?: unknown;
  /** RFC 3339 text. A protocol with a time type of its own passes `micros` to `checkEvent` instead. */
  readonly created_at?: unknown;
  readonly event_id?: unknown;
  readonly external_id?: unknown;
  readonly parent_id?: unknown;
  readonly attributes?: unknown;
  /** Never a problem: see `traceparent.ts`. */
  readonly traceparent?: unknown;
}

/** Who sends events: the apps that it may report for. */
export type Sender = Pick<AppRights, "mayApp">;

/** Where problems go, and the event's place in its batch, if it came in one. */
export interface Problems {
  readonly list: FieldProblem[];
  readonly sender: Sender;
  index?: number;
  /** How many events are refused since the sender may not report for their app, and for no other reason. */
  denied?: number;
}

const noId = () => "";

/**
 * Checks one event.
 *
 * @param input what the producer sent; unknown fields are ignored, `null` counts as absent
 * @param receivedAt the time of receipt, which stands in for an absent `created_at`
 * @param problems takes one entry for each field at fault
 * @param micros `created_at` where the protocol has already decoded it; `created_at` is then not looked at
 * @param ownId makes a valid `event_id` where it is absent
 * @returns the event, or `undefined` when at least one problem was added
 */
export function checkEvent(
  input: unknown,
  receivedAt: Micros,
  problems: Problems,
  micros?: Micros,
  ownId = noId,
): MarsEvent | undefined {
  if (typeof input !== "object" || input === null || Array.isArray(input)) {
    report(problems, "", "must be a JSON object with app_id, message_id and event");
    return undefined;
  }
  const before = problems.list.length;
  const fields = input as EventInput;
  const appId = checkText("app_id", fields.app_id, appIdBytesMax, true, problems);
  const messageId = checkText("message_id", fields.message_id, messageIdBytesMax, true, problems);
  const event = checkText("event", fields.event, eventBytesMax, true, problems);
  const eventId = checkText("event_id", fields.event_id, eventIdBytesMax, false, problems);
  const externalId = checkText("external_id", fields.external_id, externalIdBytesMax, false, problems);
  const parentId = checkText("parent_id", fields.parent_id, parentIdBytesMax, false, problems);
  const createdAt =
    micros === undefined
      ? checkTime(fields.created_at, receivedAt, problems)
      : checkMicros(micros, receivedAt, problems);
  const attributes = checkAttributes(fields.attributes, problems);
  if (problems.list.length !== before) return undefined;
  if (!problems.sender.mayApp(appId)) {
    report(problems, "app_id", "is not an app of this key");
    problems.denied = (problems.denied ?? 0) + 1;
    return undefined;
  }
  const checked = {
    appId,
    messageId,
    event,
    createdAt,
    receivedAt,
    eventId: eventId === "" ? ownId() : eventId,
    externalId,
    parentId,
    attributes,
  };
  const traceparent = traceparents.read(fields.traceparent);
  return traceparent === undefined ? checked : { ...checked, traceparent };
}

/** The rule every text of an event obeys; also for ids that arrive in a path, a query or a topic. */
export function textProblem(text: string, bytesMax: number): string | undefined {
  // Three bytes is the most that UTF-8 spends on one UTF-16 unit, so most texts need no count.
  if (text.length * 3 > bytesMax) {
    const bytes = Buffer.byteLength(text);
    if (bytes > bytesMax) return `must be at most ${bytesMax} bytes, has ${bytes}`;
  }
  if (text.includes("\0")) return "must not contain NUL";
  if (!text.isWellFormed()) return "must be well-formed Unicode, has a lone surrogate";
  return undefined;
}

function checkText(
  field: string,
  value: unknown,
  bytesMax: number,
  required: boolean,
  problems: Problems,
): string {
  if (typeof value === "string") {
    if (value === "" && required) {
      report(problems, field, "must not be empty");
      return "";
    }
    const problem = textProblem(value, bytesMax);
    if (problem !== undefined) report(problems, field, problem);
    return value;
  }
  if (value === undefined || value === null) {
    if (required) report(problems, field, "is required");
  } else {
    report(problems, field, `must be a string, is ${kindOf(value)}`);
  }
  return "";
}

function checkTime(value: unknown, receivedAt: Micros, problems: Problems): Micros {
  if (value === undefined || value === null) return receivedAt;
  if (typeof value !== "string") {
    report(problems, "created_at", `must be a string, is ${kindOf(value)}`);
    return receivedAt;
  }
  const time = parseTime(value);
  if (typeof time === "number") return time;
  report(problems, "created_at", time);
  return receivedAt;
}

function checkMicros(micros: Micros, receivedAt: Micros, problems: Problems): Micros {
  if (Number.isSafeInteger(micros) && micros >= microsMin && micros <= microsMax) return micros;
  report(problems, "created_at", outOfRange);
  return receivedAt;
}

function checkAttributes(value: unknown, problems: Problems): string {
  if (value === undefined || value === null) return "";
  if (typeof value !== "object" || Array.isArray(value)) {
    report(problems, "attributes", `must be a JSON object, is ${kindOf(value)}`);
    return "";
  }
  // Depth first: it also bounds the recursion of the stringify below.
  const problem = jsonProblem(value, 1);
  if (problem !== undefined) {
    report(problems, "attributes", problem);
    return "";
  }
  const text = stringifyExact(withSortedKeys(value));
  const bytesMax = eventBounds.attributesBytesMax;
  const bytes = text.length * 3 > bytesMax ? Buffer.byteLength(text) : 0;
  if (bytes > bytesMax) {
    report(problems, "attributes", `must be at most ${bytesMax} bytes as JSON, has ${bytes}`);
    return "";
  }
  return text;
}

function jsonProblem(value: unknown, depth: number): string | undefined {
  if (typeof value === "string") return textProblem(value, Number.POSITIVE_INFINITY);
  if (typeof value === "number" && !Number.isFinite(value)) return "must not contain NaN or Infinity";
  if (typeof value !== "object" || value === null) return undefined;
  if (depth > attributesDepthMax) return `must not nest deeper than ${attributesDepthMax} levels`;
  if (Array.isArray(value)) {
    for (const member of value) {
      const problem = jsonProblem(member, depth + 1);
      if (problem !== undefined) return problem;
    }
    return undefined;
  }
  // A list of its entries would take four times as long. A value of JSON has members of its own only.
  for (const key in value) {
    const member = (value as Readonly<Record<string, unknown>>)[key];
    const problem = textProblem(key, Number.POSITIVE_INFINITY) ?? jsonProblem(member, depth + 1);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function report(problems: Problems, field: string, message: string): void {
  problems.list.push(
    problems.index === undefined ? { field, message } : { index: problems.index, field, message },
  );
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "an array" : `a ${typeof value}`.replace("a object", "an object");
}
