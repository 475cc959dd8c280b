/**
 * The limit on the events of each caller. One that has used it up is refused before its request is read. A batch counts as a whole
 * and may go beyond the limit; its caller then waits for as long as that takes. Callers with a key are counted by it, others by
 * their addresses.
 *
 * Bound: `metersMax` callers; idle ones are forgotten, and then the one that came first. Counters: `stats`.
 */

import type { Caller, Peer } from "../core/caller.ts";
import { burstSeconds, type CallerLimits, eventsPerSecondDefault } from "../core/caller-limits.ts";
import { MarsError } from "../core/error.ts";
import type { MarsEvent } from "../core/event.ts";
import type { Log } from "../core/ports.ts";
import { delay } from "../runtime/delay.ts";
import type { EventLimitsStats } from "../runtime/stats.ts";
import { EventMeter, type EventRate } from "./event-meter.ts";
import { limitFields } from "./limit-fields.ts";

export interface EventLimitsOptions {
  /** Of callers whose key has none of its own. Default: no limit. */
  readonly limits?: CallerLimits;
  readonly log?: Pick<Log, "warn">;
  /** Milliseconds of a monotonic clock. */
  readonly now?: () => number;
}

/** The caller whose events are counted. Its peer is read only where it counts: to find out an address costs a microsecond. */
export type EventSender = Pick<Caller, "identity" | "peer">;

/** The events of one stream, whose caller waits where others are refused. */
export interface StreamAllowance {
  /** Resolves when the next batch may be read, with room for one like the last; or when the signal aborts. */
  next(signal: AbortSignal): Promise<void>;
  /** Counts a batch that was read. */
  came(events: readonly MarsEvent[], size: number): void;
  /** Gives back the room for a batch that did not come. */
  end(): void;
}

const metersMax = 10_000;
/** Idle meters are looked for when as many have come as were left the last time, and at least so many. */
const sweepMin = 64;
/** Refusals are logged so often. */
const warnEveryMs = 60_000;
/** For health: callers that were refused within this time. */
const latelyMs = 60_000;
/** A stream that waits looks again after this time, since its limit may have changed. */
const waitMsMax = 1_000;

export class EventLimits {
  readonly #limits: CallerLimits;
  readonly #log: Pick<Log, "warn"> | undefined;
  readonly #now: () => number;
  readonly #meters = new Map<string, EventMeter>();
  /**
   * All callers without a key. While they are within the limit of one, none of them is beyond it, and their addresses need not be
   * known. Only for the default limit: one that an operator has set holds exactly.
   */
  readonly #crowd: EventMeter | undefined;
  #crowded = false;
  /** Meters that may come before idle ones are looked for again. */
  #unswept = sweepMin;
  #refused = 0;
  #waits = 0;
  #warnedAt = Number.NEGATIVE_INFINITY;

  constructor({ limits = {}, log, now = () => performance.now() }: EventLimitsOptions = {}) {
    this.#limits = limits;
    this.#log = log;
    this.#now = now;
    const rate = this.#rateOf(undefined);
    if (rate?.perSecond === eventsPerSecondDefault) this.#crowd = new EventMeter(rate, undefined, now());
  }

  get stats(): EventLimitsStats {
    const now = this.#now();
    const over = [...this.#meters.values()].filter(({ bucket }) => bucket.waitMs(now) > 0).length;
    return { callers: this.#meters.size, over, refused: this.#refused, waits: this.#waits };
  }

  /** For health: callers that were refused within the last minute. */
  warnings(): string[] {
    const since = this.#now() - latelyMs;
    const [first, ...others] = [...this.#meters].filter(([, { refusedAt }]) => refusedAt > since);
    if (first === undefined) return [];
    const more = others.length === 0 ? "" : ` and ${others.length} more`;
    return [`beyond the limit of events: ${first[0]}${more}`];
  }

  /** @throws `MarsError("overloaded")` for a caller that has used up its limit */
  assertRoom(sender: EventSender): void {
    const meter = this.#meterOf(sender);
    if (meter === undefined || meter === this.#crowd) return;
    const waitMs = meter.bucket.waitMs(this.#now());
    if (waitMs > 0) throw this.#refuse(sender, meter, waitMs);
  }

  /**
   * Counts events that were read. Others may have used up the limit meanwhile.
   *
   * @param size how many came, with those that are not valid
   * @throws as `assertRoom`; then none is counted
   */
  charge(sender: EventSender, events: readonly MarsEvent[], size = events.length): void {
    const meter = this.#meterOf(sender);
    if (meter === undefined) return;
    const now = this.#now();
    if (meter !== this.#crowd) {
      const waitMs = meter.bucket.waitMs(now);
      if (waitMs > 0) {
        meter.remember(events);
        throw this.#refuse(sender, meter, waitMs);
      }
    }
    this.#take(meter, events, size, now);
  }

  /** For a stream of batches. */
  open(sender: EventSender): StreamAllowance {
    let kept = 0;
    let lastSize = 1;
    return {
      next: async (signal) => {
        for (let waited = false; !signal.aborted; waited = true) {
          const meter = this.#meterOf(sender);
          if (meter === undefined || meter === this.#crowd) return;
          const now = this.#now();
          const waitMs = meter.bucket.waitMs(now);
          if (waitMs === 0) {
            // Taken now: else all streams of the caller that wait would go on at once.
            kept = lastSize;
            this.#take(meter, [], kept, now);
            return;
          }
          if (!waited) this.#waits += 1;
          this.#noteRefusal(meter, sender.peer);
          await delay(Math.min(waitMs, waitMsMax), signal);
        }
      },
      came: (events, size) => {
        const meter = this.#meterOf(sender);
        if (meter !== undefined) this.#take(meter, events, size - kept, this.#now());
        kept = 0;
        lastSize = Math.max(1, size);
      },
      end: () => {
        const meter = kept === 0 ? undefined : this.#meterOf(sender);
        if (meter !== undefined) this.#take(meter, [], -kept, this.#now());
        kept = 0;
      },
    };
  }

  /** The header fields with a caller's limit and what is left of it; none where nobody has set a limit. */
  fieldsOf(sender: EventSender): Readonly<Record<string, string>> | undefined {
    const own = sender.identity.limits?.eventsPerSecond;
    if (own === undefined && this.#limits.eventsPerSecond === eventsPerSecondDefault) return undefined;
    const meter = this.#meterOf(sender);
    if (meter === undefined) return undefined;
    const { perSecond, burst } = meter.rate;
    const level = meter.bucket.level(this.#now());
    return limitFields(meter.reached, {
      left: Math.max(0, Math.floor(level)),
      seconds: Math.ceil((burst - level) / perSecond),
    });
  }

  #take(meter: EventMeter, events: readonly MarsEvent[], size: number, now: number): void {
    meter.take(events, size, now);
    if (this.#crowd === undefined) return;
    if (meter === this.#crowd) this.#crowded = meter.bucket.waitMs(now) > 0;
    // So the addresses are known until all together have been well within the limit of one for a while.
    else if (this.#crowded) this.#crowd.bucket.take(size, now);
  }

  /** For health, and for the log once a minute. */
  #noteRefusal(meter: EventMeter, { name }: Peer): void {
    const now = this.#now();
    meter.refusedAt = now;
    if (now - this.#warnedAt < warnEveryMs) return;
    this.#warnedAt = now;
    this.#log?.warn("limit of a caller used up, refusing", {
      event: "limit_refused",
      limit: "events",
      peer: name,
    });
  }

  #refuse({ peer }: EventSender, meter: EventMeter, waitMs: number): MarsError {
    this.#refused += 1;
    this.#noteRefusal(meter, peer);
    const message = `this caller's limit of ${meter.rate.perSecond} events a second is used up`;
    return new MarsError("overloaded", message, { retryAfterMs: Math.ceil(waitMs), limit: meter.reached });
  }

  #meterOf(sender: EventSender): EventMeter | undefined {
    const { identity } = sender;
    if (!identity.anonymous) return this.#meter(identity.share, identity.limits);
    if (this.#crowd !== undefined) {
      if (this.#crowded) {
        this.#crowded = this.#crowd.bucket.level(this.#now()) < this.#crowd.rate.burst / 2;
      }
      if (!this.#crowded) return this.#crowd;
    }
    return this.#meter(sender.peer.name, undefined);
  }

  #meter(name: string, limits: CallerLimits | undefined): EventMeter | undefined {
    const known = this.#meters.get(name);
    if (known !== undefined && known.limits === limits) return known;
    const rate = this.#rateOf(limits);
    if (rate === undefined) {
      this.#meters.delete(name);
      return undefined;
    }
    const now = this.#now();
    if (known !== undefined) {
      known.limits = limits;
      known.rate = rate;
      known.bucket.adjust(rate, now);
      return known;
    }
    if (--this.#unswept <= 0) this.#sweep(now);
    const [first] = this.#meters.keys();
    if (this.#meters.size >= metersMax && first !== undefined) this.#meters.delete(first);
    const meter = new EventMeter(rate, limits, now);
    this.#meters.set(name, meter);
    return meter;
  }

  /** Forgets the callers of which nothing needs to be known: a new meter is full, too. */
  #sweep(now: number): void {
    for (const [name, { bucket, rate }] of this.#meters) {
      if (bucket.level(now) >= rate.burst) this.#meters.delete(name);
    }
    this.#unswept = Math.max(sweepMin, this.#meters.size);
  }

  #rateOf(own: CallerLimits | undefined): EventRate | undefined {
    const perSecond = own?.eventsPerSecond ?? this.#limits.eventsPerSecond ?? 0;
    if (perSecond === 0) return undefined;
    // A burst of the settings belongs to the rate of the settings.
    const burst = own?.burst ?? (own?.eventsPerSecond === undefined ? this.#limits.burst : undefined);
    return { perSecond, burst: burst ?? burstSeconds * perSecond };
  }
}
