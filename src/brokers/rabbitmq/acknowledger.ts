/** Which messages of an AMQP channel are done, and which acknowledgement that allows. */

/** Acknowledges in the order in which messages came, several at once: up to the last one before which all are done. */
export class Acknowledger {
  readonly #ackUpTo: (tag: number) => void;
  /** Received and not acknowledged, the oldest first; bounded by the prefetch. */
  readonly #open = new Map<number, boolean>();

  constructor(ackUpTo: (tag: number) => void) {
    this.#ackUpTo = ackUpTo;
  }

  received(tag: number): void {
    this.#open.set(tag, false);
  }

  done(tags: readonly number[]): void {
    for (const tag of tags) this.#open.set(tag, true);
    let last: number | undefined;
    for (const [tag, done] of this.#open) {
      if (!done) break;
      last = tag;
      this.#open.delete(tag);
    }
    if (last !== undefined) this.#ackUpTo(last);
  }
}
