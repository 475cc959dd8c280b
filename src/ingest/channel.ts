/**
 * A bounded queue between two loops of one thread, read as an async iterable of everything that waits.
 *
 * Full: `push` says when there is room again, and a producer that waits for it keeps the bound. The bound is soft by
 * the one item that was pushed to find the channel full. Closed: what waits is still delivered, then iteration ends.
 */
export class Channel<T> implements AsyncIterable<readonly T[]> {
  readonly #itemsMax: number;
  #items: T[] = [];
  #closed = false;
  #arrival: PromiseWithResolvers<void> | undefined;
  #room: PromiseWithResolvers<void> | undefined;

  constructor(itemsMax: number) {
    this.#itemsMax = itemsMax;
  }

  /** Items that wait. */
  get size(): number {
    return this.#items.length;
  }

  /** @returns nothing while there is room; else a promise that resolves when there is. */
  push(item: T): Promise<void> | undefined {
    if (this.#closed) throw new Error("push on a closed channel");
    this.#items.push(item);
    this.#arrival?.resolve();
    this.#arrival = undefined;
    if (this.#items.length < this.#itemsMax) return undefined;
    this.#room ??= Promise.withResolvers();
    return this.#room.promise;
  }

  close(): void {
    this.#closed = true;
    this.#arrival?.resolve();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<readonly T[], void, undefined> {
    for (;;) {
      if (this.#items.length > 0) {
        const items = this.#items;
        this.#items = [];
        this.#room?.resolve();
        this.#room = undefined;
        yield items;
      } else if (this.#closed) {
        return;
      } else {
        this.#arrival ??= Promise.withResolvers();
        await this.#arrival.promise;
      }
    }
  }
}
