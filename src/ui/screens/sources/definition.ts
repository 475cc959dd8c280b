/** A source's definition as its form and its text have it, and what each sender and each scheme has. */
import type { AnswerOf } from "../../../api/operation-types.ts";

export type Source = AnswerOf<"getSource">;
export type Preset = NonNullable<Source["preset"]>;
export type Scheme = Source["verify"]["scheme"];
export type Verify = Partial<Source["verify"]> & { readonly overlap?: string };
export type RuleName = keyof typeof ruleTexts;

/** As putSource takes it, without its name. */
export interface Definition {
  readonly app_id?: string;
  readonly app_from?: string;
  readonly preset?: Preset;
  readonly verify?: Verify;
  readonly attributes?: Readonly<Record<string, string>>;
  readonly [rule: string]: unknown;
}

/** Stands for a secret that Mars has. */
export const hidden = "(hidden)";

export const presetTexts: Readonly<Record<Preset, string>> = {
  "standard-webhooks": "Standard Webhooks, Svix",
  stripe: "Stripe",
  github: "GitHub",
  shopify: "Shopify",
  sendgrid: "SendGrid",
  ses: "Amazon SES",
  twilio: "Twilio",
  gitlab: "GitLab",
  postmark: "Postmark",
};

export const ruleTexts = {
  each: "Items (each)",
  when: "Only when",
  message_id: "Message id",
  event: "Event",
  created_at: "Created at",
  event_id: "Event id",
  external_id: "External id",
  parent_id: "Parent id",
} as const;

export const otherwiseTexts = {
  ignore: "are left out",
  reject: "make Mars refuse the delivery",
  keep: "become events named unmapped",
} as const;

export type VerifyName = Exclude<keyof Verify, "scheme" | "former_secret_until">;

/** In the order of the form; with what goes for an absent one. */
export const verifyTexts: Readonly<Record<VerifyName, readonly [label: string, usual?: string]>> = {
  header: ["Header"],
  username: ["Name"],
  secret: ["Secret"],
  overlap: ["The former secret holds for", "24h"],
  public_key: ["Public key"],
  topic_arn: ["ARN of the topic"],
  prefix: ["Stands before the signature", "as sha256="],
  encoding: ["Encoding", "hex"],
  algorithm: ["Algorithm", "sha256"],
  payload: ["What is signed", "{body}"],
  timestamp_header: ["Header with the time"],
  id_header: ["Header with the delivery’s id"],
  separator: ["What divides the header, if it is a list", "as a comma"],
  signature_field: ["Its member with the signature", "as v1"],
  timestamp_field: ["Its member with the time", "as t"],
  tolerance: ["How old a delivery may be", "5m, or off"],
};

/** Those of a few values. */
export const verifyValues: Readonly<Partial<Record<VerifyName, readonly string[]>>> = {
  encoding: ["hex", "base64"],
  algorithm: ["sha256", "sha1", "sha512"],
};

/** Fields of a scheme: those that it needs, and those that few senders need. */
export const verifyFields: Readonly<
  Record<Scheme, { readonly first: readonly VerifyName[]; readonly more: readonly VerifyName[] }>
> = {
  none: { first: [], more: [] },
  hmac: {
    first: ["header", "secret"],
    more: [
      ...(["prefix", "encoding", "algorithm", "payload", "timestamp_header", "id_header"] as const),
      ...(["separator", "signature_field", "timestamp_field", "tolerance"] as const),
    ],
  },
  "standard-webhooks": { first: ["secret"], more: ["public_key", "tolerance"] },
  stripe: { first: ["secret"], more: ["tolerance"] },
  github: { first: ["secret"], more: [] },
  shopify: { first: ["secret"], more: [] },
  sendgrid: { first: ["public_key"], more: ["tolerance"] },
  sns: { first: ["topic_arn"], more: ["tolerance"] },
  twilio: { first: ["secret"], more: [] },
  gitlab: { first: ["secret"], more: [] },
  token: { first: ["header", "secret"], more: [] },
  basic: { first: ["username", "secret"], more: [] },
};

/** The one that is in force: its own, or its preset's. */
export function schemeOf({ verify, preset }: Definition): Scheme | undefined {
  if (verify?.scheme !== undefined) return verify.scheme;
  if (preset === undefined) return undefined;
  if (preset === "ses") return "sns";
  return preset === "postmark" ? "basic" : preset;
}

export const starter: Definition = { app_id: "", preset: "github", verify: { secret: "" } };

/** A definition without preset begins with what is required. */
export const ownRules: Definition = { message_id: "body.id", event: "body.type" };

/** What of a source can be put again. */
export function definitionOf(source: Source): Definition {
  const { id: _, apps: __, stats: ___, mapping: ____, verify, ...rest } = source;
  const { former_secret_until: _____, ...kept } = verify;
  const given = Object.entries({ ...rest, verify: kept }).filter(([, value]) => value !== null);
  return Object.fromEntries(given) as Definition;
}

/** A value for a field. What the text has may be of any type; saving it says what is wrong. */
export function shown(value: unknown): string {
  return typeof value === "string" ? value : "";
}

export function textOf(definition: Definition): string {
  return JSON.stringify(definition, null, 2);
}

/** With a preset, or with rules of its own. What is of another scheme goes away. */
export function withPreset(definition: Definition, preset: Preset | undefined): Definition {
  const { preset: _, verify = {}, ...rest } = definition;
  const { scheme: __, ...others } = verify;
  const next =
    preset === undefined
      ? { ...ownRules, ...rest, verify: { ...others, scheme: "token" as const } }
      : { ...rest, preset, verify: others };
  return { ...next, verify: fitting(next.verify, schemeOf(next)) };
}

/** With another scheme. A secret that is hidden is of the former one. */
export function withScheme(definition: Definition, scheme: Scheme): Definition {
  return { ...definition, verify: { ...fitting(definition.verify ?? {}, scheme), scheme } };
}

/** With one member changed; an empty text takes it away. */
export function withMember(definition: Definition, name: string, value: string): Definition {
  const { [name]: _, ...rest } = definition;
  return value === "" ? rest : { ...definition, [name]: value };
}

/** With its app by a rule, or with one app. */
export function withAppFrom(definition: Definition, byRule: boolean): Definition {
  const { app_id: _, app_from: __, ...rest } = definition;
  return byRule ? { app_from: "", ...rest } : { app_id: "", ...rest };
}

/** With other attributes, by their names. */
export function withAttributes(
  definition: Definition,
  attributes: readonly (readonly [name: string, rule: string])[],
): Definition {
  const { attributes: _, ...rest } = definition;
  return attributes.length === 0 ? rest : { ...rest, attributes: Object.fromEntries(attributes) };
}

export function withVerify(definition: Definition, name: VerifyName, value: string): Definition {
  const { [name]: _, ...rest } = definition.verify ?? {};
  return { ...definition, verify: value === "" ? rest : { ...definition.verify, [name]: value } };
}

function fitting(verify: Verify, scheme: Scheme | undefined): Verify {
  const names: readonly string[] =
    scheme === undefined ? [] : ["scheme", ...verifyFields[scheme].first, ...verifyFields[scheme].more];
  const kept = Object.entries(verify).filter(([name, value]) => names.includes(name) && value !== hidden);
  return Object.fromEntries(kept) as Verify;
}
