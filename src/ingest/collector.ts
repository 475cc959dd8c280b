/**
 * A collector: the bounded queue between the log and an aggregator, for the messages whose ids hash to it. It is read as an
 * async iterable of its partition of each batch.
 *
 * Full: `eventsMax` of its events are in the open batch. Then the batch has to be closed, and the log waits. So a message
 * that floods its collector makes batches shorter, and delays others by one such batch at most.
 */
import type { SequencedEvent } from "../core/event.ts";

export class Collector implements AsyncIterable<readonly SequencedEvent[]> {
  readonly #eventsMax: number;
  /** Its partition of the open batch. */
  #open: SequencedEvent[] = [];
  /** Its partitions of closed batches that are not read yet. */
  readonly #closed: SequencedEvent[][] = [];
  #size = 0;
  #events = 0;
  #timesFull = 0;
  #ended = false;
  #arrival: PromiseWithResolvers<void> | undefined;

  constructor(eventsMax: number) {
    this.#eventsMax = eventsMax;
  }

  /** Events that wait. */
  get size(): number {
    return this.#size;
  }

  /** Events that came, and how often it was full, since the start. */
  get totals(): { readonly events: number; readonly timesFull: number } {
    return { events: this.#events, timesFull: this.#timesFull };
  }

  /** @returns whether it is full now */
  push(event: SequencedEvent): boolean {
    this.#size += 1;
    this.#events += 1;
    const full = this.#open.push(event) >= this.#eventsMax;
    if (full) this.#timesFull += 1;
    return full;
  }

  /** Closes its partition of the batch, which may be empty. */
  close(): void {
    this.#closed.push(this.#open);
    this.#open = [];
    this.#arrival?.resolve();
  }

  /** No batch follows those that are closed. */
  end(): void {
    this.#ended = true;
    this.#arrival?.resolve();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<readonly SequencedEvent[], void, undefined> {
    for (;;) {
      const partition = this.#closed.shift();
      if (partition !== undefined) {
        this.#size -= partition.length;
        yield partition;
      } else if (this.#ended) {
        return;
      } else {
        this.#arrival = Promise.withResolvers();
        await this.#arrival.promise;
      }
    }
  }
}
