/** A source as users define it, in every protocol. */
import * as z from "zod";
import { textProblem } from "../core/validate.ts";
import { presets } from "../sources/presets/presets.ts";
import {
  algorithms,
  attributeNameBytesMax,
  attributeRulesMax,
  deliveryBytesDefault,
  deliveryBytesMax,
  encodings,
  expressionBytesMax,
  type HmacForm,
  otherwises,
  presetNames,
  type Rules,
  ruleNames,
  type Scheme,
  type Source,
  schemes,
  secretBytesMax,
  type Verify,
} from "../sources/source.ts";
import { hidden } from "../sources/source-json.ts";
import { ecdsaKey } from "../sources/verify/sendgrid.ts";
import { ed25519Key, secretBytes } from "../sources/verify/standard-webhooks.ts";
import { duration } from "./duration.ts";
import { appId, defined, field, text, whole, word } from "./fields.ts";

/** A name of a header, as requests have it. */
const headerForm = /^[A-Za-z0-9-]{1,64}$/;
const header = (description: string) =>
  field<string>({ type: "string", pattern: headerForm.source, description }, (value) =>
    typeof value === "string" && headerForm.test(value)
      ? { value: value.toLowerCase() }
      : { problem: "must be the name of a header: 1 to 64 of A-Z a-z 0-9 -" },
  );

const short = (description: string) => text(256, description);
const rule = (description: string) => text(expressionBytesMax, description);

export const verifyInput = z.strictObject({
  scheme: word(
    schemes,
    "How the sender proves that a delivery is its own; that of the preset unless given.",
  ).optional(),
  secret: text(
    secretBytesMax,
    "The key of the signature, the token or the password. Absent or `(hidden)`: kept for the same scheme.",
  ).optional(),
  overlap: duration(
    { min: 1_000, max: 30 * 86_400_000, off: true },
    "How long a secret that this one replaces holds too; `off` ends former ones; `24h` unless given.",
  ).optional(),
  public_key: text(secretBytesMax, "Of SendGrid, and of Standard Webhooks with `v1a`.").optional(),
  username: short("Of `basic`.").optional(),
  header: header("Of `hmac` the header with the signature, of `token` that with the token.").optional(),
  topic_arn: short("Of `sns`: the one topic whose messages are taken.").optional(),
  tolerance: duration(
    { min: 1_000, max: 30 * 86_400_000, off: true },
    "How old or how far ahead a signed time may be; `5m` unless given, `off` for any.",
  ).optional(),
  prefix: short("Of `hmac`: what stands before the signature, such as `sha256=`.").optional(),
  encoding: word(encodings, "Of `hmac`; `hex` unless given.").optional(),
  algorithm: word(algorithms, "Of `hmac`; `sha256` unless given.").optional(),
  payload: short(
    "Of `hmac`: what is signed, such as `{timestamp}.{body}`; `{body}` unless given.",
  ).optional(),
  timestamp_header: header("Of `hmac`.").optional(),
  id_header: header("Of `hmac`.").optional(),
  separator: text(1, "Of `hmac`: what divides a header that is a list, such as `t=1,v1=ab`.").optional(),
  signature_field: short("Of `hmac`: its member with the signature, such as `v1`.").optional(),
  timestamp_field: short("Of `hmac`: its member with the time, such as `t`.").optional(),
});

type VerifyMember = Exclude<keyof z.input<typeof verifyInput>, "scheme">;

const hmacMembers: readonly VerifyMember[] = [
  ...(["header", "prefix", "encoding", "algorithm", "payload", "timestamp_header", "id_header"] as const),
  ...(["separator", "signature_field", "timestamp_field"] as const),
];
const secretMembers: readonly VerifyMember[] = ["secret", "overlap"];

/** What each scheme has, and what of it is required. Whether there is a secret is known when it is put. */
const membersOf: Readonly<
  Record<Scheme, { readonly has: readonly VerifyMember[]; readonly needs?: readonly VerifyMember[] }>
> = {
  none: { has: [] },
  hmac: { has: [...secretMembers, ...hmacMembers, "tolerance"], needs: ["header"] },
  "standard-webhooks": { has: [...secretMembers, "public_key", "tolerance"] },
  stripe: { has: [...secretMembers, "tolerance"] },
  github: { has: secretMembers },
  shopify: { has: secretMembers },
  sendgrid: { has: ["public_key", "tolerance"], needs: ["public_key"] },
  sns: { has: ["topic_arn", "tolerance"], needs: ["topic_arn"] },
  twilio: { has: secretMembers },
  gitlab: { has: secretMembers },
  token: { has: [...secretMembers, "header"] },
  basic: { has: [...secretMembers, "username"], needs: ["username"] },
};

/** Expressions by the attribute's name. */
const attributeRules = z
  .unknown()
  .transform((value, context): Readonly<Record<string, string>> => {
    const report = (path: string[], message: string) =>
      context.issues.push({ code: "custom", path, message, input: undefined });
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      report([], "must be an object of expressions by name");
      return z.NEVER;
    }
    const entries = Object.entries(value);
    if (entries.length > attributeRulesMax)
      report([], `must be at most ${attributeRulesMax}, are ${entries.length}`);
    for (const [name, expression] of entries.slice(0, attributeRulesMax)) {
      const place = [name.slice(0, 64).toWellFormed()];
      const problem = name === "" ? "must have a name" : textProblem(name, attributeNameBytesMax);
      if (problem !== undefined) report(place, problem);
      else if (typeof expression !== "string" || expression === "") report(place, "must be an expression");
      else {
        const wrong = textProblem(expression, expressionBytesMax);
        if (wrong !== undefined) report(place, wrong);
      }
    }
    return Object.fromEntries(entries) as Record<string, string>;
  })
  .meta({
    type: "object",
    additionalProperties: { type: "string", minLength: 1, maxLength: expressionBytesMax },
    maxProperties: attributeRulesMax,
    description:
      "An expression for each attribute, in the order in which they are taken while there is room.",
  });

const definitionShape = {
  app_id: appId.optional(),
  app_from: rule(
    "Instead of app_id: an expression that gives the app, which must be one that the caller has a key for.",
  ).optional(),
  preset: word(presetNames, "Whose webhooks they are: gives each rule that is not given.").optional(),
  verify: verifyInput.optional(),
  each: rule("The list of the body whose items become events; the body itself unless given.").optional(),
  when: rule("Which items become events; all unless given.").optional(),
  message_id: rule("Required without a preset.").optional(),
  event: rule('Required without a preset. A name of its own is a text: `"SENT"`.').optional(),
  created_at: rule(
    "RFC 3339, or Unix time in seconds to nanoseconds; the time of receipt unless given.",
  ).optional(),
  event_id: rule("By which a delivery that comes again is known.").optional(),
  external_id: rule("Another name by which the message can be found.").optional(),
  parent_id: rule("The message that it is a part of.").optional(),
  attributes: attributeRules.optional(),
  otherwise: word(
    otherwises,
    "What becomes of items that are not mapped: `ignore`, `reject` the delivery, or `keep` as an event `unmapped`; `ignore` unless given.",
  ).optional(),
  body_bytes_max: whole(1_024, deliveryBytesMax, "Bytes of one delivery; 1 MiB unless given.").optional(),
};

type Given = z.output<z.ZodObject<typeof definitionShape>>;

/** What is to be stored, but for the apps of its author and the secret that there is. */
export interface SourceInput {
  readonly source: Omit<Source, "id" | "apps">;
  readonly overlapMs?: number;
}

/** The definition with what else its operation takes. */
export function sourceInput<Extra extends z.ZodRawShape>(extra: Extra) {
  return z.strictObject({ ...extra, ...definitionShape }).transform((given, context) => {
    const input = definitionOf(given as unknown as Given, (path, message) =>
      context.addIssue({ code: "custom", path, message }),
    );
    const kept = Object.fromEntries(
      Object.keys(extra).map((name) => [name, (given as Record<string, unknown>)[name]]),
    );
    return { ...input, ...kept } as SourceInput & z.output<z.ZodObject<Extra>>;
  });
}

type Report = (path: string[], message: string) => void;

function definitionOf(given: Given, report: Report): SourceInput {
  const { app_id, app_from, preset, verify = {}, attributes, otherwise = "ignore", body_bytes_max } = given;
  if ((app_id === undefined) === (app_from === undefined))
    report(
      [app_id === undefined ? "app_id" : "app_from"],
      app_id === undefined ? "is required" : "must not be beside app_id",
    );
  for (const name of ["message_id", "event"] as const)
    if (preset === undefined && given[name] === undefined) report([name], "is required without a preset");
  const scheme = verify.scheme ?? (preset === undefined ? undefined : presets[preset].scheme);
  if (scheme === undefined) report(["verify", "scheme"], "is required without a preset");
  else checkVerify(scheme, verify, report);
  const rules: Rules = {
    ...defined(Object.fromEntries(ruleNames.map((name) => [name, given[name]]))),
    ...defined({ attributes }),
  };
  return {
    source: {
      ...defined({ appId: app_id, appFrom: app_from, preset }),
      verify: verifyOf(scheme ?? "none", verify),
      rules,
      otherwise,
      bodyBytesMax: body_bytes_max ?? deliveryBytesDefault,
    },
    ...defined({ overlapMs: verify.overlap }),
  };
}

function checkVerify(scheme: Scheme, verify: z.output<typeof verifyInput>, report: Report): void {
  const { has, needs = [] } = membersOf[scheme];
  for (const name of Object.keys(verify) as (keyof typeof verify)[]) {
    if (name === "scheme" || verify[name] === undefined) continue;
    if (!has.includes(name)) report(["verify", name], `is not for ${scheme}`);
  }
  for (const name of needs) if (verify[name] === undefined) report(["verify", name], "is required");
  const { public_key: key, secret } = verify;
  if (key !== undefined && has.includes("public_key")) {
    try {
      if (scheme === "sendgrid") ecdsaKey(key);
      else ed25519Key(key);
    } catch {
      const form =
        scheme === "sendgrid" ? "the key that SendGrid shows: DER as base64" : "whpk_ and 32 bytes as base64";
      report(["verify", "public_key"], `must be ${form}`);
    }
  }
  if (
    scheme === "standard-webhooks" &&
    secret !== undefined &&
    secret !== hidden &&
    secretBytes(secret).byteLength < 16
  )
    report(["verify", "secret"], "must be whsec_ and at least 16 bytes as base64");
  for (const name of ["signature_field", "timestamp_field"] as const)
    if (verify[name] !== undefined && verify.separator === undefined)
      report(["verify", "separator"], `is required beside ${name}`);
}

function verifyOf(scheme: Scheme, given: z.output<typeof verifyInput>): Verify {
  const form: HmacForm | undefined =
    scheme === "hmac"
      ? {
          header: given.header ?? "",
          ...defined({
            prefix: given.prefix,
            encoding: given.encoding,
            algorithm: given.algorithm,
            payload: given.payload,
            timestampHeader: given.timestamp_header,
            idHeader: given.id_header,
            separator: given.separator,
            signatureField: given.signature_field,
            timestampField: given.timestamp_field,
          }),
        }
      : undefined;
  return {
    scheme,
    ...defined({
      secret: given.secret,
      publicKey: given.public_key,
      username: given.username,
      tokenHeader: scheme === "token" ? given.header : undefined,
      topicArn: given.topic_arn,
      toleranceMs: given.tolerance,
      hmac: form,
    }),
  };
}

/** Whether it can be verified: some schemes have a secret, which may be the one that there is. */
export function needsSecret({ scheme, publicKey }: Verify): boolean {
  if (scheme === "standard-webhooks") return publicKey === undefined;
  return membersOf[scheme].has.includes("secret");
}
