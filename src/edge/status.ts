/**
 * The one table from an error's code to each protocol's status. Plain numbers, so that no protocol's library is needed to
 * read it.
 */
import type { ErrorCode } from "../core/error.ts";

export interface Status {
  /** HTTP status. */
  readonly http: number;
  /** gRPC and Connect status code, https://grpc.io/docs/guides/status-codes/. */
  readonly rpc: number;
  /**
   * WebSocket close code. Where RFC 6455 or the IANA registry has a fitting one it is used: 1003 unsupported data,
   * 1009 too big, 1011 internal error, 1012 service restart, 1013 try again later. 4000–4999 are ours, and repeat
   * the HTTP status in their last three digits where there is one.
   */
  readonly close: number;
}

const statuses: Readonly<Record<ErrorCode, Status>> = {
  malformed: { http: 400, rpc: 3, close: 4400 },
  invalid_argument: { http: 422, rpc: 3, close: 4422 },
  unauthenticated: { http: 401, rpc: 16, close: 4401 },
  permission_denied: { http: 403, rpc: 7, close: 4403 },
  not_found: { http: 404, rpc: 5, close: 4404 },
  method_not_allowed: { http: 405, rpc: 12, close: 4405 },
  misdirected: { http: 421, rpc: 7, close: 4421 },
  upgrade_required: { http: 426, rpc: 12, close: 4426 },
  too_large: { http: 413, rpc: 8, close: 1009 },
  unsupported_media_type: { http: 415, rpc: 3, close: 1003 },
  overloaded: { http: 429, rpc: 8, close: 1013 },
  draining: { http: 503, rpc: 14, close: 1012 },
  unavailable: { http: 503, rpc: 14, close: 1013 },
  deadline_exceeded: { http: 504, rpc: 4, close: 4504 },
  // ABORTED means "retry at a higher level" in gRPC: subscribe again, after the last seq.
  subscriber_too_slow: { http: 503, rpc: 10, close: 4008 },
  unprocessable: { http: 500, rpc: 13, close: 1011 },
  corrupt: { http: 500, rpc: 15, close: 1011 },
  fenced: { http: 503, rpc: 14, close: 1012 },
  internal: { http: 500, rpc: 13, close: 1011 },
};

/** The statuses of an error with this code. */
export function statusOf(code: ErrorCode): Status {
  return statuses[code];
}
