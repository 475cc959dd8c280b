/** What makes messages in the demo, each at its own times. */
import type { Delivery, DemoEvent, DemoMessage } from "./message.ts";
import type { Random } from "./random.ts";

export interface Source {
  /** When it makes messages next. */
  readonly nextAtMs: number;
  /** Makes those of `nextAtMs`. */
  play(): readonly DemoMessage[];
}

/** The mean times from one to the next of what a source makes. */
export interface MeanGaps {
  readonly past: number;
  readonly live: number;
}

/** When the next one comes. The last gap of the past is cut: the present has something to show from its first seconds on. */
export function nextAfter(atMs: number, startMs: number, meanGapMs: MeanGaps, random: Random): number {
  const past = atMs + random.gap(meanGapMs.past);
  return atMs < startMs && past < startMs ? past : Math.max(atMs, startMs) + random.gap(meanGapMs.live);
}

type Said = Omit<DemoEvent, "app_id" | "message_id" | "event" | "created_at">;

/** Writes the events of one message in the order in which they happen. */
export class Story {
  readonly #appId: string;
  readonly #messageId: string;
  readonly #always: Said;
  readonly #deliveries: Delivery[] = [];

  /** @param always is part of each event */
  constructor(appId: string, messageId: string, always: Said = {}) {
    this.#appId = appId;
    this.#messageId = messageId;
    this.#always = always;
  }

  /** @param clockMs the time that its producer believes it is */
  report(event: string, atMs: number, attributes?: DemoEvent["attributes"], clockMs = atMs): void {
    this.#deliveries.push({
      atMs,
      event: {
        app_id: this.#appId,
        message_id: this.#messageId,
        ...this.#always,
        event,
        created_at: new Date(clockMs).toISOString(),
        ...(attributes !== undefined && { attributes }),
      },
    });
  }

  end(): DemoMessage {
    return { deliveries: this.#deliveries.toSorted((a, b) => a.atMs - b.atMs), reachedAtMs: new Map() };
  }
}
