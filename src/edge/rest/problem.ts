/** Errors over REST: RFC 9457. */
import { MarsError } from "../../core/error.ts";
import { problemsMax } from "../../core/limits.ts";
import type { Log } from "../../core/ports.ts";
import { refusalFields } from "../limit-fields.ts";
import { requestIdHeader, requestIdOf } from "../request-id.ts";
import { statusOf } from "../status.ts";

/** Without a better estimate; long enough for a group commit, a pause of the store or a restart to pass. */
const retryAfterMsDefault = 1_000;

/** nginx's number for a client that closed its request. */
const goneStatus = 499;

// For the type "about:blank" the title should be the status's own phrase, RFC 9457 section 4.2.1.
const titles: Readonly<Record<number, string>> = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  413: "Content Too Large",
  415: "Unsupported Media Type",
  421: "Misdirected Request",
  422: "Unprocessable Content",
  426: "Upgrade Required",
  429: "Too Many Requests",
  500: "Internal Server Error",
  503: "Service Unavailable",
  504: "Gateway Timeout",
};

export interface ProblemOptions {
  /** Further members of the answer. */
  readonly members?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The answer to a request that failed with `error`. It lists at most `problemsMax` of its problems. */
export function problemResponse(error: MarsError, request: Request, options: ProblemOptions = {}): Response {
  const requestId = requestIdOf(request);
  const status = statusOf(error.code).http;
  const body = {
    type: "about:blank",
    title: titles[status] ?? "Error",
    status,
    detail: error.message,
    success: false,
    code: error.code,
    request_id: requestId,
    ...options.members,
    ...(error.problems.length > 0 && { errors: error.problems.slice(0, problemsMax) }),
  };
  const headers = new Headers({
    "content-type": "application/problem+json",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    [requestIdHeader]: requestId,
    ...refusalFields(error),
    ...options.headers,
  });
  if (status === 429 || status === 503) {
    headers.set("retry-after", retryAfterSeconds(error.retryAfterMs ?? retryAfterMsDefault));
  }
  if (status === 401) headers.set("www-authenticate", 'Bearer realm="mars"');
  // The client's next connection may be to a Mars that serves.
  if (error.code === "draining") headers.set("connection", "close");
  return new Response(`${JSON.stringify(body)}\n`, { status, headers });
}

/** The answer to anything thrown. A value that is no `MarsError` goes to the log, and no text of it to the client. */
export function problemOf(thrown: unknown, log: Log, request: Request): Response {
  // The reason of a request's signal whose client has gone: no client reads this answer.
  if (thrown instanceof Error && thrown.name === "AbortError")
    return new Response(null, { status: goneStatus });
  const error = MarsError.from(thrown);
  if (error.ours)
    log.error("request failed", { event: "request_failed", request_id: requestIdOf(request), error });
  return problemResponse(error, request);
}

export function retryAfterSeconds(ms: number): string {
  return String(Math.max(1, Math.ceil(ms / 1000)));
}
