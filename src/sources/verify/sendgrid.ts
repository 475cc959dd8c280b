/** SendGrid's signed event webhook: ECDSA over P-256, of the timestamp and the raw bytes. */
import { createPublicKey, type KeyObject, verify as verifyBytes } from "node:crypto";
import {
  noSignature,
  type Received,
  type Refusal,
  timeRefusal,
  type VerifyOptions,
  wrongSignature,
} from "./verified.ts";

const prefix = "x-twilio-email-event-webhook-";

export function verifySendgrid({ headers, body }: Received, options: VerifyOptions): Refusal {
  const signature = headers[`${prefix}signature`];
  const timestamp = headers[`${prefix}timestamp`];
  if (signature === undefined || signature === "") return noSignature;
  const late = timeRefusal(timestamp, options);
  if (late !== undefined) return late;
  const signed = Buffer.concat([Buffer.from(timestamp ?? ""), body]);
  const key = ecdsaKey(options.verify.publicKey ?? "");
  return verifyBytes("sha256", signed, key, Buffer.from(signature, "base64")) ? undefined : wrongSignature;
}

/** Base64 of DER, as SendGrid shows it. @throws for what is no such key */
export function ecdsaKey(text: string): KeyObject {
  const key = createPublicKey({ key: Buffer.from(text, "base64"), format: "der", type: "spki" });
  if (key.asymmetricKeyType !== "ec") throw new Error("must be a key of an elliptic curve");
  return key;
}
