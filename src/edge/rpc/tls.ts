/** The certificate of the native gRPC port. */
import { readFile } from "node:fs/promises";

/** PEM texts. */
export interface Tls {
  readonly cert: string;
  readonly key: string;
}

/**
 * Reads the configured files. Rejects where one cannot be read.
 *
 * @returns `{}` where none is configured: the port speaks cleartext
 */
export async function readTls(paths: {
  readonly tlsCert: string;
  readonly tlsKey: string;
}): Promise<{ tls?: Tls }> {
  if (paths.tlsCert === "") return {};
  const [cert, key] = await Promise.all([readFile(paths.tlsCert, "utf8"), readFile(paths.tlsKey, "utf8")]);
  return { tls: { cert, key } };
}
