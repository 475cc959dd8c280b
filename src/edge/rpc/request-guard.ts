/**
 * Checks of a request that Connect omits, or would answer with INTERNAL. They come before Connect, for every protocol and
 * method alike.
 */
import { base64Decode } from "@bufbuild/protobuf/wire";
import { Code, ConnectError } from "@connectrpc/connect";
import {
  compressedFlag,
  createAsyncIterable,
  type UniversalHandler,
  type UniversalServerRequest,
} from "@connectrpc/connect/protocol";
import { errorToJsonBytes } from "@connectrpc/connect/protocol-connect";
import { parseTimeout } from "@connectrpc/connect/protocol-grpc";

/** Timers take no longer delays; a longer deadline is as good as none. */
export const timeoutMsMax = 2 ** 31 - 1;

/** A frame begins with a byte of flags and four of length. */
export const frameHeadBytes = 5;

/** Bodies that consist of frames: gRPC's, gRPC-Web's, and those of Connect's streams. */
export const framedType = /^application\/(grpc|connect)/i;

/** The protocol of a request, by its header. */
export function protocolOf(header: Headers): "grpc" | "grpc-web" | "connect" {
  const type = header.get("content-type") ?? "";
  if (/^application\/grpc-web/i.test(type)) return "grpc-web";
  return /^application\/grpc/i.test(type) ? "grpc" : "connect";
}

/** The handler, behind these checks. */
export function guardRequests(handler: UniversalHandler): UniversalHandler {
  return Object.assign(async (request: UniversalServerRequest) => {
    if (request.method === "GET" && !isDecodable(new URL(request.url).searchParams)) {
      const error = new ConnectError("message is not valid base64", Code.InvalidArgument);
      const header = new Headers({ "content-type": "application/json" });
      return { status: 400, header, body: createAsyncIterable([errorToJsonBytes(error, undefined)]) };
    }
    const header = withBoundedTimeout(request.header);
    const { body } = request;
    const type = header.get("content-type") ?? "";
    if (!framedType.test(type) || !isByteStream(body)) return handler({ ...request, header });
    return handler({ ...request, header, body: checkFrames(body, isCompressed(header, type)) });
  }, handler);
}

/**
 * The error for a frame's unknown flags; `undefined` for valid ones.
 *
 * @param compressed whether the headers say how messages are compressed
 */
export function flagsProblem(flags: number, compressed: boolean): ConnectError | undefined {
  if (flags > compressedFlag) {
    return new ConnectError(`frame's flags must be 0 or 1, are ${flags}`, Code.InvalidArgument);
  }
  if (flags === compressedFlag && !compressed) {
    return new ConnectError("message is compressed and no header says how", Code.InvalidArgument);
  }
  return undefined;
}

/** The bytes as they came; throws at the first frame with invalid flags. */
async function* checkFrames(
  body: AsyncIterable<Uint8Array>,
  compressed: boolean,
): AsyncGenerator<Uint8Array> {
  /** The bytes left of the current frame; at 0 the next head is read. */
  let left = 0;
  let headRead = 0;
  for await (const chunk of body) {
    for (let at = 0; at < chunk.byteLength; ) {
      if (left > 0 && headRead === 0) {
        const step = Math.min(left, chunk.byteLength - at);
        left -= step;
        at += step;
        continue;
      }
      const byte = chunk[at++] ?? 0;
      if (headRead === 0) {
        const problem = flagsProblem(byte, compressed);
        if (problem !== undefined) throw problem;
      } else {
        left = left * 256 + byte;
      }
      headRead = (headRead + 1) % frameHeadBytes;
    }
    yield chunk;
  }
}

function isCompressed(header: Headers, type: string): boolean {
  return encodingOf(header, type) !== "identity";
}

/** How messages are compressed. Each protocol reads a header of its own, and not the others'. */
export function encodingOf(header: Headers, type: string): string {
  const name = !framedType.test(type)
    ? "content-encoding"
    : type.toLowerCase().startsWith("application/connect")
      ? "connect-content-encoding"
      : "grpc-encoding";
  return header.get(name) ?? "identity";
}

function withBoundedTimeout(header: Headers): Headers {
  const grpc = header.get("grpc-timeout");
  const connect = header.get("connect-timeout-ms");
  if (grpc === null && connect === null) return header;
  const { timeoutMs = 0 } = parseTimeout(grpc, Number.MAX_SAFE_INTEGER);
  if (timeoutMs <= timeoutMsMax && !(Number(connect) > timeoutMsMax)) return header;
  const bounded = new Headers(header);
  if (timeoutMs > timeoutMsMax) bounded.delete("grpc-timeout");
  // Connect itself refuses a text that is no number.
  if (/^\d+$/.test(connect ?? "") && Number(connect) > timeoutMsMax) bounded.delete("connect-timeout-ms");
  return bounded;
}

/** Connect decodes it where an error counts as the server's. */
function isDecodable(query: URLSearchParams): boolean {
  if (query.get("base64") !== "1") return true;
  try {
    base64Decode(query.get("message") ?? "");
    return true;
  } catch {
    return false;
  }
}

/** Whether the body has yet to be read; else Connect has parsed it already. */
export function isByteStream(body: UniversalServerRequest["body"]): body is AsyncIterable<Uint8Array> {
  return typeof body === "object" && body !== null && Symbol.asyncIterator in body;
}
