/** Divides what may be sent on a connection between its streams: a frame of each in turn (RFC 9113, 5.2). */
import type { Output } from "./output.ts";
import { windowBytesDefault, windowBytesMax } from "./settings.ts";
import type { Stream } from "./stream.ts";

/** When a stream was last seen to send. By what it sent, since a writer that goes on makes what waits the same again. */
interface Mark {
  readonly sentBytes: number;
  readonly since: number;
}

export class SendQueue {
  readonly #output: Output;
  #window = windowBytesDefault;
  /** Streams that their own windows let send. */
  readonly #ready = new Set<Stream>();
  /** Those whose clients take nothing more for now. */
  readonly #held = new Set<Stream>();
  #marks = new Map<Stream, Mark>();
  #isPumping = false;

  constructor(output: Output) {
    this.#output = output;
  }

  /** Whether so many bytes may be sent at once, before all others. */
  maySendNow(bytes: number): boolean {
    return this.#ready.size === 0 && bytes <= this.#window && this.#output.hasRoom;
  }

  /** So many bytes of DATA were sent. */
  sent(bytes: number): void {
    this.#window -= bytes;
  }

  /** @returns whether the window may be so large */
  widen(bytes: number): boolean {
    this.#window += bytes;
    return this.#window <= windowBytesMax;
  }

  /** A stream has something to send. */
  add(stream: Stream): void {
    if (!stream.canSend) {
      this.#held.add(stream);
      return;
    }
    this.#held.delete(stream);
    this.#ready.add(stream);
    this.pump();
  }

  delete(stream: Stream): void {
    this.#ready.delete(stream);
    this.#held.delete(stream);
    this.#marks.delete(stream);
  }

  /** Sends what may be sent. */
  pump(): void {
    if (this.#isPumping) return;
    this.#isPumping = true;
    // A stream that is added again comes behind all others.
    for (const stream of this.#ready) {
      if (this.#window <= 0 || !this.#output.hasRoom) break;
      this.#ready.delete(stream);
      stream.sendFrame(this.#window);
      if (stream.canSend) this.#ready.add(stream);
      else if (stream.waitingBytes > 0) this.#held.add(stream);
    }
    this.#isPumping = false;
  }

  /** The streams of which nothing was sent for so long. To be called every second or so. */
  stalled(now: number, stallMs: number): Stream[] {
    const marks = new Map<Stream, Mark>();
    const stalled: Stream[] = [];
    for (const streams of [this.#ready, this.#held]) {
      for (const stream of streams) {
        const { sentBytes } = stream;
        const former = this.#marks.get(stream);
        const mark = former?.sentBytes === sentBytes ? former : { sentBytes, since: now };
        marks.set(stream, mark);
        if (now - mark.since >= stallMs) stalled.push(stream);
      }
    }
    this.#marks = marks;
    return stalled;
  }
}
