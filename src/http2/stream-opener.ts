/** Opens streams by header blocks, and knows of each number whether it is still to come, open or over (RFC 9113, 5.1). */
import type { Connection } from "./connection.ts";
import { ConnectionError, ErrorCode } from "./errors.ts";
import { rstStream } from "./frames.ts";
import type { HeaderBlock } from "./header-assembly.ts";
import { type Fields, HpackDecoder } from "./hpack-decoder.ts";
import { encodeFields } from "./hpack-encoder.ts";
import { areTrailers, type RequestHead, requestHead } from "./request-head.ts";
import { headerTableBytesDefault } from "./settings.ts";
import { Stream } from "./stream.ts";

/** Of the streams that this end has reset, so many are remembered, for frames that were under way. */
const ignoredMax = 1_000;
/** A longer block is not compared with the next: it is one with contents of its own. */
const repeatedBytesMax = 512;

const headersTooLarge = encodeFields([[":status", "431"]]);

export class StreamOpener {
  readonly #connection: Connection;
  readonly #decoder: HpackDecoder;
  #lastStreamId = 0;
  /** The numbers that the client has left out last: `#skippedFrom` to before `#lastStreamId` at that time. */
  #skippedFrom = 0;
  #skippedTo = 0;
  readonly #ignored = new Set<number>();
  /** The last block without an entry for the table: many clients send the same one for each call. */
  #repeated: { readonly block: Buffer; readonly head: RequestHead; readonly changes: number } | undefined;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#decoder = new HpackDecoder(headerTableBytesDefault, connection.options.headerListBytesMax);
  }

  get lastStreamId(): number {
    return this.#lastStreamId;
  }

  willIgnore(streamId: number): void {
    if (this.#ignored.size >= ignoredMax) {
      const [oldest] = this.#ignored;
      if (oldest !== undefined) this.#ignored.delete(oldest);
    }
    this.#ignored.add(streamId);
  }

  isIgnored(streamId: number): boolean {
    return this.#ignored.has(streamId);
  }

  /** Whether the client has begun such a stream, or has left it out. */
  isKnown(streamId: number): boolean {
    return streamId <= this.#lastStreamId && streamId % 2 === 1;
  }

  /** @throws `ConnectionError` for a stream that is still to come */
  assertKnown(streamId: number, name: string): void {
    if (!this.isKnown(streamId)) {
      throw new ConnectionError(ErrorCode.protocolError, `${name} on a stream that was not begun`);
    }
  }

  /** Answers a frame on a stream that is over. */
  refuse(streamId: number, code: ErrorCode): void {
    this.spendReset();
    this.willIgnore(streamId);
    this.#connection.send(rstStream(streamId, code));
  }

  /** A stream ends with an error of the client's making. */
  spendReset(): void {
    if (this.#connection.budget.spendReset()) return;
    throw new ConnectionError(ErrorCode.enhanceYourCalm, "too many streams were given up");
  }

  headers(block: HeaderBlock): void {
    const { streamId } = block;
    const stream = this.#connection.streams.get(streamId);
    if (stream !== undefined) this.#trailers(stream, block);
    else if (streamId <= this.#lastStreamId) this.#late(block);
    else this.#begin(block);
  }

  #begin({ streamId, block, endStream, isOwnParent }: HeaderBlock): void {
    if (streamId > this.#lastStreamId + 2) {
      this.#skippedFrom = this.#lastStreamId;
      this.#skippedTo = streamId;
    }
    this.#lastStreamId = streamId;
    const head = this.#headOf(block);
    // It began before the client has read that this end takes no more; it will begin it elsewhere.
    if (this.#connection.isRetired) {
      this.willIgnore(streamId);
      return;
    }
    const isMalformed = isOwnParent || head === undefined || (endStream && lacksBody(head));
    if (isMalformed) this.refuse(streamId, ErrorCode.protocolError);
    else if (!this.#connection.hasRoomForCall) this.refuse(streamId, ErrorCode.refusedStream);
    else this.#open(streamId, endStream, head);
  }

  #open(streamId: number, endStream: boolean, head: RequestHead | "too large"): void {
    const { options, streams, budget } = this.#connection;
    budget.requestCame();
    const stream = new Stream(this.#connection, streamId, head === "too large" ? noHead : head);
    streams.set(streamId, stream);
    if (endStream) stream.requestEnds();
    if (head === "too large") {
      this.spendReset();
      stream.end(headersTooLarge);
    } else {
      options.onStream(stream);
    }
  }

  /** Fields behind the body, which end the request. */
  #trailers(stream: Stream, { block, endStream, isOwnParent }: HeaderBlock): void {
    const fields = this.#decoder.decode(block);
    const valid = endStream && !isOwnParent && fields !== undefined && areTrailers(fields);
    if (stream.isRequestEnded) this.#fault(stream, ErrorCode.streamClosed);
    else if (!valid || !stream.requestEnds()) this.#fault(stream, ErrorCode.protocolError);
  }

  /** HEADERS on a stream that is over: trailers that were under way, or a fault. */
  #late({ streamId, block }: HeaderBlock): void {
    this.#decoder.decode(block);
    if (this.isIgnored(streamId)) {
      this.spendReset();
      return;
    }
    const wasSkipped = streamId > this.#skippedFrom && streamId < this.#skippedTo;
    throw new ConnectionError(
      wasSkipped ? ErrorCode.protocolError : ErrorCode.streamClosed,
      `HEADERS on stream ${streamId}, which is over`,
    );
  }

  #fault(stream: Stream, code: ErrorCode): void {
    this.spendReset();
    stream.reset(code);
  }

  /** `undefined` for a malformed request. */
  #headOf(block: Buffer): RequestHead | "too large" | undefined {
    const repeated = this.#repeated;
    if (repeated?.changes === this.#decoder.changes && repeated.block.equals(block)) return repeated.head;
    const before = this.#decoder.changes;
    const fields: Fields = this.#decoder.decode(block);
    if (fields === undefined) return "too large";
    const head = requestHead(fields);
    if (head !== undefined && before === this.#decoder.changes && block.length <= repeatedBytesMax) {
      this.#repeated = { block: Buffer.from(block), head, changes: before };
    }
    return head;
  }
}

const noHead: RequestHead = { headers: {}, contentBytes: -1 };

/** Whether a request without a body has announced one. */
function lacksBody(head: RequestHead | "too large"): boolean {
  return head !== "too large" && head.contentBytes > 0;
}
