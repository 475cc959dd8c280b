/** Reads the body of a unary gRPC call: one message in its frame. */
import type { ServerHttp2Stream } from "node:http2";
import { Code, ConnectError } from "@connectrpc/connect";
import { MarsError } from "../../event/error.ts";
import { bodyBytesMax } from "../../event/limits.ts";
import { goneError } from "./error.ts";
import { frameHeadBytes } from "./request-guard.ts";

/** What all of a server's calls together have received and not yet acted upon. */
export interface BodyBudget {
  bytes: number;
}

/** Beyond this, calls are refused until others have arrived in full; 32 calls of the largest size. */
const budgetBytesMax = 32 * bodyBytesMax;
const budgetRetryMs = 1_000;

/**
 * The frame, complete and alone. Rejects with INVALID_ARGUMENT for one that is cut off, UNIMPLEMENTED for none or several,
 * RESOURCE_EXHAUSTED as soon as its head announces more than `bodyBytesMax`, CANCELED when the client is gone.
 */
export function readBody(stream: ServerHttp2Stream, budget: BodyBudget): Promise<Uint8Array> {
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
  const chunks: Buffer[] = [];
  let length = 0;
  let settled = false;

  stream.on("data", (chunk: Buffer) => {
    if (settled) return;
    chunks.push(chunk);
    length += chunk.byteLength;
    budget.bytes += chunk.byteLength;
    const announced = announcedBytes(chunks);
    if (announced > bodyBytesMax) {
      fail(new MarsError("too_large", `message must be at most ${bodyBytesMax} bytes, has ${announced}`));
    } else if (length > frameHeadBytes + announced) {
      fail(new ConnectError("a unary call takes one message, there are more", Code.Unimplemented));
    } else if (budget.bytes > budgetBytesMax) {
      fail(
        new MarsError("overloaded", "too many bytes are on their way in", { retryAfterMs: budgetRetryMs }),
      );
    }
  });
  stream.on("end", () => {
    const body = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
    if (length === 0)
      fail(new ConnectError("a unary call takes one message, there is none", Code.Unimplemented));
    else if (length < frameHeadBytes || length < frameHeadBytes + body.readUInt32BE(1)) {
      fail(new ConnectError("the message's frame is cut off", Code.InvalidArgument));
    } else if (settle()) resolve(body);
  });
  stream.on("close", () => {
    if (!settled) fail(goneError());
  });
  return promise;

  function fail(error: Error): void {
    if (settle()) reject(error);
  }

  function settle(): boolean {
    if (settled) return false;
    settled = true;
    budget.bytes -= length;
    return true;
  }
}

/** The length that the frame's head announces; none is too long until the head is complete. */
function announcedBytes(chunks: readonly Buffer[]): number {
  const [first] = chunks;
  if (first === undefined) return 0;
  if (first.byteLength >= frameHeadBytes) return first.readUInt32BE(1);
  const head = Buffer.concat(chunks).subarray(0, frameHeadBytes);
  return head.byteLength === frameHeadBytes ? head.readUInt32BE(1) : bodyBytesMax;
}
