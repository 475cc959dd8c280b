/** Handles the frames that a client sends, by their types (RFC 9113, 6). */
import type { Connection } from "./connection.ts";
import { ConnectionError, ErrorCode } from "./errors.ts";
import type { FrameHandler } from "./frame-reader.ts";
import { Flag, FrameType, ping } from "./frames.ts";
import { dependsOn, HeaderAssembly, type HeaderBlock } from "./header-assembly.ts";
import { settingsAck, windowBytesMax } from "./settings.ts";
import type { Stream } from "./stream.ts";
import { StreamOpener } from "./stream-opener.ts";

export class Receiver implements FrameHandler {
  readonly #connection: Connection;
  readonly #assembly = new HeaderAssembly();
  readonly #opener: StreamOpener;
  #window: number;
  #isGreeted = false;
  /** Of the DATA frame that is under way; `undefined` where its data are dropped. */
  #dataStream: Stream | undefined;
  #hasData = false;

  constructor(connection: Connection, windowBytes: number) {
    this.#connection = connection;
    this.#window = windowBytes;
    this.#opener = new StreamOpener(connection);
  }

  /** The client's settings have come. */
  get isGreeted(): boolean {
    return this.#isGreeted;
  }

  /** The stream whose header block is under way. */
  get blockWithin(): number | undefined {
    return this.#assembly.streamId;
  }

  /** The last stream that was begun. */
  get lastStreamId(): number {
    return this.#opener.lastStreamId;
  }

  /** How many bytes of DATA the client may still send on all streams. */
  get window(): number {
    return this.#window;
  }

  /** A stream was reset by this end: what the client has sent before it knows is dropped. */
  willIgnore(streamId: number): void {
    this.#opener.willIgnore(streamId);
  }

  widen(bytes: number): void {
    this.#window += bytes;
  }

  frame(type: number, flags: number, streamId: number, payload: Buffer): void {
    if (this.#connection.isOver) return;
    this.#assertOrder(type, flags, streamId);
    switch (type) {
      case FrameType.headers:
        this.#block(this.#assembly.headers(streamId, flags, payload));
        break;
      case FrameType.continuation:
        this.#block(this.#assembly.continuation(streamId, flags, payload));
        break;
      case FrameType.rstStream:
        this.#rstStream(streamId, payload);
        break;
      case FrameType.settings:
        this.#settings(flags, streamId, payload);
        break;
      case FrameType.ping:
        this.#ping(flags, streamId, payload);
        break;
      case FrameType.goaway:
        this.#goaway(streamId, payload);
        break;
      case FrameType.windowUpdate:
        this.#windowUpdate(streamId, payload);
        break;
      case FrameType.priority:
        this.#priority(streamId, payload);
        break;
      case FrameType.pushPromise:
        throw wrong("a client pushes nothing");
      default:
        // Extensions are ignored (5.5).
        this.#spend();
    }
  }

  dataBegin(streamId: number, length: number, flags: number): void {
    if (this.#connection.isOver) return;
    this.#assertOrder(FrameType.data, flags, streamId);
    this.#window -= length;
    if (this.#window < 0) throw new ConnectionError(ErrorCode.flowControlError, "more DATA than the window");
    this.#hasData = false;
    const stream = this.#connection.streams.get(streamId);
    this.#dataStream = stream;
    if (stream === undefined) {
      this.#opener.assertKnown(streamId, "DATA");
      this.#spend();
      if (!this.#opener.isIgnored(streamId)) this.#opener.refuse(streamId, ErrorCode.streamClosed);
      return;
    }
    const error = stream.dataBegins(length);
    if (error !== undefined) this.#fault(stream, error);
  }

  data(_: number, bytes: Buffer): void {
    this.#hasData = true;
    const stream = this.#dataStream;
    if (stream === undefined) this.#connection.dataRead(bytes.length);
    else if (!stream.dataCame(bytes)) this.#fault(stream, ErrorCode.protocolError);
  }

  padding(_: number, bytes: number): void {
    if (this.#dataStream === undefined) this.#connection.dataRead(bytes);
    else this.#dataStream.paddingCame(bytes);
  }

  dataEnd(_: number, flags: number): void {
    const stream = this.#dataStream;
    this.#dataStream = undefined;
    if ((flags & Flag.endStream) === 0) {
      if (!this.#hasData) this.#spend();
      return;
    }
    if (stream === undefined || stream.isClosed) return;
    if (!stream.requestEnds()) this.#fault(stream, ErrorCode.protocolError);
  }

  #assertOrder(type: number, flags: number, streamId: number): void {
    if (!this.#isGreeted && (type !== FrameType.settings || (flags & Flag.ack) !== 0)) {
      throw wrong("the first frame must be SETTINGS");
    }
    const open = this.#assembly.streamId;
    if (open !== undefined && (type !== FrameType.continuation || streamId !== open)) {
      throw wrong("a header block must go on with CONTINUATION");
    }
  }

  #block(block: HeaderBlock | undefined): void {
    if (block !== undefined) this.#opener.headers(block);
  }

  #rstStream(streamId: number, payload: Buffer): void {
    if (streamId === 0) throw wrong("RST_STREAM on stream 0");
    if (payload.length !== 4) throw wrongSize("RST_STREAM");
    this.#opener.assertKnown(streamId, "RST_STREAM");
    const stream = this.#connection.streams.get(streamId);
    if (stream === undefined) {
      this.#spend();
    } else {
      this.#opener.spendReset();
      this.#connection.forget(stream);
    }
  }

  #settings(flags: number, streamId: number, payload: Buffer): void {
    if (streamId !== 0) throw wrong("SETTINGS on a stream");
    if ((flags & Flag.ack) !== 0) {
      if (payload.length > 0) throw wrongSize("the answer to SETTINGS");
      this.#spend();
      return;
    }
    if (this.#isGreeted) this.#spend();
    this.#isGreeted = true;
    const { peer, streams } = this.#connection;
    const former = peer.initialWindowBytes;
    peer.apply(payload);
    this.#connection.send(settingsAck);
    const more = peer.initialWindowBytes - former;
    if (more === 0) return;
    // Sending may end some.
    for (const stream of [...streams.values()]) {
      if (!stream.widen(more)) {
        throw new ConnectionError(ErrorCode.flowControlError, "SETTINGS make a window too large");
      }
    }
  }

  #ping(flags: number, streamId: number, payload: Buffer): void {
    if (streamId !== 0) throw wrong("PING on a stream");
    if (payload.length !== 8) throw wrongSize("PING");
    this.#spend();
    if ((flags & Flag.ack) !== 0) this.#connection.pinged(payload);
    else this.#connection.send(ping(payload, true));
  }

  #goaway(streamId: number, payload: Buffer): void {
    if (streamId !== 0) throw wrong("GOAWAY on a stream");
    if (payload.length < 8) throw wrongSize("GOAWAY");
    this.#spend();
    this.#connection.peerRetired();
  }

  #windowUpdate(streamId: number, payload: Buffer): void {
    if (payload.length !== 4) throw wrongSize("WINDOW_UPDATE");
    this.#spend();
    const bytes = payload.readUInt32BE(0) & windowBytesMax;
    if (streamId === 0) {
      if (bytes === 0) throw wrong("WINDOW_UPDATE of nothing");
      if (this.#connection.widen(bytes)) return;
      throw new ConnectionError(ErrorCode.flowControlError, "WINDOW_UPDATE makes the window too large");
    }
    this.#opener.assertKnown(streamId, "WINDOW_UPDATE");
    const stream = this.#connection.streams.get(streamId);
    if (stream === undefined) return;
    if (bytes === 0) this.#fault(stream, ErrorCode.protocolError);
    else if (!stream.widen(bytes)) this.#fault(stream, ErrorCode.flowControlError);
  }

  /** Heeded no more since RFC 9113; its form is checked. */
  #priority(streamId: number, payload: Buffer): void {
    if (streamId === 0) throw wrong("PRIORITY on stream 0");
    this.#spend();
    if (payload.length === 5 && dependsOn(payload, 0) !== streamId) return;
    const code = payload.length === 5 ? ErrorCode.protocolError : ErrorCode.frameSizeError;
    const stream = this.#connection.streams.get(streamId);
    if (stream !== undefined) this.#fault(stream, code);
    else if (this.#opener.isKnown(streamId)) this.#opener.refuse(streamId, code);
    // A stream that is idle cannot be reset.
    else throw new ConnectionError(code, "PRIORITY is wrong");
  }

  /** The client's fault ends a stream. */
  #fault(stream: Stream, code: ErrorCode): void {
    if (stream.isClosed) return;
    this.#opener.spendReset();
    stream.reset(code);
  }

  /** A frame that brings nothing. */
  #spend(): void {
    if (this.#connection.budget.spendFrame()) return;
    throw new ConnectionError(ErrorCode.enhanceYourCalm, "too many control frames");
  }
}

function wrong(message: string): ConnectionError {
  return new ConnectionError(ErrorCode.protocolError, message);
}

function wrongSize(name: string): ConnectionError {
  return new ConnectionError(ErrorCode.frameSizeError, `${name} has a wrong length`);
}
