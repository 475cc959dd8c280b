/** A connection: reads its frames, keeps its streams, and ends it in order (RFC 9113). */
import type { PeerBudget } from "./budget.ts";
import { ConnectionClock, type ConnectionTimes } from "./connection-clock.ts";
import { ConnectionError, ErrorCode } from "./errors.ts";
import { FrameReader } from "./frame-reader.ts";
import { goaway, ping, rstStream, windowUpdate } from "./frames.ts";
import { noTable } from "./hpack-encoder.ts";
import { Output } from "./output.ts";
import { Receiver } from "./receiver.ts";
import { SendQueue } from "./send-queue.ts";
import { type OwnSettings, PeerSettings, settingsFrame, windowBytesDefault } from "./settings.ts";
import type { Stream } from "./stream.ts";
import type { Transport, TransportHandler } from "./transport.ts";

export interface ConnectionOptions extends OwnSettings {
  /** Of all streams of a connection together: bytes that have come and were not read. */
  readonly connectionWindowBytes: number;
  readonly times: ConnectionTimes;
  /** A request has come; its body may follow. */
  readonly onStream: (stream: Stream) => void;
  /** The connection ends, by a fault of its client's or by one of ours. */
  readonly onFailure: (error: unknown, connection: Connection) => void;
}

const lastStreamIdMax = 2 ** 31 - 1;
/** How long a client has to read it, where it answers no PING. */
const retireMs = 1_000;
/** The name of the PING by whose answer it is known that the client has read the first GOAWAY. */
const retirePing = Buffer.from("retiring");

export class Connection implements TransportHandler {
  readonly transport: Transport;
  readonly streamWindowBytes: number;
  readonly peer = new PeerSettings();
  readonly budget: PeerBudget;
  readonly options: ConnectionOptions;
  readonly streams = new Map<number, Stream>();
  readonly #output: Output;
  readonly #queue: SendQueue;
  readonly #receiver: Receiver;
  readonly #reader: FrameReader;
  readonly #clock: ConnectionClock;
  #closed: (() => void)[] = [];
  /** Of what was read, the bytes that the peer does not know of. */
  #read = 0;
  #hasSentBlock = false;
  /** As the last GOAWAY has said; may only become smaller. */
  #lastServed = lastStreamIdMax;
  #retiringSince = 0;
  /** `retiring` until the client has seen that it should connect elsewhere; then no new stream is served. */
  #state: "open" | "retiring" | "retired" | "ending" | "closed" = "open";

  constructor(transport: Transport, budget: PeerBudget, options: ConnectionOptions) {
    this.transport = transport;
    this.budget = budget;
    this.options = options;
    this.streamWindowBytes = options.streamWindowBytes;
    this.#output = new Output(transport, {
      room: () => this.#queue.pump(),
      failed: (error) => this.fail(error),
      overflowed: () => this.fail(new ConnectionError(ErrorCode.enhanceYourCalm, "client does not read")),
    });
    this.#queue = new SendQueue(this.#output);
    this.#receiver = new Receiver(this, options.connectionWindowBytes);
    this.#reader = new FrameReader(this.#receiver);
    this.#clock = new ConnectionClock(options.times);
    this.send(settingsFrame(options));
    this.sendWindowUpdate(0, options.connectionWindowBytes - windowBytesDefault);
  }

  /** Since when there is no call, by `performance.now()`; `undefined` while there is one. */
  get idleSince(): number | undefined {
    return this.streams.size === 0 ? this.#clock.quietSince : undefined;
  }

  get isRetired(): boolean {
    return this.#state === "retired" || this.isOver;
  }

  /** Whether nothing that comes is heeded any more. */
  get isOver(): boolean {
    return this.#state === "ending" || this.#state === "closed";
  }

  /** Whether one more call may begin. */
  get hasRoomForCall(): boolean {
    return this.streams.size < this.options.streamsMax && !this.#output.isBackedUp;
  }

  onClose(listener: () => void): void {
    this.#closed.push(listener);
  }

  data(chunk: Buffer): void {
    if (this.isOver) return;
    this.#clock.came();
    try {
      this.#reader.read(chunk);
    } catch (error) {
      this.fail(error);
    }
  }

  drained(): void {
    this.#output.drained();
  }

  closed(): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#output.close();
    this.#closeStreams();
    for (const listener of this.#closed) listener();
  }

  /** Asks the client to connect elsewhere; ends when its last call has ended. */
  retire(): void {
    if (this.#state !== "open") return;
    this.#state = "retiring";
    this.#retiringSince = performance.now();
    this.send(goaway(lastStreamIdMax, ErrorCode.noError));
    this.send(ping(retirePing, false));
  }

  /** Ends the connection behind what was sent, and gives its streams up. */
  end(code: ErrorCode, reason = ""): void {
    if (this.isOver) return;
    this.#state = "ending";
    this.#goaway(code, reason);
    this.#closeStreams();
    this.#output.end();
    this.#clock.ending();
  }

  destroy(): void {
    this.transport.destroy();
    this.closed();
  }

  /** A rule was broken, or we have a fault. */
  fail(error: unknown): void {
    if (this.isOver) return;
    const known = error instanceof ConnectionError;
    this.end(known ? error.code : ErrorCode.internalError, known ? error.message : "");
    this.options.onFailure(error, this);
  }

  /** Bounds of time. To be called every second or so. */
  sweep(now: number): void {
    const act = this.#clock.check(now, {
      calls: this.streams.size,
      isGreeted: this.#receiver.isGreeted,
      within: this.#receiver.blockWithin ?? this.#reader.frameWithin,
      blockedAt: this.#output.isBlocked ? this.#output.written : undefined,
    });
    if (act === "destroy") this.destroy();
    else if (act === "late") this.end(ErrorCode.enhanceYourCalm, "too slow");
    else if (act === "idle") this.retire();
    else if (act === "ping") this.send(ping(Buffer.from("are you?"), false));
    if (this.#state === "retiring" && now - this.#retiringSince > retireMs) this.#retired();
    if (this.isOver) return;
    for (const stream of this.#queue.stalled(now, this.#clock.stallMs))
      stream.reset(ErrorCode.enhanceYourCalm);
  }

  /** An answer to a PING of ours. */
  pinged(opaque: Buffer): void {
    if (this.#state === "retiring" && opaque.equals(retirePing)) this.#retired();
  }

  /** The client starts no more streams, and ends the connection by itself; it gets a moment for that. */
  peerRetired(): void {
    if (this.#state !== "open") return;
    this.#state = "retiring";
    this.#retiringSince = performance.now();
  }

  send(frames: Uint8Array): void {
    this.#output.add(frames);
  }

  /** A header block as this connection sends it. */
  ownBlock(block: Uint8Array): Uint8Array {
    if (this.#hasSentBlock) return block;
    this.#hasSentBlock = true;
    return Buffer.concat([noTable, block]);
  }

  sendWindowUpdate(streamId: number, bytes: number): void {
    if (bytes > 0) this.send(windowUpdate(streamId, bytes));
  }

  /** DATA was read, or dropped: the peer may send as much again. */
  dataRead(bytes: number): void {
    this.#read += bytes;
    // What is not read may take more than half of the window: the peer must know of room before it has to stop.
    const enough = Math.min(this.options.connectionWindowBytes / 2, this.#receiver.window);
    if (this.#read < enough || this.#read === 0 || this.isOver) return;
    this.#receiver.widen(this.#read);
    this.sendWindowUpdate(0, this.#read);
    this.#read = 0;
  }

  maySendNow(bytes: number): boolean {
    return this.#queue.maySendNow(bytes);
  }

  wantsToSend(stream: Stream): void {
    this.#queue.add(stream);
  }

  dataSent(bytes: number): void {
    this.#queue.sent(bytes);
    this.budget.dataSent();
  }

  /** The peer takes so many bytes more. @returns whether it may */
  widen(bytes: number): boolean {
    if (!this.#queue.widen(bytes)) return false;
    this.#queue.pump();
    return true;
  }

  /** Both ends have sent all. */
  streamEnded(stream: Stream): void {
    this.budget.requestEnded();
    this.forget(stream);
  }

  /** This end gives a stream up. */
  resetStream(stream: Stream, code: ErrorCode): void {
    this.#receiver.willIgnore(stream.id);
    this.send(rstStream(stream.id, code));
    this.forget(stream);
  }

  forget(stream: Stream): void {
    if (!this.streams.delete(stream.id)) return;
    this.#queue.delete(stream);
    stream.close();
    if (this.streams.size > 0) return;
    this.#clock.quiet();
    if (this.#state === "retired") this.end(ErrorCode.noError);
  }

  #retired(): void {
    this.#state = "retired";
    this.#goaway(ErrorCode.noError);
    if (this.streams.size === 0) this.end(ErrorCode.noError);
  }

  #goaway(code: ErrorCode, reason = ""): void {
    this.#lastServed = Math.min(this.#lastServed, this.#receiver.lastStreamId);
    this.send(goaway(this.#lastServed, code, reason));
  }

  #closeStreams(): void {
    for (const stream of [...this.streams.values()]) {
      this.streams.delete(stream.id);
      this.#queue.delete(stream);
      stream.close();
    }
  }
}
