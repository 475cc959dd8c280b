/**
 * The text of a key: `mars_<kind>_<30 characters><6 check characters>`, in base62. The check is the CRC32 of the 30, so that a
 * scanner for leaked secrets takes nothing else for a key, and a misspelt key is known as such. The 30 have 178 bits.
 */
import { hash, randomBytes } from "node:crypto";
import { crc32 } from "node:zlib";
import { type KeyKind, keyKinds } from "../core/rights.ts";

const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const randomLength = 30;
const checkLength = 6;
const pattern = new RegExp(
  `^mars_(${keyKinds.join("|")})_([0-9A-Za-z]{${randomLength}})([0-9A-Za-z]{${checkLength}})$`,
);

export function createToken(kind: KeyKind): string {
  const random = randomText(randomLength);
  return `mars_${kind}_${random}${checkOf(random)}`;
}

/** Whether it has a key's form, check included. */
export function isToken(text: string): boolean {
  const [, , random = "", check] = pattern.exec(text) ?? [];
  return check !== undefined && check === checkOf(random);
}

/** The characters that a list shows of a key: they name it, and are no secret. */
export function shownPart(token: string): string {
  return token.slice(0, "mars_xx_".length + 4);
}

/**
 * What is kept of a secret. Secrets are compared by it, and found by it in a map: how long that takes says nothing
 * about the secret. No slow hash is needed for 178 random bits.
 */
export function hashOf(secret: string): string {
  return hash("sha256", secret, "base64url");
}

/** The same of a SHA-256 in hexadecimal digits, for a text that Mars has not seen; and what a list shows of it. */
export function hashOfDigest(sha256: string): { readonly hash: string; readonly shown: string } {
  return {
    hash: Buffer.from(sha256, "hex").toString("base64url"),
    shown: `sha256:${sha256.slice(0, 8).toLowerCase()}`,
  };
}

/** Random characters of base62, each as likely as any other. */
export function randomText(length: number): string {
  let text = "";
  while (text.length < length) {
    for (const byte of randomBytes(length)) {
      // Beyond the last whole multiple of 62 some characters would come more often.
      if (byte < 248 && text.length < length) text += alphabet[byte % 62];
    }
  }
  return text;
}

function checkOf(random: string): string {
  let rest = crc32(random);
  let check = "";
  for (let i = 0; i < checkLength; i++) {
    check = alphabet[rest % 62] + check;
    rest = Math.floor(rest / 62);
  }
  return check;
}
