/** The name in a client's certificate on the gRPC port, where it stands for the key of that name. */
import { X509Certificate } from "node:crypto";
import type { TLSSocket } from "node:tls";
import type { Connection } from "../../http2/connection.ts";

interface ClientCertificate {
  readonly name: string;
  /** Milliseconds since 1970. The handshake has compared it, but a connection may last for longer. */
  readonly expiresAt: number;
}

/** Longer than any key's name may be. */
const nameCharsMax = 256;

const certificates = new WeakMap<Connection, ClientCertificate | null>();

/**
 * The name of a connection's client by its certificate; determined once for each.
 *
 * @returns `undefined` where it has shown none, or one that no configured authority has issued, or that has expired
 */
export function certificateName(connection: Connection): string | undefined {
  const { tlsSocket } = connection.transport;
  if (tlsSocket === undefined) return undefined;
  let certificate = certificates.get(connection);
  if (certificate === undefined) {
    certificate = read(tlsSocket);
    certificates.set(connection, certificate);
  }
  return certificate !== null && Date.now() < certificate.expiresAt ? certificate.name : undefined;
}

function read(socket: TLSSocket): ClientCertificate | null {
  // Any client can write any name into a certificate; only a verified one has it from an authority.
  if (!socket.authorized) return null;
  const { raw, subject } = socket.getPeerCertificate();
  if (raw === undefined || raw.length === 0) return null;
  const certificate = new X509Certificate(raw);
  const name = commonName(subject?.CN) ?? firstAlternative(certificate.subjectAltName);
  if (name === undefined || name.length > nameCharsMax) return null;
  return { name, expiresAt: Date.parse(certificate.validTo) };
}

/** Of several none, since it is not known which one its issuer has checked. */
function commonName(name: unknown): string | undefined {
  return typeof name === "string" && name !== "" ? name : undefined;
}

/** The first DNS name or URI. A value with a separator in it is in quotes, as a JSON string. */
function firstAlternative(alternatives: string | undefined): string | undefined {
  for (const [, kind, value = ""] of (alternatives ?? "").matchAll(
    /([^:]+):("(?:[^"\\]|\\.)*"|[^,]*)(?:, |$)/g,
  )) {
    if (kind !== "DNS" && kind !== "URI") continue;
    return value.startsWith('"') ? (JSON.parse(value) as string) : value;
  }
  return undefined;
}
