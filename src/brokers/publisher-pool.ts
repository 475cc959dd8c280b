/**
 * The connections by which alerts are published. Each belongs to one sink, is kept while it is used and for a minute after, and is given up
 * with the first failure: the next attempt opens another.
 */
import type { BrokerNotification, BrokerPlace, BrokerPublisher } from "../core/broker-target.ts";
import { within } from "../runtime/delay.ts";
import { orAborted } from "../runtime/or-aborted.ts";
import { openPublisher, type Publisher } from "./publisher.ts";

/** How long one that is not used stays open. */
const idleMsDefault = 60_000;
/** More than there are sinks. Beyond it nothing is published, which the sender tries again. */
const connectionsMax = 128;
const closeMs = 3_000;

interface Kept {
  readonly publisher: Promise<Publisher>;
  /** Once it is connected. */
  opened?: Publisher;
  /** Messages under way. */
  uses: number;
  idle?: ReturnType<typeof setTimeout>;
}

export class PublisherPool implements BrokerPublisher {
  readonly #idleMs: number;
  readonly #kept = new Map<string, Kept>();
  readonly #closing = new Set<Promise<unknown>>();
  #closed = false;

  constructor({ idleMs = idleMsDefault }: { readonly idleMs?: number } = {}) {
    this.#idleMs = idleMs;
  }

  /** Connections that are open, or about to be. */
  get size(): number {
    return this.#kept.size;
  }

  async publish(place: BrokerPlace, message: BrokerNotification, signal: AbortSignal): Promise<void> {
    if (this.#closed) throw new Error("Mars stops");
    const name = JSON.stringify([place.id, place.url, place.members]);
    const known = this.#kept.get(name);
    const lost = known?.opened?.connected === false;
    if (known !== undefined && lost) this.#giveUp(name, known);
    const kept = known === undefined || lost ? this.#open(name, place) : known;
    clearTimeout(kept.idle);
    kept.uses += 1;
    try {
      await orAborted(
        kept.publisher.then((publisher) => {
          kept.opened = publisher;
          return publisher.publish(message);
        }),
        signal,
      );
    } catch (error) {
      this.#giveUp(name, kept);
      throw error;
    } finally {
      kept.uses -= 1;
      if (kept.uses === 0 && this.#kept.get(name) === kept) {
        kept.idle = setTimeout(() => this.#giveUp(name, kept), this.#idleMs);
        kept.idle.unref();
      }
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const [name, kept] of this.#kept) this.#giveUp(name, kept);
    await Promise.all(this.#closing);
  }

  #open(name: string, place: BrokerPlace): Kept {
    if (this.#kept.size >= connectionsMax)
      throw new Error(`at most ${connectionsMax} connections to message brokers at one time`);
    const kept: Kept = { publisher: openPublisher(place), uses: 0 };
    this.#kept.set(name, kept);
    return kept;
  }

  #giveUp(name: string, kept: Kept): void {
    clearTimeout(kept.idle);
    if (this.#kept.get(name) !== kept) return;
    this.#kept.delete(name);
    // Nobody waits for the end of a connection that is of no use any more, or never was one.
    const closed = kept.publisher.then((publisher) => publisher.close()).catch(() => undefined);
    const closing = within(closeMs, closed).finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
  }
}
