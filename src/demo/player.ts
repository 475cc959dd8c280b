/** Plays the demo into a Mars: what its apps need, the past at once, then the present. */
import { delay } from "../runtime/delay.ts";
import { catalogueOf } from "./catalogue.ts";
import type { DemoEvent } from "./message.ts";
import { liveOutage, type Outage } from "./outage.ts";
import { Traffic, type TrafficOptions } from "./traffic.ts";

/** Makes four to six messages a second. */
const liveOrdersPerSecond = 0.8;
const livePauseMs = 250;

/** The calls of Mars that the demo makes. They reject where the caller may not, or Mars does not answer for long. */
export interface DemoMars {
  putLifecycle(appId: string, lifecycle: unknown): Promise<unknown>;
  putAttributes(appId: string, indexed: readonly string[]): Promise<unknown>;
  /** Resolves, to the last seq, when all are on disk. */
  send(events: readonly DemoEvent[]): Promise<number>;
}

export type PlayerOptions = Omit<TrafficOptions, "run" | "liveRate">;

export class Player {
  /** A part of every id of this run. */
  readonly run: string;
  readonly traffic: Traffic;
  readonly #mars: DemoMars;
  readonly #options: PlayerOptions;

  constructor(mars: DemoMars, options: PlayerOptions) {
    this.#mars = mars;
    this.#options = options;
    this.run = Math.floor(options.startMs / 1_000).toString(36);
    this.traffic = new Traffic({ ...options, run: this.run, liveRate: liveOrdersPerSecond });
  }

  /** A lifecycle holds for messages whose first event is accepted after it. */
  async setUp(): Promise<void> {
    for (const { appId, lifecycle, indexed } of catalogueOf(this.#options.prefix)) {
      await this.#mars.putLifecycle(appId, lifecycle);
      if (indexed.length > 0) await this.#mars.putAttributes(appId, indexed);
    }
  }

  /** Sends what has happened until now, and what happens meanwhile. */
  async catchUp(sent: (events: number) => void = () => {}): Promise<{ events: number; seq: number }> {
    let events = 0;
    let seq = 0;
    for (;;) {
      const batch = this.traffic.take(Date.now());
      if (batch.length === 0) return { events, seq };
      seq = await this.#mars.send(batch);
      events += batch.length;
      sent(events);
    }
  }

  /**
   * Plays what happens now, until the signal aborts.
   *
   * @param outage an outage that begins or has ended now
   */
  async goOn(signal: AbortSignal, outage: (one: Outage, begins: boolean) => void): Promise<void> {
    let during: Outage | undefined;
    while (!signal.aborted) {
      const now = Date.now();
      const one = liveOutage(this.#options.startMs, now);
      const holds = now >= one.fromMs && now < one.untilMs;
      if (holds && during === undefined) outage(one, true);
      if (!holds && during !== undefined) outage(during, false);
      during = holds ? one : undefined;
      await this.catchUp();
      await delay(livePauseMs, signal);
    }
  }
}
