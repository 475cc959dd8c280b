/** Reads what users write of alerts, and refuses what cannot be, with the place named. */
import { parseDuration } from "../core/duration.ts";
import { type FieldProblem, MarsError } from "../core/error.ts";
import type { Micros } from "../core/event.ts";
import { appIdBytesMax, eventBytesMax } from "../core/limits.ts";
import { parseTime } from "../core/time.ts";
import { textProblem } from "../core/validate.ts";
import { namesMax } from "../lifecycle/definition.ts";
import { type FindingKind, findingKinds } from "../lifecycle/finding.ts";
import { objectOf } from "../lifecycle/parse-object.ts";
import { type AlertRule, atLeastMax, ruleSinksMax } from "./rule.ts";
import type { AlertSilence } from "./silence.ts";
import { recipientsMax, type SinkTarget } from "./sink.ts";

const windowMsDefault = 60_000;
const repeatMsDefault = 4 * 3_600_000;
const day = 86_400_000;
const silenceMsMax = 366 * day;
const commentBytesMax = 1_024;
const emailBytesMax = 254;
/** A stage may have several names, see `stageName`. */
const stageBytesMax = namesMax * (eventBytesMax + 1);

/**
 * What rules and sinks are called.
 *
 * @throws `MarsError("invalid_argument")`
 */
export function parseAlertId(text: string): string {
  const problem = idProblem(text);
  if (problem !== undefined) throwFirst([{ field: "id", message: problem }]);
  return text;
}

/**
 * Reads a rule, such as
 *
 *     { "app_id": "shop", "kinds": ["missing"], "stage": "SHIPPED", "after": "PAID",
 *       "at_least": 10, "window": "1m", "repeat": "4h", "sinks": ["ops"] }
 *
 * All but `sinks` may be absent: every app and stage, `missing`, one finding, `1m`, `4h`. `repeat` may be `off`. `over` is the
 * former name of `window`, and accepted in its place.
 *
 * @throws `MarsError("invalid_argument")` with one problem for each place at fault
 */
export function parseRule(id: string, value: unknown): AlertRule {
  const problems: FieldProblem[] = [];
  const fields = objectOf(
    value,
    "",
    ["app_id", "kinds", "stage", "after", "at_least", "window", "repeat", "sinks", "over"],
    problems,
  );
  const appId = textOf(fields.app_id, "app_id", appIdBytesMax, problems);
  const stage = textOf(fields.stage, "stage", stageBytesMax, problems);
  const after = textOf(fields.after, "after", stageBytesMax, problems);
  const rule: AlertRule = {
    id,
    ...(appId !== undefined && { appId }),
    kinds: kindsOf(fields.kinds, problems),
    ...(stage !== undefined && { stage }),
    ...(after !== undefined && { after }),
    atLeast: atLeastOf(fields.at_least, problems),
    windowMs: windowOf(fields, problems),
    repeatMs:
      fields.repeat === "off"
        ? 0
        : durationOf(
            fields.repeat,
            "repeat",
            { default: repeatMsDefault, min: 60_000, max: 30 * day, or: "off" },
            problems,
          ),
    sinks: listOf(fields.sinks, "sinks", ruleSinksMax, "sinks' ids", idProblem, problems),
  };
  throwFirst(problems);
  return rule;
}

/**
 * Reads a sink: `{"type":"webhook","url":…,"secret":…}`, `{"type":"slack","url":…}` or `{"type":"email","to":[…]}`. Where the
 * URL may lead is not checked here.
 *
 * @throws `MarsError("invalid_argument")`
 */
export function parseSink(value: unknown): SinkTarget {
  const problems: FieldProblem[] = [];
  const { type } = objectOf(value, "", ["type", "url", "secret", "to"], problems);
  throwFirst(problems);
  if (type === "email") {
    const { to } = objectOf(value, "", ["type", "to"], problems);
    const recipients = listOf(to, "to", recipientsMax, "e-mail addresses", emailProblem, problems);
    throwFirst(problems);
    return { type, to: recipients };
  }
  if (type !== "webhook" && type !== "slack") {
    problems.push({ field: "type", message: "must be one of webhook, slack, email" });
    throwFirst(problems);
  }
  const fields = objectOf(
    value,
    "",
    type === "slack" ? ["type", "url"] : ["type", "url", "secret"],
    problems,
  );
  const url = textOf(fields.url, "url", Number.POSITIVE_INFINITY, problems);
  const secret = textOf(fields.secret, "secret", 256, problems);
  if (url === undefined && problems.length === 0) problems.push({ field: "url", message: "is required" });
  throwFirst(problems);
  if (type === "slack") return { type, url: url ?? "" };
  return { type: "webhook", url: url ?? "", ...(secret !== undefined && { secret }) };
}

/**
 * Reads a silence: any of `app_id`, `rule`, `stage`, `kind`, and its end as `until` (a time) or `for` (a duration).
 *
 * @throws `MarsError("invalid_argument")`
 */
export function parseSilence(value: unknown, now: Micros): Omit<AlertSilence, "id"> {
  const problems: FieldProblem[] = [];
  const names = ["app_id", "rule", "stage", "kind", "until", "for", "comment"] as const;
  const fields = objectOf(value, "", names, problems);
  const appId = textOf(fields.app_id, "app_id", appIdBytesMax, problems);
  const rule = textOf(fields.rule, "rule", 64, problems);
  const stage = textOf(fields.stage, "stage", stageBytesMax, problems);
  const comment = textOf(fields.comment, "comment", commentBytesMax, problems);
  const kind = fields.kind === undefined ? undefined : kindsOf([fields.kind], problems, "kind")[0];
  const until = endOf(fields, now, problems);
  throwFirst(problems);
  return {
    ...(appId !== undefined && { appId }),
    ...(rule !== undefined && { rule }),
    ...(stage !== undefined && { stage }),
    ...(kind !== undefined && { kind }),
    until,
    createdAt: now,
    comment: comment ?? "",
  };
}

function endOf(
  fields: { readonly until?: unknown; readonly for?: unknown },
  now: Micros,
  problems: FieldProblem[],
): Micros {
  if ((fields.until === undefined) === (fields.for === undefined)) {
    problems.push({ field: "until", message: "or for must be given, and not both" });
    return now;
  }
  if (fields.for !== undefined) {
    const bounds = { default: 0, min: 1_000, max: silenceMsMax };
    return now + durationOf(fields.for, "for", bounds, problems) * 1_000;
  }
  const until = typeof fields.until === "string" ? parseTime(fields.until) : "must be an RFC 3339 time";
  if (typeof until === "string") problems.push({ field: "until", message: until });
  else if (until <= now || until > now + silenceMsMax * 1_000) {
    problems.push({ field: "until", message: "must be in the future, and within 366 days" });
  } else return until;
  return now;
}

function kindsOf(value: unknown, problems: FieldProblem[], field = "kinds"): FindingKind[] {
  if (value === undefined) return ["missing"];
  const known = Array.isArray(value) ? findingKinds.filter((kind) => value.includes(kind)) : [];
  if (Array.isArray(value) && known.length > 0 && known.length === value.length) return known;
  problems.push({ field, message: `must be of ${findingKinds.join(", ")}, each at most once` });
  return [];
}

/** `over` is the former name. */
function windowOf(
  { window, over }: { readonly window?: unknown; readonly over?: unknown },
  problems: FieldProblem[],
): number {
  if (window !== undefined && over !== undefined) {
    problems.push({ field: "over", message: "is the former name of window: give one of them" });
  }
  const bounds = { default: windowMsDefault, min: 1_000, max: day };
  return window === undefined
    ? durationOf(over, "over", bounds, problems)
    : durationOf(window, "window", bounds, problems);
}

function atLeastOf(value: unknown, problems: FieldProblem[]): number {
  if (value === undefined) return 1;
  if (typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= atLeastMax) return value;
  problems.push({ field: "at_least", message: `must be a whole number from 1 to ${atLeastMax}` });
  return 1;
}

interface DurationBounds {
  readonly default: number;
  readonly min: number;
  readonly max: number;
  /** A word that is good as well. */
  readonly or?: string;
}

function durationOf(value: unknown, field: string, bounds: DurationBounds, problems: FieldProblem[]): number {
  if (value === undefined) return bounds.default;
  const ms = typeof value === "string" ? parseDuration(value) : undefined;
  if (ms !== undefined && ms >= bounds.min && ms <= bounds.max) return ms;
  const range = `from ${bounds.min / 1_000}s to ${bounds.max / day}d`;
  const or = bounds.or === undefined ? "" : `, or ${bounds.or}`;
  problems.push({ field, message: `must be a duration ${range}, such as 5m${or}` });
  return bounds.default;
}

function textOf(
  value: unknown,
  field: string,
  bytesMax: number,
  problems: FieldProblem[],
): string | undefined {
  if (value === undefined) return undefined;
  const problem =
    typeof value !== "string" || value === ""
      ? "must be a text that is not empty"
      : textProblem(value, bytesMax);
  if (problem === undefined) return value as string;
  problems.push({ field, message: problem });
  return undefined;
}

function listOf(
  value: unknown,
  field: string,
  max: number,
  what: string,
  problemOf: (text: string) => string | undefined,
  problems: FieldProblem[],
): string[] {
  if (!Array.isArray(value) || value.length === 0 || value.length > max) {
    problems.push({ field, message: `must be a list of 1 to ${max} ${what}` });
    return [];
  }
  const texts: string[] = [];
  for (const [index, text] of value.entries()) {
    const problem = typeof text === "string" ? problemOf(text) : "must be a text";
    if (problem !== undefined) problems.push({ field: `${field}[${index}]`, message: problem });
    else if (texts.includes(text))
      problems.push({ field: `${field}[${index}]`, message: "must be there once" });
    else texts.push(text);
  }
  return texts;
}

function idProblem(text: string): string | undefined {
  return /^[A-Za-z0-9._-]{1,64}$/.test(text) ? undefined : "must be 1 to 64 of A-Z a-z 0-9 . _ -";
}

/** No more than keeps an address from being several, or a header. Whether it exists only its server knows. */
function emailProblem(text: string): string | undefined {
  const plain = /^[^\s@<>,;:"()[\]\\]+@[^\s@<>,;:"()[\]\\]+$/.test(text) && text.length <= emailBytesMax;
  return plain ? textProblem(text, emailBytesMax) : "must be an e-mail address such as ops@example.com";
}

function throwFirst(problems: readonly FieldProblem[]): void {
  const [first] = problems;
  if (first === undefined) return;
  const more = problems.length > 1 ? `, and ${problems.length - 1} more` : "";
  const place = first.field === "" ? "the body" : first.field;
  throw new MarsError("invalid_argument", `${place} ${first.message}${more}`, { problems });
}
