/**
 * Reads frames off the bytes of a connection. The payload of a DATA frame is passed on as it comes; all others are short, and come
 * whole.
 *
 * Bound: less than a frame is kept, so `payloadBytesDefault` bytes and a head.
 */
import { ConnectionError, ErrorCode } from "./errors.ts";
import { Flag, FrameType, frameHeadBytes, payloadBytesDefault, preface } from "./frames.ts";

/** Takes what is read; may throw `ConnectionError`. */
export interface FrameHandler {
  /** @param payload to be copied where it is kept for longer than the call */
  frame(type: number, flags: number, streamId: number, payload: Buffer): void;
  /** A DATA frame begins. @param length counts in flow control, padding included */
  dataBegin(streamId: number, length: number, flags: number): void;
  /** A part of its data, without padding; may be kept. */
  data(streamId: number, bytes: Buffer): void;
  /** So many bytes of padding have come, its length included. */
  padding(streamId: number, bytes: number): void;
  dataEnd(streamId: number, flags: number): void;
}

const nothing = Buffer.alloc(0);

export class FrameReader {
  readonly #handler: FrameHandler;
  #prefaceBytes = 0;
  #frames = 0;
  /** The begin of a frame, whose rest has yet to come. */
  #begun: Buffer = nothing;
  /** Of the DATA frame that has begun; `#isData` from its head to its end. */
  #isData = false;
  #streamId = 0;
  #flags = 0;
  #awaitsPadLength = false;
  #dataLeft = 0;
  #paddingLeft = 0;

  constructor(handler: FrameHandler) {
    this.#handler = handler;
  }

  /** The number of the frame that has begun and is not complete; `undefined` for none, and for the data of DATA. */
  get frameWithin(): number | undefined {
    return this.#begun.length > 0 ? this.#frames : undefined;
  }

  /** @throws `ConnectionError`; nothing may be read after it */
  read(chunk: Buffer): void {
    let bytes = chunk;
    if (this.#begun.length > 0) {
      bytes = Buffer.concat([this.#begun, chunk]);
      this.#begun = nothing;
    }
    let at = this.#prefaceBytes < preface.length ? this.#readPreface(bytes) : 0;
    // The handler may free the array.
    const { length } = bytes;
    while (at < length) {
      if (this.#isData) {
        at = this.#readData(bytes, at, length);
        continue;
      }
      if (length - at < frameHeadBytes) break;
      const payloadBytes =
        ((bytes[at] as number) << 16) | ((bytes[at + 1] as number) << 8) | (bytes[at + 2] as number);
      if (payloadBytes > payloadBytesDefault) {
        throw new ConnectionError(ErrorCode.frameSizeError, `frame has ${payloadBytes} bytes`);
      }
      const type = bytes[at + 3] as number;
      const flags = bytes[at + 4] as number;
      const streamId =
        (((bytes[at + 5] as number) & 0x7f) << 24) |
        ((bytes[at + 6] as number) << 16) |
        ((bytes[at + 7] as number) << 8) |
        (bytes[at + 8] as number);
      if (type === FrameType.data) {
        at += frameHeadBytes;
        this.#frames += 1;
        this.#beginData(streamId, payloadBytes, flags);
        continue;
      }
      const end = at + frameHeadBytes + payloadBytes;
      if (end > length) break;
      const payload = bytes.subarray(at + frameHeadBytes, end);
      at = end;
      this.#frames += 1;
      this.#handler.frame(type, flags, streamId, payload);
    }
    // Copied, so that a few bytes do not keep all of them.
    if (at < length) this.#begun = Buffer.from(bytes.subarray(at));
  }

  #readPreface(bytes: Buffer): number {
    const count = Math.min(preface.length - this.#prefaceBytes, bytes.length);
    const expected = preface.subarray(this.#prefaceBytes, this.#prefaceBytes + count);
    if (!bytes.subarray(0, count).equals(expected)) {
      throw new ConnectionError(ErrorCode.protocolError, "this port speaks HTTP/2 only");
    }
    this.#prefaceBytes += count;
    return count;
  }

  #beginData(streamId: number, payloadBytes: number, flags: number): void {
    const padded = (flags & Flag.padded) !== 0;
    if (streamId === 0) throw new ConnectionError(ErrorCode.protocolError, "DATA on stream 0");
    if (padded && payloadBytes === 0) {
      throw new ConnectionError(ErrorCode.frameSizeError, "DATA has no length of its padding");
    }
    this.#streamId = streamId;
    this.#flags = flags;
    this.#isData = true;
    this.#awaitsPadLength = padded;
    this.#dataLeft = payloadBytes - (padded ? 1 : 0);
    this.#paddingLeft = 0;
    this.#handler.dataBegin(streamId, payloadBytes, flags);
    this.#endData();
  }

  #readData(bytes: Buffer, start: number, length: number): number {
    let at = start;
    if (this.#awaitsPadLength) {
      const padding = bytes[at++] as number;
      if (padding > this.#dataLeft) {
        throw new ConnectionError(ErrorCode.protocolError, "DATA has more padding than bytes");
      }
      this.#awaitsPadLength = false;
      this.#dataLeft -= padding;
      this.#paddingLeft = padding;
      this.#handler.padding(this.#streamId, 1);
    }
    if (this.#dataLeft > 0) {
      const end = Math.min(length, at + this.#dataLeft);
      if (end > at) {
        this.#dataLeft -= end - at;
        this.#handler.data(this.#streamId, bytes.subarray(at, end));
        at = end;
      }
    }
    if (this.#dataLeft === 0 && this.#paddingLeft > 0) {
      const count = Math.min(length - at, this.#paddingLeft);
      this.#paddingLeft -= count;
      at += count;
      if (count > 0) this.#handler.padding(this.#streamId, count);
    }
    this.#endData();
    return at;
  }

  #endData(): void {
    if (this.#awaitsPadLength || this.#dataLeft > 0 || this.#paddingLeft > 0) return;
    this.#isData = false;
    this.#handler.dataEnd(this.#streamId, this.#flags);
  }
}
