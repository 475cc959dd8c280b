/** How gRPC ends a call on an HTTP/2 stream. */
import { constants, type ServerHttp2Stream } from "node:http2";
import type { ConnectError } from "@connectrpc/connect";
import { setTrailerStatus } from "@connectrpc/connect/protocol-grpc";
import { grpcTrailers } from "./grpc-trailers.ts";
import { gzipCompression } from "./gzip.ts";

/** Whether the client has gone. A stream that was reset is closed first and destroyed later. */
export function isGone(stream: ServerHttp2Stream): boolean {
  return stream.closed || stream.destroyed;
}

/** Ends a stream that has not been responded to with an error and nothing else, "trailers only" in gRPC's terms. */
export function respondError(stream: ServerHttp2Stream, error: ConnectError): void {
  if (isGone(stream) || stream.headersSent) return;
  const status = setTrailerStatus(new Headers({ "content-type": "application/grpc" }), error);
  status.set("grpc-accept-encoding", gzipCompression.name);
  stream.respond({ ":status": 200, ...grpcTrailers(status) }, { endStream: true });
  stopUpload(stream);
}

const notGrpc = Buffer.from("this port speaks gRPC only\n");

/** Ends a stream with an HTTP status: for requests that are not gRPC's at all. */
export function respondHttp(stream: ServerHttp2Stream, status: number): void {
  if (isGone(stream) || stream.headersSent) return;
  stream.respond({ ":status": status, "content-type": "text/plain", "x-content-type-options": "nosniff" });
  endStream(stream, notGrpc);
}

/** Ends a stream after its response's body, of which this is the last. */
export function endStream(stream: ServerHttp2Stream, last?: Uint8Array): void {
  if (isGone(stream)) return;
  stream.end(last);
  stopUpload(stream);
}

/** Asks a client that still sends to stop: the response is complete (RFC 9113, 8.1). */
function stopUpload(stream: ServerHttp2Stream): void {
  if (stream.readableEnded || isGone(stream)) return;
  // Bytes that have arrived must be read, or they would fill the connection's flow-control window.
  stream.resume();
  const stop = () => {
    if (!isGone(stream) && !stream.readableEnded) stream.close(constants.NGHTTP2_NO_ERROR);
  };
  if (stream.writableFinished) stop();
  else stream.once("finish", stop);
}
