/** The body of a stream as chunks to be iterated over. While nobody asks for the next one the client is stopped by its window. */
import { createContextKey } from "@connectrpc/connect";
import type { Stream } from "../../http2/stream.ts";
import { goneError } from "./error.ts";

type Result = IteratorResult<Uint8Array, undefined>;

const done: Result = { done: true, value: undefined };

/** To be called before a body waits for what others have: see `StreamBody.setAside`. Over other transports it does nothing. */
export const setAsideKey = createContextKey<() => void>(() => undefined, { description: "set aside" });

export class StreamBody implements AsyncIterableIterator<Uint8Array, undefined> {
  readonly #stream: Stream;
  /** At most one: the stream is paused with it. */
  #chunk: Uint8Array | undefined;
  #isEnded = false;
  #waiting: PromiseWithResolvers<Result> | undefined;

  constructor(stream: Stream) {
    this.#stream = stream;
    stream.pause();
    stream.read({ data: (chunk) => this.#came(chunk), end: () => this.#ended() });
    // An early end means that the client has gone.
    stream.onClose(() => this.#waiting?.reject(goneError()));
  }

  /** Rejects with CANCELED when the client is gone. */
  async next(): Promise<Result> {
    const chunk = this.#chunk;
    if (chunk !== undefined) {
      this.#chunk = undefined;
      return { done: false, value: chunk };
    }
    if (this.#isEnded) return done;
    if (this.#stream.isClosed) throw goneError();
    this.#waiting = Promise.withResolvers();
    const { promise } = this.#waiting;
    this.#stream.resume();
    return promise;
  }

  /** Until the next chunk is asked for, what comes takes nothing of the connection's window: see `Stream.setAside`. */
  setAside(): void {
    if (this.#waiting === undefined && !this.#isEnded) this.#stream.setAside();
  }

  /** The end of reading does not end the answer. What comes is dropped, so that it takes nothing of the connection's window. */
  async return(): Promise<Result> {
    this.#isEnded = true;
    this.#chunk = undefined;
    this.#stream.read({ data() {}, end() {} });
    this.#stream.resume();
    return done;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #came(chunk: Uint8Array): void {
    this.#stream.pause();
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting === undefined) this.#chunk = chunk;
    else waiting.resolve({ done: false, value: chunk });
  }

  #ended(): void {
    this.#isEnded = true;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.resolve(done);
  }
}
