/** A request and its answer: one stream of a connection (RFC 9113, 5.1). */
import type { Connection } from "./connection.ts";
import { ErrorCode } from "./errors.ts";
import type { RequestHead, RequestHeaders } from "./request-head.ts";
import { StreamSender } from "./stream-sender.ts";

/** Takes a request's body. */
export interface BodyReader {
  /** @param chunk may be kept */
  data(chunk: Buffer): void;
  /** The body is complete. Where it never will be, the stream is closed. */
  end(): void;
}

/** Less is kept in pieces of this size, not in one of a few bytes each. */
const gatherBytes = 1024;
/** What comes in shorter chunks stays in them. */
const chunkBytesMin = 16 * 1024;

export class Stream {
  readonly id: number;
  readonly connection: Connection;
  readonly headers: RequestHeaders;
  readonly #sender: StreamSender;
  #reader: BodyReader | undefined;
  #isPaused = false;
  /** What has come and was not read. Bound: the window of a stream. */
  #unread: Buffer[] = [];
  /** Of it, so many bytes, the first ones, take nothing of the connection's window. */
  #asideBytes = 0;
  #isAside = false;
  /** How many bytes the peer may still send. */
  #window: number;
  /** Of what was read, the bytes that the peer does not know of. */
  #read = 0;
  /** Of the body, by its `content-length`; -1 without one. */
  #contentLeft: number;
  #hasBody = false;
  #isRequestEnded = false;
  #isClosed = false;
  #closed: ((stream: Stream) => void)[] | undefined;

  constructor(connection: Connection, id: number, head: RequestHead) {
    this.connection = connection;
    this.id = id;
    this.headers = head.headers;
    this.#contentLeft = head.contentBytes;
    this.#window = connection.streamWindowBytes;
    this.#sender = new StreamSender(this, connection);
  }

  /** Whether nothing can be sent any more: the answer is complete, or either end has given the stream up. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Whether the client has sent the whole request. */
  get isRequestEnded(): boolean {
    return this.#isRequestEnded;
  }

  /** Whether a part of the body has come, or its end. */
  get hasBegun(): boolean {
    return this.#hasBody || this.#isRequestEnded;
  }

  get isAnswered(): boolean {
    return this.#sender.isBegun;
  }

  /** The bytes of the answer that were not sent yet. */
  get waitingBytes(): number {
    return this.#sender.waitingBytes;
  }

  /** The bytes of the answer that were sent while others waited. */
  get sentBytes(): number {
    return this.#sender.sentBytes;
  }

  /** Passes the body on to a reader: what has come, and what will come. */
  read(reader: BodyReader): void {
    this.#reader = reader;
    this.#passOn();
  }

  /** The reader gets nothing until `resume`; the client is stopped by the window. */
  pause(): void {
    this.#isPaused = true;
  }

  /**
   * Pauses it, and gives the connection's window back what has come and will come of it until `resume`: for one that waits for what
   * other streams of its connection have, which come to their end only if there is room for them. Its caller has to bound
   * the number of such streams.
   */
  setAside(): void {
    this.#isPaused = true;
    this.#isAside = true;
    let bytes = -this.#asideBytes;
    for (const chunk of this.#unread) bytes += chunk.length;
    this.#asideBytes += bytes;
    this.connection.dataRead(bytes);
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#isAside = false;
    this.#passOn();
  }

  /** Calls a listener when the stream is closed; at once where it is. */
  onClose(listener: (stream: Stream) => void): void {
    if (this.#isClosed) listener(this);
    else if (this.#closed === undefined) this.#closed = [listener];
    else this.#closed.push(listener);
  }

  /** Begins the answer. @param head a block of `encodeFields` */
  respond(head: Uint8Array): void {
    if (!this.#isClosed) this.#sender.respond(head);
  }

  /**
   * Sends a part of the answer.
   *
   * @param chunk not to be changed after the call
   * @returns whether all was sent; else `drained` resolves when it is
   */
  write(chunk: Uint8Array): boolean {
    if (!this.#isClosed) this.#sender.write(chunk);
    return this.#sender.waitingBytes === 0;
  }

  /** Resolves when all has been sent, or the stream is closed. */
  drained(): Promise<void> {
    return this.#sender.drained();
  }

  /** Ends the answer. @param trailers a block of `encodeFields` */
  end(trailers?: Uint8Array): void {
    if (!this.#isClosed) this.#sender.end(trailers);
  }

  /** An answer as a whole: for many the only thing that is sent, so it takes the shortest way. */
  answer(head: Uint8Array, body: Uint8Array, trailers: Uint8Array): void {
    if (!this.#isClosed) this.#sender.answer(head, body, trailers);
  }

  /** Gives the stream up. */
  reset(code: ErrorCode): void {
    if (!this.#isClosed) this.connection.resetStream(this, code);
  }

  /** DATA begins. @returns the error of the stream, if it is one */
  dataBegins(length: number): ErrorCode | undefined {
    if (this.#isRequestEnded) return ErrorCode.streamClosed;
    this.#window -= length;
    return this.#window < 0 ? ErrorCode.flowControlError : undefined;
  }

  /** @returns whether it is as long as announced so far */
  dataCame(bytes: Buffer): boolean {
    if (this.#isClosed) {
      this.connection.dataRead(bytes.length);
      return true;
    }
    if (this.#contentLeft >= 0) {
      this.#contentLeft -= bytes.length;
      if (this.#contentLeft < 0) {
        this.connection.dataRead(bytes.length);
        return false;
      }
    }
    this.#hasBody = true;
    const own = ownOf(bytes);
    if (this.#reader === undefined || this.#isPaused) {
      this.#keep(own);
      return true;
    }
    // Before the reader, which may free it.
    this.connection.dataRead(own.length);
    this.#credit(own.length);
    this.#reader.data(own);
    return true;
  }

  paddingCame(bytes: number): void {
    this.connection.dataRead(bytes);
    this.#credit(bytes);
  }

  /** @returns whether the body is as long as announced */
  requestEnds(): boolean {
    if (this.#contentLeft > 0) return false;
    this.#isRequestEnded = true;
    this.#passOn();
    return true;
  }

  /** The peer may be sent more, or less. @returns whether it may be sent so much */
  widen(bytes: number): boolean {
    return this.#sender.widen(bytes);
  }

  /** Sends a frame of DATA, of at most so many bytes. For the connection, which divides what may be sent. */
  sendFrame(bytesMax: number): number {
    return this.#sender.sendFrame(bytesMax);
  }

  get canSend(): boolean {
    return this.#sender.canSend;
  }

  /** The answer has been handed over. */
  answerEnded(): void {
    if (this.#isRequestEnded) this.connection.streamEnded(this);
    // The client is asked to stop sending (RFC 9113, 8.1).
    else this.connection.resetStream(this, ErrorCode.noError);
  }

  /** Called once by the connection, when it has forgotten the stream. */
  close(): void {
    this.#isClosed = true;
    for (const chunk of this.#unread) this.#release(chunk.length);
    this.#unread = [];
    this.#sender.close();
    const listeners = this.#closed;
    this.#closed = undefined;
    if (listeners !== undefined) for (const listener of listeners) listener(this);
  }

  #keep(bytes: Buffer): void {
    if (this.#isAside) {
      this.#asideBytes += bytes.length;
      this.connection.dataRead(bytes.length);
    }
    const last = this.#unread.at(-1);
    if (last !== undefined && last.length + bytes.length <= gatherBytes) {
      this.#unread[this.#unread.length - 1] = Buffer.concat([last, bytes]);
    } else {
      this.#unread.push(bytes);
    }
  }

  /** Passes on what is there, and the end once. */
  #passOn(): void {
    while (this.#unread.length > 0) {
      if (this.#isPaused || this.#isClosed || this.#reader === undefined) return;
      const chunk = this.#unread.shift() as Buffer;
      this.#release(chunk.length);
      this.#credit(chunk.length);
      this.#reader.data(chunk);
    }
    if (!this.#isRequestEnded || this.#isPaused || this.#isClosed || this.#reader === undefined) return;
    const reader = this.#reader;
    this.#reader = undefined;
    reader.end();
  }

  /** So many bytes were taken off what was kept. */
  #release(bytes: number): void {
    const aside = Math.min(bytes, this.#asideBytes);
    this.#asideBytes -= aside;
    this.connection.dataRead(bytes - aside);
  }

  /** So many bytes have been read: the peer may send as many again on this stream. */
  #credit(bytes: number): void {
    if (this.#isRequestEnded || this.#isClosed) return;
    this.#read += bytes;
    if (this.#read < this.connection.streamWindowBytes / 2) return;
    this.#window += this.#read;
    this.connection.sendWindowUpdate(this.id, this.#read);
    this.#read = 0;
  }
}

/** The bytes without the chunk that they came in, where it has several times as many: to keep them would be to keep all of it. */
function ownOf(bytes: Buffer): Buffer {
  const chunkBytes = bytes.buffer.byteLength;
  return chunkBytes > chunkBytesMin && chunkBytes > 4 * bytes.length ? Buffer.from(bytes) : bytes;
}
