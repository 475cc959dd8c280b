/** What one caller may use of Mars: bounds of its key, or of the settings. */

import { bodyBytesMax } from "./limits.ts";

/** Those that a key brings. An absent one is that of the settings. */
export interface CallerLimits {
  /** In the long run; 0 for no limit. */
  readonly eventsPerSecond?: number;
  /** Events at once; absent: those of `burstSeconds`. */
  readonly burst?: number;
  /** Requests and calls under way; 0, as for the following, for no more than its share. */
  readonly requests?: number;
  /** WebSockets, event streams and streaming calls. */
  readonly streams?: number;
  /** Of topics. */
  readonly subscriptions?: number;
  /** Bytes of bodies that are received and not parsed yet. */
  readonly bodyBytes?: number;
}

/** Those of things that a caller has at one time. */
export type ShareLimit = "requests" | "streams" | "subscriptions" | "bodyBytes";

/** How many it may have by its own limit or that of the settings, beside its share. */
export function shareLimit(name: ShareLimit, own: CallerLimits | undefined, settings: CallerLimits): number {
  return own?.[name] || settings[name] || Number.POSITIVE_INFINITY;
}

/** How many seconds' events a caller may send at once, unless its burst is given. */
export const burstSeconds = 2;

/**
 * Events a second of every caller, unless another limit is set: several times more than one Mars can take, so that no honest caller
 * meets it.
 */
export const eventsPerSecondDefault = 1_000_000;

/** The most that may be given as a rate or a burst. */
export const eventsLimitMax = 1_000_000_000;

/** The most that may be given as the number of a caller's requests, streams or subscriptions. */
export const countLimitMax = 1_000_000;

/** The least that may be given for the bytes of bodies: the largest one must fit. */
export const bodyBytesLimitMin = bodyBytesMax;

/** The settings that bound every caller. */
export interface LimitSettings {
  readonly limitEvents: number;
  readonly limitBurst: number;
  readonly limitRequests: number;
  readonly limitStreams: number;
  readonly limitSubscriptions: number;
  readonly limitBodyBytes: number;
}

/** The limits of callers whose key has none of its own. */
export function limitsOf(settings: LimitSettings): CallerLimits {
  return {
    eventsPerSecond: settings.limitEvents,
    ...(settings.limitBurst > 0 && { burst: settings.limitBurst }),
    requests: settings.limitRequests,
    streams: settings.limitStreams,
    subscriptions: settings.limitSubscriptions,
    bodyBytes: settings.limitBodyBytes,
  };
}

/** The limit that a refused caller has reached. */
export interface ReachedLimit {
  /** `events`, `requests`, `streams`, `subscriptions`, `body_bytes`. */
  readonly name: string;
  /** The amount, within `windowSeconds` where that is given, else at one time. */
  readonly quota: number;
  readonly windowSeconds?: number;
  /** The apps for which the caller has lately reported events, where it was refused events. */
  readonly apps: readonly string[];
}

/** The JSON form in answers and in the audit: `null` where one of the settings holds. */
export function limitsToJson(limits: CallerLimits = {}) {
  return {
    events_per_second: limits.eventsPerSecond ?? null,
    burst: limits.burst ?? null,
    requests: limits.requests ?? null,
    streams: limits.streams ?? null,
    subscriptions: limits.subscriptions ?? null,
    body_bytes: limits.bodyBytes ?? null,
  };
}
