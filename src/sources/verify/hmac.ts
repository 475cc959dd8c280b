/** Signatures by HMAC over the raw bytes: those of Stripe, GitHub and Shopify, and any of the same family that a source describes. */
import { createHmac } from "node:crypto";
import type { HmacForm } from "../source.ts";
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

export const stripeForm: HmacForm = {
  header: "stripe-signature",
  payload: "{timestamp}.{body}",
  separator: ",",
  timestampField: "t",
  signatureField: "v1",
};
export const githubForm: HmacForm = { header: "x-hub-signature-256", prefix: "sha256=" };
export const shopifyForms: readonly HmacForm[] = [
  { header: "x-shopify-hmac-sha256", encoding: "base64" },
  { header: "shopify-hmac-sha256", encoding: "base64" },
];

export function verifyHmac(form: HmacForm, received: Received, options: VerifyOptions): Refusal {
  const { headers } = received;
  const header = headers[form.header];
  if (header === undefined || header === "") return noSignature;
  const fields = fieldsOf(form, header);
  const timestamp =
    form.timestampField === undefined ? headers[form.timestampHeader ?? ""] : fields(form.timestampField)[0];
  if (form.timestampField !== undefined || form.timestampHeader !== undefined) {
    const late = timeRefusal(timestamp, options);
    if (late !== undefined) return late;
  }
  const texts = form.signatureField === undefined ? [header] : fields(form.signatureField);
  const { prefix = "", encoding = "hex", algorithm = "sha256" } = form;
  const given = texts
    .slice(0, signaturesMax)
    .filter((text) => text.startsWith(prefix))
    .map((text) => Buffer.from(text.slice(prefix.length), encoding));
  if (given.length === 0) return noSignature;
  const parts = partsOf(form.payload ?? "{body}", {
    timestamp: timestamp ?? "",
    id: headers[form.idHeader ?? ""] ?? "",
    body: received.body,
  });
  const wanted = secretsOf(options).map((secret) => {
    const hmac = createHmac(algorithm, secret);
    for (const part of parts) hmac.update(part);
    return hmac.digest();
  });
  return someEqual(given, wanted) ? undefined : wrongSignature;
}

function fieldsOf({ separator }: HmacForm, header: string): (name: string) => readonly string[] {
  const fields = separator === undefined ? [] : header.split(separator);
  return (name) =>
    fields
      .map((field) => field.trim())
      .filter((field) => field.startsWith(`${name}=`))
      .map((field) => field.slice(name.length + 1));
}

interface Signed {
  readonly timestamp: string;
  readonly id: string;
  readonly body: Uint8Array;
}

function partsOf(payload: string, signed: Signed): readonly (string | Uint8Array)[] {
  return payload
    .split(/(\{(?:timestamp|id|body)\})/)
    .map((part) => (/^\{\w+\}$/.test(part) ? signed[part.slice(1, -1) as keyof Signed] : part));
}
