/**
 * Reads one collector's messages from its broker, for as long as it is started: pull, map, accept, acknowledge.
 *
 *     read ─► chunks ─► map ─► Ingest.accept ─► on disk ─► ack
 *               │        └─► refused: kept, dead-lettered ─► ack
 *               └ bounded by a window: what is received and not acknowledged
 *
 * A message is acknowledged when its events are on disk and its refusal is kept, never before. While Mars accepts nothing, nothing
 * more is read; what is under way is tried again. A broker that is away is tried again for ever.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { BrokerCollector, CollectorFigures } from "../core/broker-collector.ts";
import type { MarsError } from "../core/error.ts";
import type { Log } from "../core/ports.ts";
import { delay, within } from "../runtime/delay.ts";
import { type AcceptParts, acceptMessages, type WaitCause } from "./accept-messages.ts";
import { Acknowledgements } from "./acknowledgements.ts";
import { ConsumerProgress } from "./consumer-progress.ts";
import type { BrokerConnection, BrokerMessage, Window } from "./engine.ts";
import type { LoadEngine } from "./engines.ts";
import { chunksOf, UnderWay } from "./under-way.ts";

/** What is received and not acknowledged, of one collector. */
const windowDefault: Window = { messages: 8_192, bytes: 16 * 1024 * 1024 };
/** Messages are under way for longer while Mars accepts nothing: so often the broker is asked to go on waiting for them. */
const extendEveryMs = 10_000;
/** No broker is asked more often. */
const extendEveryMsMin = 500;
const lagEveryMs = 2_000;
const retry = { firstMs: 250, lastMs: 15_000 };
/** How long what is under way may take at the end. */
const finishMs = 5_000;
/** How often it is looked whether Mars accepts events, beside being notified of it. */
const gateLookMs = 500;

/** A consumer of a message broker, as its host knows it. */
export interface BrokerConsumer {
  start(): void;
  /** Reads no more. Resolves when what was under way is acknowledged, or left to the broker. */
  pause(): Promise<void>;
  resume(): void;
  stop(): Promise<void>;
  /** Of the last message that was acknowledged; empty before the first. */
  readonly position: string;
  /** Why it does not read though it should; empty when it does. */
  readonly health: string;
  readonly figures: CollectorFigures;
}

export interface ConsumerOptions extends AcceptParts {
  readonly collector: BrokerCollector;
  readonly loadEngine: LoadEngine;
  readonly log: Pick<Log, "info" | "warn" | "error">;
  readonly window?: Window;
}

export class Consumer implements BrokerConsumer {
  readonly #options: ConsumerOptions;
  readonly #progress: ConsumerProgress;
  #running: { readonly abort: AbortController; readonly ended: Promise<void> } | undefined;
  /** While Mars accepts no events. */
  #gate: PromiseWithResolvers<void> | undefined;

  /** @param refusedKept messages of it that are kept already */
  constructor(options: ConsumerOptions, refusedKept = 0) {
    this.#options = options;
    this.#progress = new ConsumerProgress(options.collector, options.log, refusedKept);
  }

  start(): void {
    if (this.#running !== undefined) return;
    const abort = new AbortController();
    this.#progress.started();
    this.#running = { abort, ended: this.#run(abort.signal) };
  }

  async pause(): Promise<void> {
    await this.stop();
    this.#progress.paused();
  }

  resume(): void {
    this.start();
  }

  async stop(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    running?.abort.abort();
    await running?.ended;
  }

  get position(): string {
    return this.#progress.position;
  }

  get health(): string {
    return this.#progress.health;
  }

  get figures(): CollectorFigures {
    return this.#progress.figures;
  }

  /** Sets how many refused messages are kept, after a change of them. */
  refusedKept(count: number): void {
    this.#progress.refusedKept(count);
  }

  async #run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.#read(signal);
      } catch (thrown) {
        if (signal.aborted) return;
        this.#progress.lost(thrown);
      }
      const { firstMs, lastMs } = retry;
      await delay(Math.min(firstMs * 2 ** Math.min(this.#progress.failures, 10), lastMs), signal);
    }
  }

  /** Over one connection. */
  async #read(signal: AbortSignal): Promise<void> {
    const { collector, loadEngine, log, window = windowDefault } = this.#options;
    this.#gate = undefined;
    const engine = await loadEngine(collector.engine);
    const found = () => this.#progress.found(this.#gate !== undefined);
    const connection = await engine.open(collector, {
      ...{ window, log, found },
      lost: (error) => this.#progress.lost(error),
    });
    found();
    const underWay = new UnderWay();
    const acknowledgements = new Acknowledgements(connection);
    // What is under way may end after the reading has.
    const giveUp = new AbortController();
    const beside = new AbortController();
    const lookingAfter = this.#lookAfter(connection, underWay, beside.signal);
    try {
      while (!signal.aborted) {
        await this.#accepting(signal);
        for (const chunk of chunksOf(await connection.read(signal))) {
          underWay.add(chunk, this.#take(chunk, connection, acknowledgements, giveUp.signal));
          await nextTurn();
        }
        // The next one would be in vain, too.
        if (underWay.failure !== undefined) throw underWay.failure;
      }
    } finally {
      if (!(await within(finishMs, underWay.ended()))) giveUp.abort();
      await within(finishMs, underWay.ended());
      beside.abort();
      await within(finishMs, Promise.all([lookingAfter, connection.close()]));
    }
  }

  /** Resolves when the events and refusals of the messages are kept and the broker knows, or when it is given up. */
  async #take(
    messages: readonly BrokerMessage[],
    connection: BrokerConnection,
    acknowledgements: Acknowledgements,
    signal: AbortSignal,
  ): Promise<void> {
    this.#progress.inFlight += messages.length;
    try {
      const taken = await acceptMessages(messages, connection, this.#options, {
        signal,
        waiting: (error, cause) => this.#wait(error, cause),
        accepted: () => this.#goOn(),
      });
      if (taken === undefined) return;
      await acknowledgements.ack(messages);
      this.#progress.acknowledged(messages, taken);
    } finally {
      this.#progress.inFlight -= messages.length;
    }
  }

  /** Asks for the lag, and the broker to wait for what is under way. */
  async #lookAfter(connection: BrokerConnection, underWay: UnderWay, signal: AbortSignal): Promise<void> {
    const wanted = connection.extendEveryMs ?? extendEveryMs;
    const everyMs = Math.max(extendEveryMsMin, Math.min(extendEveryMs, wanted));
    let extendedAt = performance.now();
    while (!signal.aborted) {
      const lag = await connection.lag().catch(() => undefined);
      this.#progress.lag = lag ?? null;
      await delay(Math.min(lagEveryMs, everyMs), signal);
      if (performance.now() - extendedAt < everyMs) continue;
      extendedAt = performance.now();
      connection.extend?.(underWay.messages());
    }
  }

  /** Resolves when Mars accepts events, as far as it is known. */
  async #accepting(signal: AbortSignal): Promise<void> {
    while (this.#gate !== undefined && !signal.aborted)
      await Promise.race([this.#gate.promise, delay(gateLookMs, signal)]);
  }

  #wait(error: MarsError, cause: WaitCause): void {
    if (this.#gate !== undefined) return;
    this.#gate = Promise.withResolvers();
    this.#progress.waits(error, cause);
  }

  #goOn(): void {
    if (this.#gate === undefined) return;
    this.#gate.resolve();
    this.#gate = undefined;
    this.#progress.goesOn();
  }
}
