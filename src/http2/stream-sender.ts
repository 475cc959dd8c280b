/** The answer of a stream on its way out, within the windows of the stream and of its connection (RFC 9113, 5.2). */
import type { Connection } from "./connection.ts";
import { Flag, FrameType, frameHeadBytes, headerFrames, headOf, putHead } from "./frames.ts";
import { windowBytesMax } from "./settings.ts";
import type { Stream } from "./stream.ts";

const nothing: readonly Uint8Array[] = [];

export class StreamSender {
  readonly #stream: Stream;
  readonly #connection: Connection;
  /** How many bytes the peer takes. */
  #window: number;
  /** Bound: what the writer adds before it waits until all was sent. */
  #chunks: readonly Uint8Array[] = nothing;
  #waitingBytes = 0;
  #sentBytes = 0;
  #isBegun = false;
  #isEnding = false;
  #trailers: Uint8Array | undefined;
  #drained: PromiseWithResolvers<void> | undefined;

  constructor(stream: Stream, connection: Connection) {
    this.#stream = stream;
    this.#connection = connection;
    this.#window = connection.peer.initialWindowBytes;
  }

  get isBegun(): boolean {
    return this.#isBegun;
  }

  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  get sentBytes(): number {
    return this.#sentBytes;
  }

  /** Whether there is a frame that the stream's own window lets pass. */
  get canSend(): boolean {
    return this.#waitingBytes > 0 && this.#window > 0;
  }

  respond(head: Uint8Array): void {
    if (this.#isBegun) return;
    this.#isBegun = true;
    this.#sendBlock(this.#connection.ownBlock(head), false);
  }

  write(chunk: Uint8Array): void {
    if (this.#isEnding || chunk.length === 0) return;
    this.#chunks = this.#waitingBytes === 0 ? [chunk] : [...this.#chunks, chunk];
    this.#waitingBytes += chunk.length;
    this.#connection.wantsToSend(this.#stream);
  }

  end(trailers: Uint8Array | undefined): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    this.#trailers = trailers;
    if (this.#waitingBytes === 0) this.#finish();
  }

  answer(head: Uint8Array, body: Uint8Array, trailers: Uint8Array): void {
    const connection = this.#connection;
    const block = connection.ownBlock(head);
    const longest = Math.max(block.length, body.length, trailers.length);
    const isShort = longest <= connection.peer.payloadBytesMax && body.length <= this.#window;
    if (this.#isBegun || !isShort || !connection.maySendNow(body.length)) {
      if (this.#isBegun) return;
      this.#isBegun = true;
      this.#sendBlock(block, false);
      this.write(body);
      this.end(trailers);
      return;
    }
    this.#isBegun = true;
    this.#isEnding = true;
    const { id } = this.#stream;
    const bodyAt = frameHeadBytes + block.length;
    const trailersAt = bodyAt + frameHeadBytes + body.length;
    const bytes = Buffer.allocUnsafe(trailersAt + frameHeadBytes + trailers.length);
    putHead(bytes, 0, block.length, FrameType.headers, Flag.endHeaders, id);
    bytes.set(block, frameHeadBytes);
    putHead(bytes, bodyAt, body.length, FrameType.data, 0, id);
    bytes.set(body, bodyAt + frameHeadBytes);
    putHead(bytes, trailersAt, trailers.length, FrameType.headers, Flag.endHeaders | Flag.endStream, id);
    bytes.set(trailers, trailersAt + frameHeadBytes);
    this.#window -= body.length;
    connection.dataSent(body.length);
    connection.send(bytes);
    this.#stream.answerEnded();
  }

  /** @returns whether the window may be so large */
  widen(bytes: number): boolean {
    this.#window += bytes;
    if (this.#window > windowBytesMax) return false;
    if (this.canSend) this.#connection.wantsToSend(this.#stream);
    return true;
  }

  /** @returns how many bytes of DATA were sent */
  sendFrame(bytesMax: number): number {
    const [chunk] = this.#chunks;
    if (chunk === undefined) return 0;
    const length = Math.min(chunk.length, bytesMax, this.#window, this.#connection.peer.payloadBytesMax);
    if (length <= 0) return 0;
    const isLast = length === this.#waitingBytes;
    const ends = isLast && this.#isEnding && this.#trailers === undefined;
    this.#chunks =
      length === chunk.length ? this.#chunks.slice(1) : [chunk.subarray(length), ...this.#chunks.slice(1)];
    this.#waitingBytes -= length;
    this.#sentBytes += length;
    this.#window -= length;
    this.#connection.dataSent(length);
    this.#connection.send(headOf(length, FrameType.data, ends ? Flag.endStream : 0, this.#stream.id));
    this.#connection.send(length === chunk.length ? chunk : chunk.subarray(0, length));
    if (!isLast) return length;
    this.#chunks = nothing;
    if (ends) this.#stream.answerEnded();
    else if (this.#isEnding) this.#finish();
    this.#wake();
    return length;
  }

  drained(): Promise<void> {
    if (this.#waitingBytes === 0) return Promise.resolve();
    this.#drained ??= Promise.withResolvers();
    return this.#drained.promise;
  }

  close(): void {
    this.#chunks = nothing;
    this.#waitingBytes = 0;
    this.#isEnding = true;
    this.#wake();
  }

  #finish(): void {
    const { id } = this.#stream;
    if (this.#trailers === undefined) this.#connection.send(headOf(0, FrameType.data, Flag.endStream, id));
    else this.#sendBlock(this.#isBegun ? this.#trailers : this.#connection.ownBlock(this.#trailers), true);
    this.#isBegun = true;
    this.#stream.answerEnded();
  }

  #sendBlock(block: Uint8Array, endStream: boolean): void {
    const { payloadBytesMax } = this.#connection.peer;
    this.#connection.send(headerFrames(this.#stream.id, block, { endStream, payloadBytesMax }));
  }

  #wake(): void {
    this.#drained?.resolve();
    this.#drained = undefined;
  }
}
