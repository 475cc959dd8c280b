/** The count of one caller's events against its limit. */
import type { CallerLimits, ReachedLimit } from "../core/caller-limits.ts";
import type { MarsEvent } from "../core/event.ts";
import { TokenBucket } from "../runtime/token-bucket.ts";

export interface EventRate {
  readonly perSecond: number;
  readonly burst: number;
}

/** The apps that are remembered of a caller. */
const appsMax = 20;

export class EventMeter {
  readonly bucket: TokenBucket;
  /** Those of its key, by which `rate` was determined. */
  limits: CallerLimits | undefined;
  rate: EventRate;
  /** When its caller was refused or had to wait; of the clock of `now`. */
  refusedAt = Number.NEGATIVE_INFINITY;
  /** Those of the events by which the limit was reached, the latest last: the caller reports for them. */
  readonly #apps = new Set<string>();

  constructor(rate: EventRate, limits: CallerLimits | undefined, now: number) {
    this.rate = rate;
    this.limits = limits;
    this.bucket = new TokenBucket(rate, now);
  }

  /** Counts events; `size` has those that are not valid, too. */
  take(events: readonly MarsEvent[], size: number, now: number): void {
    this.bucket.take(size, now);
    if (this.bucket.level(now) < 1) this.remember(events);
  }

  remember(events: readonly MarsEvent[]): void {
    let before: string | undefined;
    for (const { appId } of events) {
      if (appId === before) continue;
      before = appId;
      this.#apps.delete(appId);
      this.#apps.add(appId);
      const [oldest] = this.#apps;
      if (this.#apps.size > appsMax && oldest !== undefined) this.#apps.delete(oldest);
    }
  }

  get reached(): ReachedLimit {
    const { perSecond, burst } = this.rate;
    return {
      name: "events",
      quota: burst,
      windowSeconds: Math.max(1, Math.ceil(burst / perSecond)),
      apps: [...this.#apps],
    };
  }
}
