/** The PEM files of TLS: reads them, and judges whether servers and clients can work with them. */
import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { open } from "node:fs/promises";
import type { TlsPair } from "../core/tls.ts";

/** The settings of TLS: paths, and whether clients must have a certificate. */
export interface TlsSettings {
  readonly tlsCert: string;
  readonly tlsKey: string;
  /** Empty for none. */
  readonly tlsClientCa: string;
  readonly tlsClientRequired: boolean;
}

/** What is known of a pair that can be used. */
export interface JudgedPair {
  readonly pair: TlsPair;
  /** The names that the certificate is for: DNS names and addresses, else its common name. */
  readonly names: readonly string[];
  /** Milliseconds since 1970: the earliest end of a certificate in the chain. */
  readonly expiresAt: number;
  /** Faults that keep nobody from using it, a sentence each. */
  readonly warnings: readonly string[];
}

export type Judgement = ({ readonly ok: true } & JudgedPair) | Refused;

export type Texts = { readonly ok: true; readonly pair: TlsPair } | Refused;

interface Refused {
  readonly ok: false;
  /** A sentence each. */
  readonly problems: readonly string[];
}

/** Largest file that is read; a bundle of all public authorities has some 250 KB. */
const fileBytesMax = 1024 ** 2;
const dayMs = 86_400_000;
/** How long before its end a certificate is reported. */
const expiryNoticeMs = 14 * dayMs;

/** Reads and judges the files. A file that cannot be read is a problem like any other. */
export async function readPair(settings: TlsSettings, now: number): Promise<Judgement> {
  const read = await readTexts(settings);
  return read.ok ? judge(read.pair, settings, now) : read;
}

/** Reads the files, and looks at nothing but their length. */
export async function readTexts({
  tlsCert,
  tlsKey,
  tlsClientCa,
  tlsClientRequired,
}: TlsSettings): Promise<Texts> {
  const problems: string[] = [];
  const textOf = (settled: PromiseSettledResult<string>) => {
    if (settled.status === "fulfilled") return settled.value;
    problems.push(messageOf(settled.reason));
    return "";
  };
  const paths = [tlsCert, tlsKey, ...(tlsClientCa === "" ? [] : [tlsClientCa])];
  const [cert = "", key = "", clientCa] = (await Promise.allSettled(paths.map(readText))).map(textOf);
  if (problems.length > 0) return { ok: false, problems };
  return { ok: true, pair: { cert, key, clientCa, clientRequired: tlsClientRequired } };
}

/** @param paths for the sentences alone */
export function judge(pair: TlsPair, paths: TlsSettings, now: number): Judgement {
  const problems: string[] = [];
  const part = <T>(parse: () => T): T | undefined => {
    try {
      return parse();
    } catch (error) {
      problems.push(messageOf(error));
      return undefined;
    }
  };
  const chain = part(() => parseCertificates(pair.cert, paths.tlsCert));
  const key = part(() => parseKey(pair.key, paths.tlsKey));
  const { clientCa } = pair;
  const authorities =
    clientCa === undefined ? [] : (part(() => parseCertificates(clientCa, paths.tlsClientCa)) ?? []);
  const leaf = chain?.[0];
  if (chain === undefined || leaf === undefined || key === undefined) return { ok: false, problems };
  if (!leaf.checkPrivateKey(key)) problems.push(mismatch(chain, key, paths));
  for (const certificate of chain) {
    const end = endOf(certificate);
    if (end <= now) problems.push(`${paths.tlsCert}: ${label(certificate)} expired at ${isoTime(end)}`);
  }
  if (problems.length > 0) return { ok: false, problems };
  const expiresAt = Math.min(...chain.map(endOf));
  const start = Date.parse(leaf.validFrom);
  return {
    ok: true,
    pair,
    names: namesOf(leaf),
    expiresAt,
    warnings: [
      ...(start > now ? [`${paths.tlsCert}: ${label(leaf)} is not valid before ${isoTime(start)}`] : []),
      ...authorities
        .filter((authority) => endOf(authority) <= now)
        .map((one) => `${paths.tlsClientCa}: ${label(one)} expired at ${isoTime(endOf(one))}`),
    ],
  };
}

/** What needs attention, and does not keep the pair from being used; a sentence each. */
export function attentionOf({ names, expiresAt, warnings }: JudgedPair, now: number): string[] {
  const leftMs = expiresAt - now;
  if (leftMs > expiryNoticeMs) return [...warnings];
  const when = leftMs <= 0 ? "has expired" : `expires in ${Math.floor(leftMs / dayMs)} days`;
  return [...warnings, `the certificate of ${names.join(", ")} ${when}, at ${isoTime(expiresAt)}`];
}

/** For `mars config check`: a line for the certificate, and one for each thing that needs attention. */
export function judgedText(judged: JudgedPair, now: number): string {
  const { names, expiresAt } = judged;
  const lines = [`certificate of ${names.join(", ")}, until ${isoTime(expiresAt)}`];
  for (const sentence of attentionOf(judged, now)) lines.push(`attention: ${sentence}`);
  return `${lines.join("\n")}\n`;
}

/** To the second, as certificates have it. */
export function isoTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

async function readText(path: string): Promise<string> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    if (size > fileBytesMax) throw new Error(`${path} has ${size} bytes, of ${fileBytesMax} at most`);
    return await file.readFile("utf8");
  } finally {
    await file.close();
  }
}

function parseCertificates(text: string, path: string): X509Certificate[] {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0) throw new Error(`${path} has no certificate in PEM form`);
  return blocks.map((block, i) => {
    try {
      return new X509Certificate(block);
    } catch {
      // The runtime's reason names its parser's functions.
      throw new Error(`${path}: certificate ${i + 1} cannot be parsed`);
    }
  });
}

function parseKey(text: string, path: string): KeyObject {
  if (/ENCRYPTED/.test(text)) throw new Error(`${path} is encrypted: Mars has no password for it`);
  if (!/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text)) {
    throw new Error(`${path} has no private key in PEM form`);
  }
  try {
    return createPrivateKey(text);
  } catch {
    // The runtime's reason may quote the key.
    throw new Error(`${path}: the private key cannot be parsed`);
  }
}

function mismatch(
  chain: readonly X509Certificate[],
  key: KeyObject,
  { tlsCert, tlsKey }: TlsSettings,
): string {
  return chain.some((certificate) => certificate.checkPrivateKey(key))
    ? `${tlsCert} must begin with the certificate of ${tlsKey}, before those of its issuers`
    : `${tlsKey} is not the key of the certificate in ${tlsCert}`;
}

/** The sentence of an error. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function endOf(certificate: X509Certificate): number {
  return Date.parse(certificate.validTo);
}

function namesOf(certificate: X509Certificate): string[] {
  const names = [...(certificate.subjectAltName ?? "").matchAll(/(?:DNS|IP Address):([^",\s]+)/g)];
  if (names.length > 0) return names.map(([, name = ""]) => name);
  return [commonName(certificate)];
}

function label(certificate: X509Certificate): string {
  return `the certificate of ${namesOf(certificate).join(", ")}`;
}

function commonName({ subject }: X509Certificate): string {
  return /^CN=(.*)$/m.exec(subject ?? "")?.[1] ?? "no name";
}
