/** A source: whose deliveries Mars takes at `POST /in/{id}`, how they are verified, and what events they become. */

/** Bounds on what users define. */
export const sourcesMax = 100;
export const expressionBytesMax = 2_048;
export const attributeRulesMax = 64;
export const attributeNameBytesMax = 128;
export const secretBytesMax = 1_024;
/** Bytes of a delivery's body: the default, and the most that a source may ask for. Counted after decompression. */
export const deliveryBytesDefault = 1024 * 1024;
export const deliveryBytesMax = 8 * 1024 * 1024;
/** Items of one delivery, each of which may become an event. */
export const itemsMax = 10_000;
/** The reason of what `when` leaves out; a `when` that is at fault has another. */
export const notWanted = "is not true of it";
/** Secrets that were replaced and hold still. */
export const formerSecretsMax = 3;

export const presetNames = [
  "standard-webhooks",
  "stripe",
  "github",
  "shopify",
  "sendgrid",
  "ses",
  "twilio",
  "gitlab",
  "postmark",
] as const;
export type PresetName = (typeof presetNames)[number];

export const schemes = [
  "none",
  "hmac",
  "standard-webhooks",
  "stripe",
  "github",
  "shopify",
  "sendgrid",
  "sns",
  "twilio",
  "gitlab",
  "token",
  "basic",
] as const;
export type Scheme = (typeof schemes)[number];

/** What becomes of an item that is not mapped. `keep`: an event with the name `unmapped`. */
export const otherwises = ["ignore", "reject", "keep"] as const;
export type Otherwise = (typeof otherwises)[number];

export const encodings = ["hex", "base64"] as const;
export const algorithms = ["sha256", "sha1", "sha512"] as const;

/** How a signature is made, where no scheme with a name is. */
export interface HmacForm {
  /** The header with the signature, in lower case. */
  readonly header: string;
  /** Stands before the signature: `sha256=`. */
  readonly prefix?: string;
  /** Default: hex. */
  readonly encoding?: (typeof encodings)[number];
  /** Default: sha256. */
  readonly algorithm?: (typeof algorithms)[number];
  /** What is signed: `{body}`, `{timestamp}`, `{id}` stand for these. Default: `{body}`. */
  readonly payload?: string;
  readonly timestampHeader?: string;
  readonly idHeader?: string;
  /** Of a header that is a list such as `t=1,v1=ab`: what divides it, and the names of its members. */
  readonly separator?: string;
  readonly signatureField?: string;
  readonly timestampField?: string;
}

export interface FormerSecret {
  readonly secret: string;
  /** Milliseconds of Unix time. */
  readonly until: number;
}

export interface Verify {
  readonly scheme: Scheme;
  /** The key of the signature, the token, or the password. */
  readonly secret?: string;
  /** Those that it has replaced, the latest first. */
  readonly formerSecrets?: readonly FormerSecret[];
  /** Of `sendgrid`, and of `standard-webhooks` with `v1a`: the sender's public key, which is no secret. */
  readonly publicKey?: string;
  /** Of `basic`. */
  readonly username?: string;
  /** Of `token`: the header that has it, in lower case. */
  readonly tokenHeader?: string;
  /** Of `sns`: the one topic. Anyone may have a topic of their own, whose messages Amazon signs likewise. */
  readonly topicArn?: string;
  readonly hmac?: HmacForm;
  /** How old or how far ahead a delivery's time may be; 0: any. Absent: the scheme's own. */
  readonly toleranceMs?: number;
}

/** The rules of one event; each a path or a CEL expression over `body`, `item` and `headers`. */
export interface Rules {
  /** The list of items in the body; absent: the body is the one item. */
  readonly each?: string;
  /** Which items become events; absent: all. */
  readonly when?: string;
  readonly message_id?: string;
  readonly event?: string;
  readonly created_at?: string;
  readonly event_id?: string;
  readonly external_id?: string;
  readonly parent_id?: string;
  /** By the attribute's name, in the order in which they are taken while there is room. */
  readonly attributes?: Readonly<Record<string, string>>;
}

export const ruleNames = [
  "each",
  "when",
  "message_id",
  "event",
  "created_at",
  "event_id",
  "external_id",
  "parent_id",
] as const;
export type RuleName = (typeof ruleNames)[number];

export interface Source {
  readonly id: string;
  /** Its app; absent where `appFrom` gives it. */
  readonly appId?: string;
  /** A rule that gives the app, limited to `apps`. */
  readonly appFrom?: string;
  /** The patterns of apps that its author may write to: what `appFrom` gives must be one of them. */
  readonly apps: readonly string[];
  readonly preset?: PresetName;
  readonly verify: Verify;
  /** Those that stand in place of the preset's. */
  readonly rules: Rules;
  readonly otherwise: Otherwise;
  readonly bodyBytesMax: number;
}

/** One request to a source, or one message of a broker. */
export interface Delivery {
  /** By names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Unpacked. */
  readonly body: Uint8Array;
}
