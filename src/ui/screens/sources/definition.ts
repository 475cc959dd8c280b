/** A source's definition as its form and its text have it, and what each sender and each scheme has. */
import type { AnswerOf } from "../../../api/operation-types.ts";

export type Source = AnswerOf<"getSource">;
export type Preset = NonNullable<Source["preset"]>;
export type Scheme = Source["verify"]["scheme"];
export type Verify = Partial<Source["verify"]> & { readonly overlap?: string };
export type RuleName = keyof typeof ruleTexts;

/** As putSource takes it, without its name. What a form has not may be in it, too. */
export interface Definition {
  readonly app_id?: string;
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

export const verifyTexts = {
  header: "Header",
  username: "Name",
  secret: "Secret",
  public_key: "Public key",
  topic_arn: "ARN of the topic",
} as const;

/** Which fields a scheme has in the form. More of `hmac` is in its text. */
export const verifyFields: Readonly<Record<Scheme, readonly (keyof typeof verifyTexts)[]>> = {
  none: [],
  hmac: ["header", "secret"],
  "standard-webhooks": ["secret", "public_key"],
  stripe: ["secret"],
  github: ["secret"],
  shopify: ["secret"],
  sendgrid: ["public_key"],
  sns: ["topic_arn"],
  twilio: ["secret"],
  gitlab: ["secret"],
  token: ["header", "secret"],
  basic: ["username", "secret"],
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

export function withVerify(definition: Definition, name: keyof Verify, value: string): Definition {
  const { [name]: _, ...rest } = definition.verify ?? {};
  return { ...definition, verify: value === "" ? rest : { ...definition.verify, [name]: value } };
}

function fitting(verify: Verify, scheme: Scheme | undefined): Verify {
  const names: readonly string[] = scheme === undefined ? [] : ["scheme", ...verifyFields[scheme]];
  const kept = Object.entries(verify).filter(([name, value]) => names.includes(name) && value !== hidden);
  return Object.fromEntries(kept) as Verify;
}
