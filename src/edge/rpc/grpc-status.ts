/** How gRPC ends a call on an HTTP/2 stream. */
import type { ConnectError } from "@connectrpc/connect";
import { setTrailerStatus } from "@connectrpc/connect/protocol-grpc";
import { encodeFields } from "../../http2/hpack-encoder.ts";
import type { Stream } from "../../http2/stream.ts";
import { bodyTimeoutMsFor } from "../intake.ts";
import { grpcTrailers } from "./grpc-trailers.ts";
import { gzipCompression } from "./gzip.ts";

/** Ends a stream that has not been responded to with an error and nothing else, "trailers only" in gRPC's terms. */
export function respondError(stream: Stream, error: ConnectError): void {
  if (stream.isAnswered) return;
  const status = setTrailerStatus(new Headers({ "content-type": "application/grpc" }), error);
  status.set("grpc-accept-encoding", gzipCompression.name);
  stream.end(encodeFields([[":status", "200"], ...Object.entries(grpcTrailers(status))]));
}

const notGrpc = Buffer.from("this port speaks gRPC only\n");

/** More than this is not read. */
const bytesMax = 64 * 1024;

/**
 * Ends a stream with an HTTP status: for requests that are not gRPC's at all. Behind the request's end, since what such clients
 * make of an answer before it is not known; a body that is long or slow is not waited for.
 */
export function respondHttp(stream: Stream, status: number): void {
  let bytes = 0;
  const timer = setTimeout(respond, bodyTimeoutMsFor(bytesMax));
  stream.onClose(() => clearTimeout(timer));
  stream.read({
    data(chunk) {
      bytes += chunk.byteLength;
      if (bytes > bytesMax) respond();
    },
    end: respond,
  });

  function respond(): void {
    if (stream.isAnswered) return;
    const type = ["content-type", "text/plain"] as const;
    stream.respond(encodeFields([[":status", `${status}`], type, ["x-content-type-options", "nosniff"]]));
    stream.write(notGrpc);
    stream.end();
  }
}
