/** Reports what happens to random messages about when it happens: shuffled, repeated, late, and once more where there was no answer. */
import { formatTime } from "../../../src/core/time.ts";
import type { NaiveReport } from "../../support/naive-world.ts";
import type { RandomWorld } from "../../support/random-world.ts";
import type { RestartedMars } from "../restarted-mars.ts";

/** A report and when it went out and was acknowledged first, in microseconds. Equal ones are one. */
export interface SentReport extends NaiveReport {
  sentAt?: number;
  acknowledgedAt?: number;
  /** How often it went out, and how often that was acknowledged. */
  sent: number;
  acknowledged: number;
}

const batchMax = 120;

export class EventClient {
  readonly #mars: RestartedMars;
  readonly #world: RandomWorld;
  readonly #aheadBy: number;
  readonly #reports = new Map<string, SentReport>();
  #pending: SentReport[] = [];

  /** @param aheadBy by how many microseconds an event is dated ahead that is */
  constructor(mars: RestartedMars, world: RandomWorld, aheadBy: number) {
    this.#mars = mars;
    this.#world = world;
    this.#aheadBy = aheadBy;
  }

  get reports(): SentReport[] {
    return [...this.#reports.values()];
  }

  get messages(): number {
    return new Set(this.reports.map(({ appId, messageId }) => `${appId} ${messageId}`)).size;
  }

  /** Reports so many messages, some more each second, and ends when all is acknowledged. */
  async run(messages: number, perSecond: number): Promise<void> {
    for (let made = 0; ; ) {
      for (const until = Math.min(messages, made + perSecond / 10); made < until; made = this.messages) {
        for (const report of this.#world.story(Date.now() * 1_000)) this.#add(report);
      }
      const now = Date.now() * 1_000;
      const due = (one: SentReport) => one.createdAt - (this.isAhead(one) ? this.#aheadBy : 0) <= now;
      const { ready = [], later = [] } = Object.groupBy(this.#pending, (one) =>
        due(one) ? "ready" : "later",
      );
      this.#pending = later;
      const batches = this.#batches(ready);
      const failed = await Promise.all(batches.map((batch) => this.#send(batch)));
      this.#pending.push(...failed.flat());
      if (made >= messages && this.#pending.length === 0) return;
      await Bun.sleep(batches.length > 0 ? 20 : 100);
    }
  }

  /** Whether it is dated so far ahead of when it is sent that it counts as of its receipt. */
  isAhead({ createdAt, sentAt = Date.now() * 1_000 }: SentReport): boolean {
    return createdAt - sentAt > this.#aheadBy / 2;
  }

  #add(report: NaiveReport): void {
    const { appId, messageId, event, eventId, createdAt, externalId, attributes, parentId } = report;
    const key = JSON.stringify([
      appId,
      messageId,
      event,
      eventId,
      createdAt,
      externalId,
      attributes,
      parentId,
    ]);
    const known = this.#reports.get(key) ?? { ...report, sent: 0, acknowledged: 0 };
    this.#reports.set(key, known);
    this.#pending.push(known);
  }

  /** Of random sizes. Some of each come late. */
  #batches(ready: readonly SentReport[]): SentReport[][] {
    const world = this.#world;
    const left = world.shuffle(ready);
    const batches: SentReport[][] = [];
    while (left.length > 0) {
      const batch = left.splice(0, 1 + world.below(batchMax));
      if (world.chance(0.2)) this.#pending.push(...batch.splice(0, Math.floor(batch.length / 3)));
      if (batch.length > 0) batches.push(batch);
    }
    return batches;
  }

  /** @returns those that were not acknowledged */
  async #send(batch: readonly SentReport[]): Promise<readonly SentReport[]> {
    const now = Date.now() * 1_000;
    for (const one of batch) {
      one.sentAt ??= now;
      one.sent += 1;
    }
    const answer = await this.#mars.try("POST", "/api/event/bulk", { events: batch.map(restEvent) });
    if (answer === undefined) return batch;
    if (answer.status !== 200) throw new Error(`${answer.status} ${JSON.stringify(answer.body)}`);
    const at = Date.now() * 1_000;
    for (const one of batch) {
      one.acknowledgedAt ??= at;
      one.acknowledged += 1;
    }
    return [];
  }
}

function restEvent(one: NaiveReport) {
  const { eventId, externalId, parentId, attributes } = one;
  return {
    app_id: one.appId,
    message_id: one.messageId,
    event: one.event,
    created_at: formatTime(one.createdAt),
    ...(eventId !== "" && { event_id: eventId }),
    ...(externalId !== "" && { external_id: externalId }),
    ...(parentId !== "" && { parent_id: parentId }),
    ...(attributes !== "" && { attributes: JSON.parse(attributes) as unknown }),
  };
}
