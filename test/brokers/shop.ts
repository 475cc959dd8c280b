/** The collector `shop` of a Mars under test, as its users see it. */
import type { Asked, RestartedMars } from "../crash/restarted-mars.ts";
import { until } from "../support/until.ts";
import type { TestBroker } from "./engines/test-broker.ts";

export interface Collector {
  readonly state: string;
  readonly messages: number;
  readonly events: number;
  readonly refused: number;
  readonly refused_kept: number;
  readonly redelivered: number;
  readonly dead_lettered: number;
  readonly waits: number;
  readonly in_flight: number;
  readonly lag: number | null;
  readonly last_error: string;
}

export class Shop {
  readonly #mars: RestartedMars;
  readonly #broker: TestBroker;
  #published = 0;

  constructor(mars: RestartedMars, broker: TestBroker) {
    this.#mars = mars;
    this.#broker = broker;
  }

  status(): Promise<Collector> {
    return this.#mars.read<Collector>("/api/collectors/shop");
  }

  async put(url: string, more: object = {}): Promise<void> {
    const { status, body }: Asked = await this.#mars.ask("PUT", "/api/collectors/shop", { url, ...more });
    if (status !== 200) throw new Error(JSON.stringify(body));
  }

  /** @returns the collector as it is then */
  async reached(is: (collector: Collector) => boolean, what: string, ms = 30_000): Promise<Collector> {
    let found = await this.status();
    await until(
      async () => {
        found = await this.status();
        return is(found);
      },
      () => `${this.#broker.engine}: ${what}; it is ${JSON.stringify(found)}`,
      ms,
    );
    return found;
  }

  /** Messages of one event each, with names of their own. @param text an attribute of each */
  async publish(count: number, text = ""): Promise<void> {
    const bodies = Array.from({ length: count }, (_, i) => ({
      app_id: "shop",
      message_id: `m-${this.#published + i}`,
      event: "created",
      attributes: { text },
    }));
    await this.#broker.publish(
      bodies.map((body) => ({ id: `id-${body.message_id}`, body: JSON.stringify(body) })),
    );
    this.#published += count;
  }

  /** Throws unless all that was published is stored, once. */
  async checkStored(): Promise<string> {
    const counts = new Map<string, number>();
    await until(
      async () => {
        counts.clear();
        for await (const { message_id, event_count } of this.#mars.rows<{
          message_id: string;
          event_count: number;
        }>("/api/messages?app_id=shop", "messages"))
          counts.set(message_id, event_count);
        return counts.size >= this.#published;
      },
      () => `${this.#broker.engine}: ${counts.size} of ${this.#published} messages are stored`,
      60_000,
    );
    const doubled = [...counts.values()].filter((count) => count > 1).length;
    if (doubled > 0 || counts.size > this.#published)
      throw new Error(`${counts.size} of ${this.#published} messages, ${doubled} doubled`);
    return `${counts.size} messages, 0 lost, 0 doubled`;
  }

  /** What health says: that it is not ready, or its warnings. */
  async health(): Promise<string> {
    const answer = await fetch(`${await this.#mars.url()}/readyz`);
    const { detail = "", warnings = [] } = (await answer.json()) as {
      detail?: string;
      warnings?: readonly string[];
    };
    return [detail, ...warnings].join("; ");
  }

  async healthReached(is: (health: string) => boolean, what: string, ms = 60_000): Promise<string> {
    let found = "";
    await until(
      async () => {
        found = await this.health();
        return is(found);
      },
      () => `${this.#broker.engine}: health ${what}; it says: ${found}`,
      ms,
    );
    return found;
  }
}
