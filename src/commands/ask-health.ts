/** `mars health`, for a container's health check: asks `/readyz` over the address that this configuration listens on. */
import { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { request as requestHttp } from "node:http";
import { type RequestOptions, request as requestHttps } from "node:https";
import type { TLSSocket } from "node:tls";
import type { Config } from "../config/config.ts";
import { localUrl } from "../config/local-url.ts";

const timeoutMs = 3_000;

export interface HealthAnswer {
  readonly ready: boolean;
  /** For the operator. */
  readonly text: string;
}

/** Never rejects. @param config with a port that is not 0 */
export async function askHealth(config: Config): Promise<HealthAnswer> {
  const url = `${localUrl(config)}/readyz`;
  try {
    const { status, certificate } = await ask(url, await tlsOptions(config));
    if (status !== 200) return { ready: false, text: `not ready: ${url} answers ${status}` };
    const other = certificate !== undefined && !(await isOwn(certificate, config.tlsCert));
    return { ready: true, text: other ? `ready, with another certificate than ${config.tlsCert}` : "ready" };
  } catch (error) {
    return { ready: false, text: `not ready: ${url}: ${error instanceof Error ? error.message : error}` };
  }
}

/**
 * No authority is asked, and no name is compared: the certificate is for the names by which others call Mars. Nothing secret is sent,
 * and a Mars that keeps its former certificate, because the changed one is broken, must not be restarted for that.
 */
async function tlsOptions({ tlsCert, tlsKey, tlsClientRequired }: Config): Promise<RequestOptions> {
  if (tlsCert === "") return {};
  if (!tlsClientRequired) return { rejectUnauthorized: false };
  // Mars' own pair, as a client's.
  const [cert, key] = await Promise.all([readFile(tlsCert), readFile(tlsKey)]);
  return { rejectUnauthorized: false, cert, key };
}

function ask(url: string, options: RequestOptions): Promise<{ status: number; certificate?: Buffer }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; certificate?: Buffer }>();
  const request = url.startsWith("https:") ? requestHttps : requestHttp;
  const sent = request(url, { ...options, agent: false, signal: AbortSignal.timeout(timeoutMs) });
  sent.once("error", reject);
  sent.once("response", (response) => {
    response.resume();
    const certificate = (response.socket as Partial<TLSSocket>).getPeerCertificate?.().raw;
    resolve({ status: response.statusCode ?? 0, ...(certificate && { certificate }) });
  });
  sent.end();
  return promise;
}

async function isOwn(certificate: Buffer, path: string): Promise<boolean> {
  try {
    return new X509Certificate(await readFile(path)).raw.equals(certificate);
  } catch {
    // The file is not there, or broken: Mars itself warns of it.
    return false;
  }
}
