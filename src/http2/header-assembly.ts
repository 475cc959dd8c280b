/**
 * The header block that is under way: a HEADERS frame and the CONTINUATION frames behind it (RFC 9113, 6.2 and 6.10).
 *
 * Bound: `blockBytesMax` in `framesMax` frames.
 */
import { ConnectionError, ErrorCode } from "./errors.ts";
import { Flag } from "./frames.ts";

/** A whole block. */
export interface HeaderBlock {
  readonly streamId: number;
  readonly endStream: boolean;
  readonly block: Buffer;
  /** The stream depends on itself, which no stream may. */
  readonly isOwnParent: boolean;
}

/** Twice what a list may have: Huffman's code makes a few characters longer, and a list counts more than its bytes. */
const blockBytesMax = 32 * 1024;
const framesMax = 16;
const priorityBytes = 5;

export class HeaderAssembly {
  #begun: Omit<HeaderBlock, "block"> | undefined;
  #pieces: Buffer[] = [];
  #bytes = 0;

  /** The stream whose block is under way: the next frame must be its CONTINUATION. */
  get streamId(): number | undefined {
    return this.#begun?.streamId;
  }

  /** @returns the block, if it is complete */
  headers(streamId: number, flags: number, payload: Buffer): HeaderBlock | undefined {
    if (streamId === 0 || streamId % 2 === 0) throw wrong(`HEADERS on stream ${streamId}`);
    const isPadded = (flags & Flag.padded) !== 0;
    const hasPriority = (flags & Flag.priority) !== 0;
    const start = (isPadded ? 1 : 0) + (hasPriority ? priorityBytes : 0);
    if (payload.length < start) {
      throw new ConnectionError(ErrorCode.frameSizeError, "HEADERS are shorter than their flags say");
    }
    const padding = isPadded ? (payload[0] as number) : 0;
    if (padding > payload.length - start) throw wrong("HEADERS have more padding than bytes");
    const isOwnParent = hasPriority && dependsOn(payload, isPadded ? 1 : 0) === streamId;
    const block = payload.subarray(start, payload.length - padding);
    const head = { streamId, endStream: (flags & Flag.endStream) !== 0, isOwnParent };
    if ((flags & Flag.endHeaders) !== 0) return { ...head, block };
    this.#begun = head;
    this.#pieces = [Buffer.from(block)];
    this.#bytes = block.length;
    return undefined;
  }

  /** @returns the block, if it is complete */
  continuation(streamId: number, flags: number, payload: Buffer): HeaderBlock | undefined {
    const begun = this.#begun;
    if (begun === undefined || begun.streamId !== streamId) throw wrong("CONTINUATION without HEADERS");
    this.#bytes += payload.length;
    this.#pieces.push(Buffer.from(payload));
    if (this.#bytes > blockBytesMax || this.#pieces.length > framesMax) {
      throw new ConnectionError(
        ErrorCode.enhanceYourCalm,
        `header block is longer than ${blockBytesMax} bytes`,
      );
    }
    if ((flags & Flag.endHeaders) === 0) return undefined;
    const block = Buffer.concat(this.#pieces);
    this.#begun = undefined;
    this.#pieces = [];
    return { ...begun, block };
  }
}

/** The stream that another depends on, by the five bytes of a priority (5.3.1 of RFC 7540, which 9113 no longer heeds). */
export function dependsOn(payload: Buffer, at: number): number {
  return payload.readUInt32BE(at) & 0x7fffffff;
}

function wrong(message: string): ConnectionError {
  return new ConnectionError(ErrorCode.protocolError, message);
}
