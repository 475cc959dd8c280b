/**
 * Standard Webhooks, with the headers of Svix too: `v1` is HMAC-SHA256 by a secret, `v1a` Ed25519 by a public key.
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
import { createHmac, createPublicKey, type KeyObject, verify as verifyBytes } from "node:crypto";
import {
  noSignature,
  type Received,
  type Refusal,
  secretsOf,
  signaturesMax,
  someEqual,
  timeRefusal,
  type VerifyOptions,
  wrongSignature,
} from "./verified.ts";

/** What stands before the 32 bytes of an Ed25519 key in DER. */
const ed25519Der = Buffer.from("302a300506032b6570032100", "hex");

export function verifyStandardWebhooks({ headers, body }: Received, options: VerifyOptions): Refusal {
  const of = (name: string) => headers[`webhook-${name}`] ?? headers[`svix-${name}`];
  const [id, timestamp, header] = [of("id"), of("timestamp"), of("signature")];
  if (id === undefined || header === undefined) return noSignature;
  const late = timeRefusal(timestamp, options);
  if (late !== undefined) return late;
  const signed = Buffer.concat([Buffer.from(`${id}.${timestamp}.`), body]);
  const signatures = header.split(" ", signaturesMax).map((one) => one.split(",", 2) as [string, string?]);
  const of1 = (version: string) =>
    signatures.filter(([name]) => name === version).map(([, text = ""]) => Buffer.from(text, "base64"));
  const wanted = secretsOf(options).map((secret) =>
    createHmac("sha256", secretBytes(secret)).update(signed).digest(),
  );
  const { publicKey } = options.verify;
  const byKey =
    publicKey !== undefined &&
    of1("v1a").some((one) => verifyBytes(null, signed, ed25519Key(publicKey), one));
  return someEqual(of1("v1"), wanted) || byKey ? undefined : wrongSignature;
}

/** `whsec_` and base64; without the prefix base64 too, as the reference library has it. */
export function secretBytes(secret: string): Buffer {
  return Buffer.from(secret.replace(/^whsec_/, ""), "base64");
}

/** `whpk_` and base64. @throws for what is no such key */
export function ed25519Key(text: string): KeyObject {
  const bytes = Buffer.from(text.replace(/^whpk_/, ""), "base64");
  if (bytes.byteLength !== 32) throw new Error("must be whpk_ and 32 bytes as base64");
  return createPublicKey({ key: Buffer.concat([ed25519Der, bytes]), format: "der", type: "spki" });
}
