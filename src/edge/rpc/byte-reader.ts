/** Reads a stream of chunks by lengths, within a time for each. */
import { MarsError } from "../../core/error.ts";
import { gather, join } from "../free.ts";
import { bodyTimeoutMsFor } from "../intake.ts";

export class ByteReader {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #received: Uint8Array<ArrayBuffer>[] = [];
  #length = 0;

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /**
   * So many bytes, or fewer at the stream's end. Rejects with `deadline_exceeded` when they do not come in the time that
   * a body of this length may take, counted from its first byte.
   *
   * @param arrived called with the number of bytes that are there, whenever it grows; may throw
   */
  async read(length: number, arrived?: (bytes: number) => void): Promise<Uint8Array> {
    if (this.#length < length) await this.#fill(length, arrived);
    const whole = join(this.#received, this.#length);
    const taken = whole.subarray(0, length);
    const left = whole.subarray(length);
    this.#received = left.byteLength > 0 ? [left] : [];
    this.#length = left.byteLength;
    return taken;
  }

  async #fill(length: number, arrived?: (bytes: number) => void): Promise<void> {
    // The time begins with the first byte: between two messages a stream may be quiet.
    if (this.#length === 0 && (await this.#pull(this.#chunks.next()))) return;
    arrived?.(this.#length);
    if (this.#length >= length) return;
    const { promise: over, reject } = Promise.withResolvers<never>();
    const late = () => reject(new MarsError("deadline_exceeded", "message came too slowly"));
    const timer = setTimeout(late, bodyTimeoutMsFor(length));
    try {
      while (this.#length < length) {
        if (await this.#pull(Promise.race([this.#chunks.next(), over]))) return;
        arrived?.(this.#length);
      }
    } finally {
      clearTimeout(timer);
    }
  }

  /** @returns whether that was the end */
  async #pull(next: Promise<IteratorResult<Uint8Array>>): Promise<boolean> {
    const { done, value } = await next;
    if (done) return true;
    gather(this.#received, value as Uint8Array<ArrayBuffer>);
    this.#length += value.byteLength;
    return false;
  }
}
