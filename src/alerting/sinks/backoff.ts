/** The time of the next attempt of a failed delivery. Pure. */

/**
 * The schedule that Standard Webhooks recommends, some three days in all; the first attempt is made at once.
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export const retryDelaysMsDefault: readonly number[] = [
  5_000, 300_000, 1_800_000, 7_200_000, 18_000_000, 36_000_000, 50_400_000, 72_000_000, 86_400_000,
];

/** A receiver may ask for more time than the schedule has, up to this. */
const retryAfterMsMax = 86_400_000;

/** Each delay changes by up to this share of itself, so that deliveries that failed together are not retried together. */
const jitter = 0.2;

export interface Retry {
  /** Number of attempts so far; at least 1. */
  readonly attempts: number;
  readonly delaysMs: readonly number[];
  /** From the answer's `Retry-After`. */
  readonly retryAfterMs: number | undefined;
  /** From 0 to 1. */
  readonly random: number;
}

/** Time until the next attempt; `undefined` after the last. */
export function retryDelayMs({ attempts, delaysMs, retryAfterMs = 0, random }: Retry): number | undefined {
  const delay = delaysMs[attempts - 1];
  if (delay === undefined) return undefined;
  const jittered = delay * (1 - jitter + 2 * jitter * random);
  return Math.round(Math.max(jittered, Math.min(retryAfterMs, retryAfterMsMax)));
}

/** Reads a `Retry-After`: seconds, or a date (RFC 9110 section 10.2.3). Discord sends fractions of seconds. */
export function parseRetryAfter(header: string | undefined, nowMs: number): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d{1,9}(\.\d{1,9})?$/.test(header)) return Math.ceil(Number(header) * 1_000);
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.max(0, at - nowMs);
}
