/**
 * The header fields that show a caller its limit and what is left of it, by draft-ietf-httpapi-ratelimit-headers-10:
 *
 *     RateLimit-Policy: "events";q=1000;w=2
 *     RateLimit: "events";r=0;t=3
 */
import type { ReachedLimit } from "../core/caller-limits.ts";
import type { MarsError } from "../core/error.ts";

export interface LimitState {
  /** What is left of the quota. */
  readonly left: number;
  /** Until there is more of it, or all of it again. */
  readonly seconds: number;
}

export function limitFields(limit: ReachedLimit, { left, seconds }: LimitState): Record<string, string> {
  const { name, quota, windowSeconds } = limit;
  const kind = windowSeconds === undefined ? ';qu="concurrent-requests"' : `;w=${windowSeconds}`;
  return {
    "ratelimit-policy": `"${name}";q=${quota}${kind}`,
    ratelimit: `"${name}";r=${left};t=${seconds}`,
  };
}

/** Those of a refusal; none where the caller has not reached a limit of its own. */
export function refusalFields({ limit, retryAfterMs = 0 }: MarsError): Record<string, string> {
  return limit === undefined ? {} : limitFields(limit, { left: 0, seconds: Math.ceil(retryAfterMs / 1_000) });
}
