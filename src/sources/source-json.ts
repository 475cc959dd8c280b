/**
 * A source as it is shown: `(hidden)` stands for its secret. A client may read a source, change it and put it again: a secret that
 * comes back hidden is kept.
 */
import { formatDuration } from "../core/duration.ts";
import type { FieldProblem } from "../core/error.ts";
import { formatTime } from "../core/time.ts";
import { rulesOf } from "./rules.ts";
import {
  type FormerSecret,
  formerSecretsMax,
  type Rules,
  ruleNames,
  type Source,
  type Verify,
} from "./source.ts";

export const hidden = "(hidden)";
/** In the audit: a secret that is another than before. */
const changed = "(changed)";

/** How long a secret that was replaced holds unless another time is given. */
export const overlapMsDefault = 86_400_000;

/** @param before the source that it replaces: a secret that differs is shown as such */
export function sourceToJson(source: Source, before: Source = source, nowMs = Date.now()) {
  const { id, appId, appFrom, apps, preset, rules, otherwise, bodyBytesMax } = source;
  return {
    id,
    app_id: appId ?? null,
    app_from: appFrom ?? null,
    ...(appFrom !== undefined && { apps: [...apps] }),
    preset: preset ?? null,
    verify: verifyToJson(source.verify, before.verify, nowMs),
    ...rulesToJson(rules),
    otherwise,
    body_bytes_max: bodyBytesMax,
    mapping: rulesToJson(rulesOf(source)),
  };
}

function rulesToJson({ attributes, ...rules }: Rules) {
  return {
    ...Object.fromEntries(ruleNames.map((name) => [name, rules[name] ?? null])),
    attributes: attributes === undefined ? null : { ...attributes },
  } as Record<(typeof ruleNames)[number], string | null> & { attributes: Record<string, string> | null };
}

function verifyToJson(verify: Verify, before: Verify, nowMs: number) {
  const {
    scheme,
    secret,
    formerSecrets = [],
    publicKey,
    username,
    tokenHeader,
    topicArn,
    hmac,
    toleranceMs,
  } = verify;
  const until = Math.max(0, ...formerSecrets.map((one) => one.until).filter((one) => one > nowMs));
  const header = hmac?.header ?? tokenHeader;
  return {
    scheme,
    ...(secret !== undefined && { secret: secret === before.secret ? hidden : changed }),
    ...(until > 0 && { former_secret_until: formatTime(until * 1_000) }),
    ...(publicKey !== undefined && { public_key: publicKey }),
    ...(username !== undefined && { username }),
    ...(header !== undefined && { header }),
    ...(topicArn !== undefined && { topic_arn: topicArn }),
    ...(toleranceMs !== undefined && { tolerance: toleranceMs === 0 ? "off" : formatDuration(toleranceMs) }),
    ...(hmac?.prefix !== undefined && { prefix: hmac.prefix }),
    ...(hmac?.encoding !== undefined && { encoding: hmac.encoding }),
    ...(hmac?.algorithm !== undefined && { algorithm: hmac.algorithm }),
    ...(hmac?.payload !== undefined && { payload: hmac.payload }),
    ...(hmac?.timestampHeader !== undefined && { timestamp_header: hmac.timestampHeader }),
    ...(hmac?.idHeader !== undefined && { id_header: hmac.idHeader }),
    ...(hmac?.separator !== undefined && { separator: hmac.separator }),
    ...(hmac?.signatureField !== undefined && { signature_field: hmac.signatureField }),
    ...(hmac?.timestampField !== undefined && { timestamp_field: hmac.timestampField }),
  };
}

/** The verification as it is to be stored, with the secret that is there in the place of one that is absent or hidden. */
export function withKeptSecret(
  verify: Verify,
  before: Verify | undefined,
  {
    overlapMs = overlapMsDefault,
    nowMs = Date.now(),
  }: { overlapMs?: number | undefined; nowMs?: number } = {},
): { readonly verify: Verify; readonly problems: readonly FieldProblem[] } {
  const { secret: given, ...rest } = verify;
  const old = before?.scheme === verify.scheme ? before : undefined;
  const kept = given === undefined || given === hidden;
  const secret = kept ? old?.secret : given;
  if (given === hidden && secret === undefined) {
    const message = "must be given: the source has none of this scheme";
    return { verify, problems: [{ field: "verify.secret", message }] };
  }
  const still = (old?.formerSecrets ?? []).filter((one) => one.until > nowMs && one.secret !== secret);
  const replaced: readonly FormerSecret[] =
    old?.secret === undefined || old.secret === secret || overlapMs === 0
      ? []
      : [{ secret: old.secret, until: nowMs + overlapMs }];
  const formerSecrets = overlapMs === 0 ? [] : [...replaced, ...still].slice(0, formerSecretsMax);
  return {
    verify: {
      ...rest,
      ...(secret !== undefined && { secret }),
      ...(formerSecrets.length > 0 && { formerSecrets }),
    },
    problems: [],
  };
}
