/** Reads the body of a unary gRPC call: one message in its frame. */
import { Code, ConnectError } from "@connectrpc/connect";
import type { Peer } from "../../core/caller.ts";
import { MarsError } from "../../core/error.ts";
import type { Stream } from "../../http2/stream.ts";
import type { BudgetLease } from "../budget.ts";
import { free, gather, join } from "../free.ts";
import { bodyTimeoutMsFor, type Intake, smallBytesMax } from "../intake.ts";
import { goneError } from "./error.ts";
import { frameHeadBytes } from "./request-guard.ts";

export interface BodyBounds {
  readonly intake: Intake;
  /** The bound on a message of this method. */
  readonly bytesMax: number;
  readonly peer: Peer;
}

export interface ReceivedBody {
  /** The frame, complete and alone. */
  readonly frame: Uint8Array;
  /** Its lease of the budget, to be released when it has been decoded; small ones have none. */
  readonly lease: BudgetLease | undefined;
}

/**
 * Rejects with INVALID_ARGUMENT for a frame that is cut off, UNIMPLEMENTED for none or several, `too_large` as soon as its head
 * announces more than `bytesMax`, `overloaded` when there is no room for it, `deadline_exceeded` when it comes too slowly,
 * CANCELED when the client is gone, and as `Intake.admit` throws.
 */
export function readBody(stream: Stream, { intake, bytesMax, peer }: BodyBounds): Promise<ReceivedBody> {
  const { promise, resolve, reject } = Promise.withResolvers<ReceivedBody>();
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  let ended = false;
  let lease: BudgetLease | undefined;
  let deadline: ReturnType<typeof setTimeout> | undefined;

  const data = (chunk: Uint8Array<ArrayBuffer>) => {
    if (ended) return;
    gather(chunks, chunk);
    length += chunk.byteLength;
    const announced = announcedBytes(chunks);
    if (announced === undefined) return startDeadline(bytesMax);
    if (announced > bytesMax) {
      fail(new MarsError("too_large", `message must be at most ${bytesMax} bytes, has ${announced}`));
    } else if (length > frameHeadBytes + announced) {
      fail(new ConnectError("a unary call takes one message, there are more", Code.Unimplemented));
    } else if (announced > smallBytesMax && lease === undefined) {
      makeRoom(announced);
    }
    if (length < frameHeadBytes + announced) startDeadline(announced);
  };
  const complete = () => {
    // The chunks of a refused body are freed: to read them would throw, outside of any call.
    if (ended) return;
    const announced = announcedBytes(chunks);
    if (length === 0)
      fail(new ConnectError("a unary call takes one message, there is none", Code.Unimplemented));
    else if (announced === undefined || length < frameHeadBytes + announced) {
      fail(new ConnectError("the message's frame is cut off", Code.InvalidArgument));
    } else {
      end();
      resolve({ frame: join(chunks, length), lease });
    }
  };
  stream.read({ data: (chunk) => data(chunk as Buffer<ArrayBuffer>), end: complete });
  stream.onClose(() => {
    if (!ended) fail(goneError());
  });
  return promise;

  /** Until there is room the stream is paused, and only its flow-control window fills. */
  function makeRoom(bytes: number): void {
    try {
      intake.admit(bytes);
    } catch (error) {
      fail(error);
      return;
    }
    lease = intake.received.tryTake(peer, bytes);
    if (lease !== undefined) return;
    // Those who have the room may send on the same connection. The bound is that of those who may wait.
    stream.setAside();
    intake.received.take(peer, bytes).then((given) => {
      if (ended) return given.release();
      lease = given;
      stream.resume();
    }, fail);
  }

  function startDeadline(bytes: number): void {
    if (ended) return;
    deadline ??= setTimeout(
      () => fail(new MarsError("deadline_exceeded", "message came too slowly")),
      bodyTimeoutMsFor(bytes),
    );
  }

  function fail(error: unknown): void {
    if (ended) return;
    end();
    for (const chunk of chunks) free(chunk);
    lease?.release();
    // A refused body is read all the same, and dropped.
    stream.resume();
    reject(error);
  }

  function end(): void {
    ended = true;
    clearTimeout(deadline);
  }
}

/** The length that the frame's head announces; `undefined` until the head is complete. */
function announcedBytes(chunks: readonly Uint8Array[]): number | undefined {
  const [first] = chunks;
  if (first === undefined) return undefined;
  if (first.byteLength >= frameHeadBytes) return uint32At(first, 1);
  const head = Buffer.concat(chunks).subarray(0, frameHeadBytes);
  return head.byteLength === frameHeadBytes ? uint32At(head, 1) : undefined;
}

function uint32At(bytes: Uint8Array, at: number): number {
  const [a = 0, b = 0, c = 0, d = 0] = [bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]];
  return ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
}
