/**
 * Connect answers INTERNAL to a request that is no protobuf message. This turns INTERNAL into INVALID_ARGUMENT in the answers of
 * Connect's own protocol; `grpc-trailers.ts` does it for gRPC and gRPC-Web.
 */
import { Code } from "@connectrpc/connect";
import { encodeEnvelope } from "@connectrpc/connect/protocol";
import { isUndecodable } from "./error.ts";
import { frameHeadBytes } from "./request-guard.ts";

interface ErrorJson {
  readonly code?: string;
  readonly message?: string;
}

/** The flag of the frame that ends a stream, https://connectrpc.com/docs/protocol#streaming-rpcs. */
const endStreamFlag = 2;

/** A unary answer. */
export async function blameUnary(response: Response): Promise<Response> {
  if (response.status !== 500 || response.headers.has("content-encoding")) return response;
  const error = (await response.json()) as ErrorJson;
  const blamed = blame(error);
  const headers = new Headers(response.headers);
  headers.delete("content-length");
  return new Response(JSON.stringify(blamed), { status: blamed === error ? 500 : 400, headers });
}

/** A stream's answer, whose error is in its last frame; Connect makes one chunk of each frame. */
export async function* blameStream(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of body) {
    if (chunk[0] !== endStreamFlag) {
      yield chunk;
      continue;
    }
    const end = JSON.parse(new TextDecoder().decode(chunk.subarray(frameHeadBytes))) as { error?: ErrorJson };
    const blamed = end.error && blame(end.error);
    if (blamed === end.error) yield chunk;
    else
      yield encodeEnvelope(
        endStreamFlag,
        new TextEncoder().encode(JSON.stringify({ ...end, error: blamed })),
      );
  }
}

function blame(error: ErrorJson): ErrorJson {
  const isInternal = error.code === "internal";
  return isInternal && isUndecodable(Code.Internal, error.message ?? "")
    ? { ...error, code: "invalid_argument" }
    : error;
}
