/** Makes certificates for tests, of any names and times: X.509 (RFC 5280) with keys on P-256, without any other program. */
import { generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

export interface CertificateOptions {
  /** The common name; none where it is empty. */
  readonly name: string;
  /** Alternative names: `DNS:…`, `URI:…`, `IP:127.0.0.1`. */
  readonly alternatives?: readonly string[];
  /** Default: an hour ago and in a year. */
  readonly from?: Date;
  readonly until?: Date;
  /** Default: it signs itself. */
  readonly issuer?: Certificate;
}

/** PEM texts, and what signs others. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
  readonly name: string;
  readonly signWith: KeyObject;
}

const hourMs = 3_600_000;
const ecdsaWithSha256 = sequence(oid(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02));

export function createCertificate({
  name,
  alternatives = [],
  from = new Date(Date.now() - hourMs),
  until = new Date(Date.now() + 365 * 24 * hourMs),
  issuer,
}: CertificateOptions): Certificate {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const extensions = [
    ...(alternatives.length > 0
      ? [sequence(oid(0x55, 0x1d, 0x11), octets(sequence(...alternatives.map(alternative))))]
      : []),
    // Only one that signs itself is an authority.
    ...(issuer === undefined
      ? [sequence(oid(0x55, 0x1d, 0x13), octets(sequence(der(0x01, Buffer.of(0xff)))))]
      : []),
  ];
  const body = sequence(
    der(0xa0, der(0x02, Buffer.of(2))),
    der(0x02, Buffer.concat([Buffer.of(1), randomBytes(15)])),
    ecdsaWithSha256,
    distinguished(issuer?.name ?? name),
    sequence(time(from), time(until)),
    distinguished(name),
    publicKey.export({ type: "spki", format: "der" }),
    ...(extensions.length > 0 ? [der(0xa3, sequence(...extensions))] : []),
  );
  const signWith = issuer?.signWith ?? privateKey;
  const signed = sequence(body, ecdsaWithSha256, bits(sign("sha256", body, signWith)));
  const lines = signed
    .toString("base64")
    .match(/.{1,64}/g)
    ?.join("\n");
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    name,
    signWith: privateKey,
  };
}

/** The pair of a server on this machine. */
export function createServerCertificate(options: Partial<CertificateOptions> = {}): Certificate {
  return createCertificate({
    name: "mars",
    alternatives: ["DNS:localhost", "IP:127.0.0.1"],
    ...options,
  });
}

/** Writes a pair into the directory, over one that is there. @returns its settings */
export function writePair(directory: string, { cert, key }: Pick<Certificate, "cert" | "key">) {
  const [tlsCert, tlsKey] = [join(directory, "cert.pem"), join(directory, "key.pem")];
  writeFileSync(tlsCert, cert);
  writeFileSync(tlsKey, key);
  return { tlsCert, tlsKey };
}

function distinguished(name: string): Buffer {
  if (name === "") return sequence();
  return sequence(der(0x31, sequence(oid(0x55, 0x04, 0x03), der(0x0c, Buffer.from(name)))));
}

function alternative(text: string): Buffer {
  const [, kind = "", value = ""] = /^(DNS|URI|IP):(.*)$/.exec(text) ?? [];
  if (kind === "IP") return der(0x87, Buffer.from(value.split(".").map(Number)));
  return der(kind === "DNS" ? 0x82 : 0x86, Buffer.from(value));
}

function time(date: Date): Buffer {
  return der(0x18, Buffer.from(`${date.toISOString().replace(/\D/g, "").slice(0, 14)}Z`));
}

function oid(...bytes: number[]): Buffer {
  return der(0x06, Buffer.from(bytes));
}

function octets(content: Buffer): Buffer {
  return der(0x04, content);
}

function bits(content: Buffer): Buffer {
  return der(0x03, Buffer.concat([Buffer.of(0), content]));
}

function sequence(...parts: Buffer[]): Buffer {
  return der(0x30, Buffer.concat(parts));
}

function der(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.of(tag, ...size), content]);
}
