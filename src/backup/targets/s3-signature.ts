/**
 * Signs requests to S3 and what speaks like it: AWS Signature Version 4, in the header `authorization`.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
 */
import { createHash, createHmac } from "node:crypto";

export interface S3Credentials {
  readonly keyId: string;
  readonly secret: string;
  /** Of a temporary key; empty for none. */
  readonly token: string;
  readonly region: string;
}

export interface S3Request {
  readonly method: string;
  readonly host: string;
  /** Encoded by `encodePath`. */
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  /** Signed too. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** @returns all headers of the request but `host` */
export function signedHeaders(
  request: S3Request,
  credentials: S3Credentials,
  now: Date,
): Record<string, string> {
  const { method, host, path, query, headers = {}, body } = request;
  const { keyId, secret, token, region } = credentials;
  const time = now.toISOString().replace(/[-:]|\.\d+/g, "");
  const day = time.slice(0, 8);
  const sent: Record<string, string> = {
    ...headers,
    "x-amz-content-sha256": sha256(body),
    "x-amz-date": time,
    ...(token !== "" && { "x-amz-security-token": token }),
  };
  const signed: Record<string, string> = { ...sent, host };
  const names = Object.keys(signed).sort();
  const canonical = [
    method,
    path,
    queryString(query),
    ...names.map((name) => `${name}:${signed[name]?.trim()}`),
    "",
    names.join(";"),
    sent["x-amz-content-sha256"],
  ].join("\n");
  const scope = `${day}/${region}/s3/aws4_request`;
  const toSign = ["AWS4-HMAC-SHA256", time, scope, sha256(canonical)].join("\n");
  const key = [day, region, "s3", "aws4_request"].reduce<string | Buffer>(hmac, `AWS4${secret}`);
  const signature = hmac(key, toSign).toString("hex");
  const authorization = `AWS4-HMAC-SHA256 Credential=${keyId}/${scope},SignedHeaders=${names.join(";")},Signature=${signature}`;
  return { ...sent, authorization };
}

/** In the order of the signature. */
export function queryString(query: Readonly<Record<string, string>>): string {
  return Object.entries(query)
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort()
    .join("&");
}

export function encodePath(path: string): string {
  return path.split("/").map(encode).join("/");
}

/** All but the unreserved characters of RFC 3986. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function sha256(data: string | Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}
