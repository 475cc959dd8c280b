/** The trailers by which gRPC and gRPC-Web end a call. */
import { Code } from "@connectrpc/connect";
import { encodeEnvelope } from "@connectrpc/connect/protocol";
import { trailerFlag, trailerParse, trailerSerialize } from "@connectrpc/connect/protocol-grpc-web";
import { requestIdFrom, requestIdHeader } from "../request-id.ts";
import { isUndecodable } from "./error.ts";
import { frameHeadBytes } from "./request-guard.ts";

/**
 * Connect's status with the message as gRPC's clients decode it, and with INVALID_ARGUMENT for a malformed request. An error has the
 * request's id, also where Connect itself has refused it.
 *
 * @param sentId the `x-request-id` that the client has sent, if any
 */
export function grpcTrailers(trailers: Headers, sentId?: unknown): Record<string, string> {
  const fields = Object.fromEntries(trailers);
  if (fields["grpc-status"] !== "0") fields[requestIdHeader] ??= requestIdFrom(sentId);
  const encoded = fields["grpc-message"];
  if (encoded === undefined) return fields;
  const message = decodeURIComponent(encoded);
  fields["grpc-message"] = encodeMessage(message);
  if (isUndecodable(Number(fields["grpc-status"]), message)) {
    fields["grpc-status"] = String(Code.InvalidArgument);
  }
  return fields;
}

/**
 * gRPC percent-encodes all but printable ASCII, and the percent sign. Connect encodes more, and grpc-js,
 * for one, would show a comma as `%2C`. A lone surrogate cannot come here: Connect would have refused to encode it.
 */
function encodeMessage(message: string): string {
  return message.replace(/[^ -$&-~]+/g, encodeURIComponent);
}

/** The same for the trailers that gRPC-Web sends as the last frame of a body; Connect makes one chunk of each frame. */
export async function* grpcWebBody(
  body: AsyncIterable<Uint8Array>,
  sentId: string | undefined,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of body) {
    if (chunk[0] !== trailerFlag) yield chunk;
    else {
      const trailers = new Headers(grpcTrailers(trailerParse(chunk.subarray(frameHeadBytes)), sentId));
      yield encodeEnvelope(trailerFlag, trailerSerialize(trailers));
    }
  }
}
