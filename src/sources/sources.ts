/**
 * Sources in a running Mars: all of them in memory, what is done with a delivery, and what has become of them. The events of a delivery are
 * on disk before it is answered.
 */
import type { Author } from "../core/audit.ts";
import type { Caller } from "../core/caller.ts";
import { MarsError } from "../core/error.ts";
import type { MarsEvent, Micros } from "../core/event.ts";
import type { Ingest, Log } from "../core/ports.ts";
import { type ReceiptClock, receipts } from "../core/receipt.ts";
import type { SourceStats } from "../core/source-stats.ts";
import type { Supervisor } from "../runtime/supervisor.ts";
import { FaultLog } from "./fault-log.ts";
import { Keeper } from "./keeper.ts";
import type { DeliveryDetail, KeptDelivery, Outcome } from "./kept.ts";
import type { MapResult } from "./mapping.ts";
import type { Mapper, SourceReader, SourceStore } from "./ports.ts";
import type { Delivery, Source } from "./source.ts";
import { SourceBook } from "./source-book.ts";
import { SourceCounts } from "./source-counts.ts";
import {
  detailOf,
  eventsOf,
  invalid,
  isLate,
  nothing,
  outcomeOf,
  readable,
  refusalOf,
  type Taken,
  takenOf,
  tooLarge,
} from "./taken.ts";
import type { FetchText } from "./verify/sns.ts";
import type { Received } from "./verify/verified.ts";
import { Verifier } from "./verify/verifier.ts";

export interface SourcesOptions {
  readonly store: SourceStore;
  readonly reader: Pick<SourceReader, "sourceDeliveries">;
  readonly mapper: Mapper;
  readonly ingest: Pick<Ingest, "accept">;
  readonly fetchText: FetchText;
  readonly supervisor: Pick<Supervisor, "loop">;
  readonly log: Pick<Log, "info" | "warn">;
  /** Default: that of the process. */
  readonly clock?: ReceiptClock;
}

/** Of one replay. */
export interface Replayed extends Taken {
  readonly deliveries: number;
  /** Of these, those that could not be mapped. */
  readonly failed: number;
}

export class Sources {
  readonly #options: SourcesOptions;
  readonly #verifier: Verifier;
  readonly #book: SourceBook;
  readonly #keeper: Keeper;
  readonly #counts = new SourceCounts();
  readonly #faults: FaultLog;
  readonly #stopping = new AbortController();
  #running: Promise<unknown> = Promise.resolve();

  constructor(options: SourcesOptions) {
    this.#options = options;
    this.#verifier = new Verifier(options.fetchText);
    const { store, log } = options;
    this.#faults = new FaultLog(log);
    this.#book = new SourceBook(store);
    this.#keeper = new Keeper({ store, log, onNotKept: (source) => this.#counts.notKept(source) });
  }

  /** Reads the sources as soon as the database is there, and begins to keep deliveries. */
  start(): void {
    const { supervisor } = this.#options;
    const { signal } = this.#stopping;
    this.#running = Promise.all([this.#book.run(supervisor, signal), this.#keeper.run(supervisor, signal)]);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  /** @throws `MarsError` `not_found`, or `unavailable` until all are known */
  get(id: string): Source {
    return this.#book.get(id);
  }

  /** See `SourceBook.readAgain`. */
  readAgain(): Promise<void> {
    return this.#book.readAgain();
  }

  /** Stores and uses it. Rejects with `invalid_argument` and the rules at fault. */
  async put(source: Source, caller: Caller, by: Author): Promise<void> {
    const problems = await this.#options.mapper.check(source, caller);
    if (problems.length > 0) throw invalid("the source", problems);
    await this.#book.put(source, by);
  }

  /** @returns whether it was there */
  async delete(id: string, by: Author): Promise<boolean> {
    const deleted = await this.#book.delete(id, by);
    this.#counts.forget(id);
    return deleted;
  }

  /** What would come out. Rejects as `Mapper.map`, and with `invalid_argument` for rules at fault. */
  async try(source: Source, delivery: Delivery, caller: Caller): Promise<MapResult> {
    const { mapper } = this.#options;
    const problems = await mapper.check(source, caller);
    if (problems.length > 0) throw invalid("the source", problems);
    return mapper.map(source, readable(source, delivery), caller);
  }

  /** Maps what came by another way than `receive`, and that nobody verifies. Rejects as `Mapper.map`. */
  map(id: string, delivery: Delivery, caller: Caller): Promise<MapResult> {
    const source = this.get(id);
    return this.#options.mapper.map(source, readable(source, delivery), caller);
  }

  /** The same for a message of a broker, which is bounded and counted as a delivery, and not kept as one. */
  async mapMessage(id: string, given: Delivery, caller: Caller): Promise<MapResult> {
    const source = this.get(id);
    const delivery = readable(source, given);
    const mapping = tooLarge(source, delivery) ?? this.#options.mapper.map(source, delivery, caller);
    const result = await Promise.resolve(mapping).catch((error: unknown) => {
      if (isLate(error)) this.#late(id, error.message);
      throw error;
    });
    const outcome = outcomeOf(result, refusalOf(source, result) !== undefined);
    this.#count(id, result, detailOf(outcome, result, delivery));
    return result;
  }

  /**
   * Verifies, maps and accepts a delivery; its events are on disk when it resolves.
   *
   * Rejects with `MarsError` `unauthenticated` for one that is not the sender's, `invalid_argument` for one that cannot be mapped,
   * `unavailable` where the mapping takes too long; and as `Ingest.accept` and `charge` do.
   *
   * @param charge called with the events before they are accepted
   */
  async receive(
    source: Source,
    received: Received,
    caller: Caller,
    charge: (events: readonly MarsEvent[], items: number) => void = () => undefined,
  ): Promise<Taken> {
    await this.#verify(source, received);
    const delivery = readable(source, received);
    const receivedAt = (this.#options.clock ?? receipts).next();
    const result = await this.#map(source, delivery, { caller, receivedAt });
    const dropped = result.items - result.events.length;
    const refused = refusalOf(source, result);
    if (refused !== undefined) {
      this.#ended(source, delivery, receivedAt, {
        outcome: result.fault === undefined ? "rejected" : "failed",
        result,
      });
      throw refused;
    }
    const events = eventsOf(result, receivedAt, this.#options.clock ?? receipts);
    charge(events, result.items);
    const seq = events.length === 0 ? undefined : await this.#options.ingest.accept(events);
    const outcome: Outcome = events.length === 0 ? "ignored" : dropped > 0 ? "partly" : "accepted";
    this.#ended(source, delivery, receivedAt, { outcome, result });
    return takenOf(result, seq);
  }

  /** Waits for those that came before. */
  async deliveries(id: string, limit: number): Promise<readonly KeptDelivery[]> {
    await this.#keeper.flush();
    return this.#options.reader.sourceDeliveries(id, limit);
  }

  /**
   * Maps kept deliveries again, the oldest first, and accepts their events; those that were accepted before are repeats.
   */
  async replay(source: Source, kept: readonly KeptDelivery[], caller: Caller, by: Author): Promise<Replayed> {
    const total = { deliveries: 0, failed: 0, accepted: 0, ignored: 0, rejected: 0, seq: 0 };
    const outcomes: { id: number; detail: DeliveryDetail }[] = [];
    const { mapper, ingest, store, clock = receipts } = this.#options;
    try {
      for (const { id, detail, body, receivedAt } of kept.toSorted((a, b) => a.id - b.id)) {
        const delivery = { headers: detail.headers, body };
        const result = await mapper.map(source, delivery, caller).catch((error: unknown) => {
          if (!isLate(error)) throw error;
          return { ...nothing, fault: error.message };
        });
        const refused = refusalOf(source, result);
        const events = refused === undefined ? eventsOf(result, receivedAt) : [];
        if (events.length > 0) total.seq = await ingest.accept(events);
        total.deliveries += 1;
        if (refused === undefined) {
          const taken = takenOf(result, undefined);
          total.accepted += taken.accepted;
          total.ignored += taken.ignored;
          total.rejected += taken.rejected;
        } else total.failed += 1;
        const outcome = outcomeOf(result, refused !== undefined);
        outcomes.push({ id, detail: { ...detailOf(outcome, result, delivery), replayedAt: clock.next() } });
      }
    } finally {
      await store.recordReplay({ source, outcomes }, by);
    }
    const { seq, ...counts } = total;
    return seq === 0 ? counts : { ...counts, seq };
  }

  statsOf(id: string): SourceStats {
    return this.#counts.of(id);
  }

  /** By source. */
  get stats(): Readonly<Record<string, SourceStats>> {
    return Object.fromEntries(this.#book.ids.map((id) => [id, this.#counts.of(id)]));
  }

  warnings(): readonly string[] {
    return this.#counts.warnings();
  }

  async #verify(source: Source, received: Received): Promise<void> {
    const { refusal, confirm } = await this.#verifier
      .verify(source, received, Date.now())
      .catch((cause: unknown) => {
        const message = `the certificate cannot be fetched: ${cause instanceof Error ? cause.message : String(cause)}`;
        this.#counts.ended(source.id, "unverified", { reason: message });
        this.#faults.note(source.id, "unverified", message);
        throw new MarsError("unavailable", message, { retryAfterMs: 5_000, cause });
      });
    if (refusal !== undefined) {
      this.#counts.ended(source.id, "unverified", { reason: refusal });
      this.#faults.note(source.id, "unverified", refusal);
      throw new MarsError("unauthenticated", refusal);
    }
    if (confirm === undefined) return;
    try {
      await this.#options.fetchText(confirm);
    } catch (cause) {
      const message = "the subscription cannot be confirmed";
      throw new MarsError("unavailable", message, { retryAfterMs: 5_000, cause });
    }
    this.#options.log.info("subscription of a source confirmed", {
      event: "source_subscribed",
      source: source.id,
    });
  }

  async #map(
    source: Source,
    delivery: Delivery,
    { caller, receivedAt }: { readonly caller: Caller; readonly receivedAt: Micros },
  ): Promise<MapResult> {
    try {
      return await this.#options.mapper.map(source, delivery, caller);
    } catch (error) {
      if (!isLate(error)) throw error;
      const { message } = error;
      this.#late(source.id, message);
      this.#keep(source, delivery, receivedAt, detailOf("failed", { ...nothing, fault: message }, delivery));
      throw new MarsError("unavailable", message, { retryAfterMs: 30_000, cause: error });
    }
  }

  #ended(
    source: Source,
    delivery: Delivery,
    receivedAt: Micros,
    { outcome, result }: { readonly outcome: Outcome; readonly result: MapResult },
  ): void {
    const detail = detailOf(outcome, result, delivery);
    this.#count(source.id, result, detail);
    this.#keep(source, delivery, receivedAt, detail);
  }

  #count(id: string, result: MapResult, { outcome, events, items, reason }: DeliveryDetail): void {
    // What `when` leaves out is no fault.
    const faulty = result.faulty > 0 || result.fault !== undefined;
    this.#counts.ended(id, outcome, { events, dropped: items - events, reason: faulty ? reason : "" });
    if (faulty) this.#faults.note(id, outcome, reason);
  }

  #late(id: string, message: string): void {
    this.#counts.ended(id, "late", { reason: message });
    this.#faults.note(id, "late", message);
  }

  #keep(source: Source, { body }: Delivery, receivedAt: Micros, detail: DeliveryDetail): void {
    this.#keeper.add({ source: source.id, appId: source.appId ?? "", receivedAt, detail, body });
  }
}
