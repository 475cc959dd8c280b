/** Marks events from ahead (`core/ahead.ts`) as they are read from the log, and reports that there are some. */
import { isAhead } from "../core/ahead.ts";
import type { SequencedEvent } from "../core/event.ts";
import type { Log } from "../core/ports.ts";
import type { LogRecord } from "./log-tail.ts";

/** The least time between two lines of the log, and how long a warning stays after the last of them. */
const logMs = 60_000;
const warningMs = 600_000;

export interface AheadMarkerOptions {
  /** See `MARS_SKEW_MAX`. */
  readonly skewMaxMs: number;
  readonly log: Log;
  /** Milliseconds of a monotonic clock. */
  readonly now?: () => number;
}

export class AheadMarker {
  readonly #skewMax: number;
  readonly #log: Log;
  readonly #now: () => number;
  #events = 0;
  #lastAt = Number.NEGATIVE_INFINITY;
  #loggedAt = Number.NEGATIVE_INFINITY;
  #loggedEvents = 0;

  constructor({ skewMaxMs, log, now = () => performance.now() }: AheadMarkerOptions) {
    this.#skewMax = skewMaxMs * 1_000;
    this.#log = log;
    this.#now = now;
  }

  /** Events since the start. */
  get events(): number {
    return this.#events;
  }

  get warnings(): string[] {
    if (this.#now() - this.#lastAt > warningMs) return [];
    const max = this.#skewMax / 1_000_000;
    return [
      `events are dated ahead of their receipt by over ${max} s: mars skew APP shows whose clock is wrong`,
    ];
  }

  async *mark(records: AsyncIterable<LogRecord>): AsyncGenerator<LogRecord, void, undefined> {
    for await (const record of records) {
      yield record.events.some((event) => isAhead(event, this.#skewMax))
        ? { ...record, events: record.events.map((event) => this.#marked(event)) }
        : record;
    }
  }

  #marked(event: SequencedEvent): SequencedEvent {
    if (!isAhead(event, this.#skewMax)) return event;
    this.#events += 1;
    this.#lastAt = this.#now();
    if (this.#lastAt - this.#loggedAt >= logMs) {
      this.#log.warn("events are dated ahead of their receipt", {
        event: "events_ahead",
        events: this.#events - this.#loggedEvents,
        ahead_ms: Math.round((event.createdAt - event.receivedAt) / 1_000),
      });
      [this.#loggedAt, this.#loggedEvents] = [this.#lastAt, this.#events];
    }
    return { ...event, aheadBy: event.createdAt - event.receivedAt };
  }
}
