/** Secrets that are sent as they are: in a header, or as the password of Basic authentication. */
import { createHash } from "node:crypto";
import { type Received, type Refusal, secretsOf, someEqual, type VerifyOptions } from "./verified.ts";

export function verifyToken(header: string, { headers }: Received, options: VerifyOptions): Refusal {
  const given = headers[header];
  if (given === undefined || given === "") return `the delivery has no ${header}`;
  const text = header === "authorization" ? given.replace(/^Bearer +/i, "") : given;
  return same(text, secretsOf(options)) ? undefined : `the ${header} is not this source's`;
}

export function verifyBasic({ headers }: Received, options: VerifyOptions): Refusal {
  const [, encoded] = /^Basic +(\S+)$/i.exec(headers.authorization ?? "") ?? [];
  if (encoded === undefined) return "the delivery has no name and password";
  const given = Buffer.from(encoded, "base64").toString();
  const wanted = secretsOf(options).map((secret) => `${options.verify.username ?? ""}:${secret}`);
  return same(given, wanted) ? undefined : "the name or the password is not this source's";
}

/** Of their digests, which are of one length. */
function same(given: string, wanted: readonly string[]): boolean {
  return someEqual([digestOf(given)], wanted.map(digestOf));
}

function digestOf(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
