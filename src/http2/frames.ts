/** The frames of HTTP/2: their types and flags, and those that this end sends (RFC 9113, 4.1 and 6). */
import type { ErrorCode } from "./errors.ts";

export const FrameType = {
  data: 0x0,
  headers: 0x1,
  priority: 0x2,
  rstStream: 0x3,
  settings: 0x4,
  pushPromise: 0x5,
  ping: 0x6,
  goaway: 0x7,
  windowUpdate: 0x8,
  continuation: 0x9,
} as const;

export const Flag = {
  endStream: 0x1,
  ack: 0x1,
  endHeaders: 0x4,
  padded: 0x8,
  priority: 0x20,
} as const;

export const frameHeadBytes = 9;
/** Until a setting of the receiver says otherwise. */
export const payloadBytesDefault = 16_384;

/** What a client sends first (RFC 9113, 3.4). */
export const preface: Buffer = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

/** Writes the head of a frame into an array. */
export function putHead(
  target: Uint8Array,
  at: number,
  length: number,
  type: number,
  flags: number,
  streamId: number,
): void {
  target[at] = length >>> 16;
  target[at + 1] = length >>> 8;
  target[at + 2] = length;
  target[at + 3] = type;
  target[at + 4] = flags;
  putUint32(target, at + 5, streamId);
}

export function putUint32(target: Uint8Array, at: number, value: number): void {
  target[at] = value >>> 24;
  target[at + 1] = value >>> 16;
  target[at + 2] = value >>> 8;
  target[at + 3] = value;
}

/** A whole frame. */
export function frameOf(type: number, flags: number, streamId: number, payload: Uint8Array): Uint8Array {
  const frame = Buffer.allocUnsafe(frameHeadBytes + payload.length);
  putHead(frame, 0, payload.length, type, flags, streamId);
  frame.set(payload, frameHeadBytes);
  return frame;
}

/** The head of a frame whose payload follows by itself. */
export function headOf(length: number, type: number, flags: number, streamId: number): Uint8Array {
  const head = Buffer.allocUnsafe(frameHeadBytes);
  putHead(head, 0, length, type, flags, streamId);
  return head;
}

/** A header block in a frame, or in several where it is longer than the receiver takes at once (6.10). */
export function headerFrames(
  streamId: number,
  block: Uint8Array,
  { endStream, payloadBytesMax }: { readonly endStream: boolean; readonly payloadBytesMax: number },
): Uint8Array {
  const end = endStream ? Flag.endStream : 0;
  if (block.length <= payloadBytesMax) {
    return frameOf(FrameType.headers, Flag.endHeaders | end, streamId, block);
  }
  const frames: Uint8Array[] = [];
  for (let at = 0; at < block.length; at += payloadBytesMax) {
    const piece = block.subarray(at, at + payloadBytesMax);
    const last = at + payloadBytesMax >= block.length ? Flag.endHeaders : 0;
    const type = at === 0 ? FrameType.headers : FrameType.continuation;
    frames.push(frameOf(type, (at === 0 ? end : 0) | last, streamId, piece));
  }
  return Buffer.concat(frames);
}

export function rstStream(streamId: number, code: ErrorCode): Uint8Array {
  return frameOf(FrameType.rstStream, 0, streamId, uint32(code));
}

export function windowUpdate(streamId: number, increment: number): Uint8Array {
  return frameOf(FrameType.windowUpdate, 0, streamId, uint32(increment));
}

export function ping(opaque: Uint8Array, isAnswer: boolean): Uint8Array {
  return frameOf(FrameType.ping, isAnswer ? Flag.ack : 0, 0, opaque);
}

/** @param reason for the other end's log */
export function goaway(lastStreamId: number, code: ErrorCode, reason = ""): Uint8Array {
  return frameOf(
    FrameType.goaway,
    0,
    0,
    Buffer.concat([uint32(lastStreamId), uint32(code), Buffer.from(reason)]),
  );
}

function uint32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  putUint32(bytes, 0, value);
  return bytes;
}
