/**
 * CORS (https://fetch.spec.whatwg.org/#http-cors-protocol) for every route of port 4000: pages of `MARS_ALLOWED_ORIGINS` may
 * read the answers. Never with `Access-Control-Allow-Credentials`: such a page calls by a key or a ticket, and a
 * cookie is of no use to it.
 */
import { rpcHeaders } from "../../gen/rpc-methods.ts";
import type { Gate } from "./gate.ts";

/** How long browsers may remember what a preflight request allowed; the most that Chromium takes, in seconds. */
const preflightAge = "7200";

/** Request headers that clients of any protocol send and that browsers ask about. */
const requestHeaders = [
  "Authorization",
  "Cache-Control",
  "If-None-Match",
  "Last-Event-ID",
  "X-Request-Id",
  ...rpcHeaders.allowed,
].join(", ");

/** Response headers that a page may read beside those that it always may. */
const responseHeaders = [
  "Retry-After",
  "RateLimit",
  "RateLimit-Policy",
  "WWW-Authenticate",
  "ETag",
  "X-Request-Id",
  ...rpcHeaders.exposed,
].join(", ");

export interface Cors {
  /**
   * Adds to an answer what lets the request's page read it. The answer to a preflight request names the path's methods by
   * its `allow`.
   */
  addTo(answer: Headers, request: Request): void;
}

export function createCors({ allowsOrigin, allowsOrigins }: Gate): Cors {
  return {
    addTo(answer, { method, headers }) {
      if (!allowsOrigins) return;
      // To every answer, so that a cache never gives one page's answer to another's.
      answer.append("vary", "origin");
      const origin = headers.get("origin");
      if (origin === null || !allowsOrigin(origin)) return;
      answer.set("access-control-allow-origin", origin);
      answer.set("access-control-expose-headers", responseHeaders);
      if (method !== "OPTIONS" || headers.get("access-control-request-method") === null) return;
      answer.set("access-control-allow-methods", answer.get("allow") ?? "");
      answer.set("access-control-allow-headers", requestHeaders);
      answer.set("access-control-max-age", preflightAge);
    },
  };
}
