/** Certificates of an authority of the tests: a broker's, which names `localhost` alone, and the one by which Mars proves who it is. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createCertificate } from "../../support/certificates.ts";
import { brokerUser } from "./test-broker.ts";

export interface TestTls {
  /** Texts in PEM. */
  readonly ca: string;
  readonly server: { readonly cert: string; readonly key: string };
  readonly client: { readonly cert: string; readonly key: string };
  /** The same in files. */
  readonly files: { readonly ca: string; readonly cert: string; readonly key: string };
}

/** How a collector's URL leads to a broker that wants a certificate. */
export interface UrlTls {
  /** Whether the collector has one. */
  readonly certificate: boolean;
  /** That of the broker is for `localhost`. */
  readonly host: "localhost" | "127.0.0.1";
}

export function createTestTls(directory: string): TestTls {
  const authority = createCertificate({ name: "authority of the tests" });
  const server = createCertificate({ name: "a broker", alternatives: ["DNS:localhost"], issuer: authority });
  const client = createCertificate({ name: brokerUser, issuer: authority });
  const folder = join(directory, "tls");
  mkdirSync(folder);
  const texts = { ca: authority.cert, cert: server.cert, key: server.key };
  const files = { ca: "", cert: "", key: "" };
  for (const name of ["ca", "cert", "key"] as const) {
    files[name] = join(folder, `${name}.pem`);
    writeFileSync(files[name], texts[name]);
  }
  return { ca: authority.cert, server, client, files };
}

/** Members of a collector that reaches it. */
export function tlsMembers({ ca, client }: TestTls, { certificate }: UrlTls): Record<string, string> {
  return { tls_ca: ca, ...(certificate && { tls_cert: client.cert, tls_key: client.key }) };
}
