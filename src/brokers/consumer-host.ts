/**
 * The consumers of message brokers: starts, stops and changes them while Mars runs, by what is stored and what the environment
 * defines.
 */
import type { Author } from "../core/audit.ts";
import {
  type BrokerCollector,
  type BrokerCollectors,
  type BrokerStore,
  brokerCollectorsMax,
  type CollectorFigures,
  type CollectorStatus,
  type RefusedLeft,
  type ReplayedMessages,
} from "../core/broker-collector.ts";
import { MarsError } from "../core/error.ts";
import type { Micros } from "../core/event.ts";
import type { Log } from "../core/ports.ts";
import { delay, within } from "../runtime/delay.ts";
import type { Supervisor } from "../runtime/supervisor.ts";
import { Consumer, type ConsumerOptions } from "./broker-consumer.ts";
import type { Mapper } from "./mapper.ts";
import { replayRefused } from "./replay-refused.ts";

/** How long a list waits for it at a start. */
const loadedMs = 2_000;
const pruneEveryMs = 3_600_000;
const retry = { firstMs: 500, lastMs: 10_000 };

/** A collector that a variable of the environment defines. */
export interface EnvironmentCollector {
  /** `MARS_COLLECT_ORDERS`. */
  readonly variable: string;
  readonly collector: BrokerCollector;
}

export interface ConsumerHostOptions extends Omit<ConsumerOptions, "collector" | "mapper" | "store" | "log"> {
  readonly mapperOf: (collector: BrokerCollector) => Mapper;
  readonly store: BrokerStore;
  /** The time by which refused messages age, and how long those of apps without a time of their own are kept; 0: for ever. */
  readonly retention: () => { readonly now: Micros; readonly keepFor: Micros };
  readonly supervisor: Pick<Supervisor, "loop">;
  readonly log: Pick<Log, "info" | "warn" | "error">;
}

interface Running {
  readonly collector: BrokerCollector;
  readonly variable?: string;
  readonly consumer: Consumer;
}

export class ConsumerHost implements BrokerCollectors {
  readonly #options: ConsumerHostOptions;
  readonly #running = new Map<string, Running>();
  readonly #abort = new AbortController();
  #environment: readonly EnvironmentCollector[] = [];
  #paused: ReadonlySet<string> = new Set();
  /** Resolves when what is stored has been read. */
  readonly #loaded = Promise.withResolvers<void>();
  #isLoaded = false;
  #pruning: Promise<unknown> = Promise.resolve();
  /** Changes run one after another. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: ConsumerHostOptions) {
    this.#options = options;
  }

  /** Reads what is stored and starts all; tries again while the database is away. */
  start(): void {
    void this.#reload();
    const { supervisor } = this.#options;
    this.#pruning = supervisor
      .loop("broker_refused_retention", retry)
      .run(() => this.#prune(), this.#abort.signal);
  }

  /** Sets the collectors of the environment in the place of those before. Resolves when they are started. */
  setEnvironment(collectors: readonly EnvironmentCollector[]): Promise<void> {
    const same = JSON.stringify(collectors) === JSON.stringify(this.#environment);
    this.#environment = collectors;
    return same ? Promise.resolve() : this.#reload();
  }

  /** The database has changed by another way than these calls. Rejects as the store does. */
  readAgain(): Promise<void> {
    return this.#inTurn(async () => {
      // Else `start` reads it.
      if (!this.#isLoaded) return;
      const { collectors, paused, refused } = await this.#options.store.readBrokerCollectors();
      const before = this.#paused;
      this.#paused = new Set(paused);
      await this.#apply(collectors, refused);
      for (const [id, { consumer }] of this.#running) {
        if (this.#paused.has(id) === before.has(id)) continue;
        if (before.has(id)) consumer.resume();
        else await consumer.pause();
      }
    });
  }

  /** Of one that was stopped meanwhile nothing is to be done. */
  async #reload(): Promise<void> {
    await this.#inTurn(() => this.#load()).catch(() => undefined);
  }

  /** Resolves when what was under way is acknowledged, or left to the brokers. */
  async stop(): Promise<void> {
    this.#abort.abort();
    await Promise.all([this.#turn, this.#pruning]);
    await Promise.all([...this.#running.values()].map(({ consumer }) => consumer.stop()));
  }

  async list(): Promise<readonly CollectorStatus[]> {
    if (!(await within(loadedMs, this.#loaded.promise)))
      throw new MarsError("unavailable", "the collectors have not been read yet", { retryAfterMs: 1_000 });
    return this.#all();
  }

  #all(): CollectorStatus[] {
    return [...this.#running.values()]
      .map(statusOf)
      .sort((a, b) => (a.collector.id < b.collector.id ? -1 : 1));
  }

  /** By id. */
  get stats(): Readonly<Record<string, CollectorFigures>> {
    return Object.fromEntries(this.#all().map(({ collector, figures }) => [collector.id, figures]));
  }

  /** For the health. */
  warnings(): string[] {
    return [...this.#running.values()].map(({ consumer }) => consumer.health).filter((text) => text !== "");
  }

  put(collector: BrokerCollector, by: Author): Promise<CollectorStatus> {
    return this.#inTurn(async () => {
      const { id } = collector;
      this.#refuseOfEnvironment(id);
      if (!this.#running.has(id) && this.#running.size >= brokerCollectorsMax)
        throw new MarsError("invalid_argument", `there may be at most ${brokerCollectorsMax} collectors`);
      await this.#options.store.putBrokerCollector(collector, by);
      await this.#run({ collector });
      return statusOf(this.#known(id));
    });
  }

  remove(id: string, by: Author): Promise<boolean> {
    return this.#inTurn(async () => {
      this.#refuseOfEnvironment(id);
      const running = this.#running.get(id);
      if (running === undefined) return false;
      await running.consumer.stop();
      this.#running.delete(id);
      return this.#options.store.deleteBrokerCollector(id, by).catch((error) => {
        // It is there still.
        this.#running.set(id, running);
        if (!this.#paused.has(id)) running.consumer.start();
        throw error;
      });
    });
  }

  pause(id: string, paused: boolean, by: Author): Promise<CollectorStatus | undefined> {
    return this.#inTurn(async () => {
      const running = this.#running.get(id);
      if (running === undefined) return undefined;
      if (this.#paused.has(id) === paused) return statusOf(running);
      await this.#options.store.pauseBrokerCollector(id, paused, by);
      const others = [...this.#paused].filter((one) => one !== id);
      this.#paused = new Set(paused ? [...others, id] : others);
      if (paused) await running.consumer.pause();
      else running.consumer.resume();
      return statusOf(running);
    });
  }

  async replay(id: string, message: number | undefined, by: Author): Promise<ReplayedMessages | undefined> {
    const running = this.#running.get(id);
    if (running === undefined) return undefined;
    const { collector, consumer } = running;
    const mapper = this.#options.mapperOf(collector);
    const { kept, ...replayed } = await replayRefused({ ...this.#options, collector, mapper }, message, by);
    if (kept !== undefined) consumer.refusedKept(kept);
    return replayed;
  }

  async forget(id: string, message: number | undefined, by: Author): Promise<number | undefined> {
    const running = this.#running.get(id);
    if (running === undefined) return undefined;
    const left = await this.#options.store.removeRefused(id, message === undefined ? "all" : [message], by);
    running.consumer.refusedKept(left);
    return left;
  }

  /**
   * Deletes the refused messages of an app, or those that have the id of a message in them.
   *
   * @returns how many there were
   */
  async erase(appId: string, messageId?: string): Promise<number> {
    return this.#left(await this.#options.store.eraseRefused(appId, messageId));
  }

  async #prune(): Promise<number> {
    const { store, retention } = this.#options;
    const { now, keepFor } = retention();
    this.#left(await store.pruneRefused(now, keepFor));
    return pruneEveryMs;
  }

  #left({ removed, kept }: RefusedLeft): number {
    if (removed > 0) for (const [id, { consumer }] of this.#running) consumer.refusedKept(kept[id] ?? 0);
    return removed;
  }

  async #load(): Promise<void> {
    const loop = this.#options.supervisor.loop("broker_collectors", retry);
    while (!this.#abort.signal.aborted) {
      try {
        const { collectors, paused, refused } = await this.#options.store.readBrokerCollectors();
        loop.succeeded();
        this.#paused = new Set(paused);
        await this.#apply(collectors, refused);
        this.#isLoaded = true;
        this.#loaded.resolve();
        return;
      } catch (error) {
        await delay(loop.failed(error), this.#abort.signal);
      }
    }
  }

  /** Those of the environment come first: a stored one of the same id does not run. */
  async #apply(stored: readonly BrokerCollector[], refused: Readonly<Record<string, number>>): Promise<void> {
    const wanted = new Map<string, Omit<Running, "consumer">>();
    for (const collector of stored) wanted.set(collector.id, { collector });
    for (const one of this.#environment) {
      const { id } = one.collector;
      if (wanted.has(id)) {
        const fields = { event: "broker_collector_hidden", collector: id, variable: one.variable };
        this.#options.log.warn("stored broker collector hidden by one of the environment", fields);
      }
      wanted.set(id, one);
    }
    for (const [id, { consumer }] of this.#running) {
      if (wanted.has(id)) continue;
      await consumer.stop();
      this.#running.delete(id);
    }
    for (const one of wanted.values()) await this.#run(one, refused[one.collector.id]);
  }

  /** Starts it, or lets it go on by what it is now. */
  async #run(one: Omit<Running, "consumer">, refusedKept?: number): Promise<void> {
    const { id } = one.collector;
    const before = this.#running.get(id);
    const same = JSON.stringify(before?.collector) === JSON.stringify(one.collector);
    if (before !== undefined && same && before.variable === one.variable) return;
    await before?.consumer.stop();
    if (this.#abort.signal.aborted) return;
    const kept = refusedKept ?? before?.consumer.figures.refused_kept;
    const mapper = this.#options.mapperOf(one.collector);
    const consumer = new Consumer({ ...this.#options, collector: one.collector, mapper }, kept);
    this.#running.set(id, { ...one, consumer });
    if (this.#paused.has(id)) await consumer.pause();
    else consumer.start();
  }

  #known(id: string): Running {
    const running = this.#running.get(id);
    if (running === undefined) throw new MarsError("draining", "mars is stopping", { retryAfterMs: 1_000 });
    return running;
  }

  #refuseOfEnvironment(id: string): void {
    const variable = this.#running.get(id)?.variable;
    if (variable === undefined) return;
    throw new MarsError("invalid_argument", `${id} is defined by ${variable}: change it there`);
  }

  #inTurn<T>(change: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(() => {
      if (this.#abort.signal.aborted)
        throw new MarsError("draining", "mars is stopping", { retryAfterMs: 1_000 });
      return change();
    });
    // One that fails is its caller's to deal with; the next goes on.
    this.#turn = turn.catch(() => undefined);
    return turn;
  }
}

function statusOf({ collector, variable, consumer }: Running): CollectorStatus {
  return { collector, ...(variable !== undefined && { variable }), figures: consumer.figures };
}
