/**
 * Twilio: HMAC-SHA1 over the address as Twilio called it, and the fields of the form in the order of their names.
 * https://www.twilio.com/docs/usage/security
 *
 * Behind a proxy Mars knows that address by `MARS_PUBLIC_URL` only. Twilio's own libraries differ in whether a default port is named, so
 * both are tried.
 */
import { createHash, createHmac } from "node:crypto";
import {
  noSignature,
  type Received,
  type Refusal,
  secretsOf,
  someEqual,
  type VerifyOptions,
  wrongSignature,
} from "./verified.ts";

export function verifyTwilio({ headers, body, url }: Received, options: VerifyOptions): Refusal {
  const signature = headers["x-twilio-signature"];
  if (signature === undefined || signature === "") return noSignature;
  const bodyHash = new URL(url).searchParams.get("bodySHA256");
  let fields = "";
  if (bodyHash === null) {
    fields = formText(body);
  } else if (createHash("sha256").update(body).digest("hex") !== bodyHash.toLowerCase()) {
    return "the body is not that of bodySHA256";
  }
  const given = [Buffer.from(signature, "base64")];
  const wanted = secretsOf(options).flatMap((secret) =>
    addressesOf(url).map((address) =>
      createHmac("sha1", secret)
        .update(address + fields)
        .digest(),
    ),
  );
  return someEqual(given, wanted) ? undefined : wrongSignature;
}

/** Names and values without anything between; of several values of one name each different one, in order. */
function formText(body: Uint8Array): string {
  const fields = new Map<string, Set<string>>();
  for (const [name, value] of new URLSearchParams(new TextDecoder().decode(body))) {
    const values = fields.get(name) ?? new Set();
    fields.set(name, values.add(value));
  }
  return [...fields.keys()]
    .sort()
    .map((name) =>
      [...(fields.get(name) ?? [])]
        .sort()
        .map((value) => name + value)
        .join(""),
    )
    .join("");
}

/** With and without the port; the rest as it came, since parsing could change it. */
function addressesOf(url: string): readonly string[] {
  const { protocol, hostname, port } = new URL(url);
  const rest = url.slice(url.indexOf("/", protocol.length + 2));
  const named = port === "" ? (protocol === "https:" ? "443" : "80") : port;
  return [`${protocol}//${hostname}${rest}`, `${protocol}//${hostname}:${named}${rest}`];
}
