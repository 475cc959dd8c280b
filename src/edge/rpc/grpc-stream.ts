/** Serves an HTTP/2 stream by one of Connect's handlers. */
import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from "node:http2";
import { Code } from "@connectrpc/connect";
import type { UniversalHandler, UniversalServerResponse } from "@connectrpc/connect/protocol";
import { codeToString } from "@connectrpc/connect/protocol-connect";
import type { Caller, Peer } from "../../core/caller.ts";
import type { Spans } from "../../core/spans.ts";
import type { SendBudget } from "../../runtime/send-budget.ts";
import type { Calls } from "../call-counts.ts";
import { pieceBytes, stallMsDefault } from "../paced-body.ts";
import { requestIdHeader } from "../request-id.ts";
import { valuesOf } from "./caller.ts";
import { goneError } from "./error.ts";
import { endStream, isGone } from "./grpc-status.ts";
import { grpcTrailers } from "./grpc-trailers.ts";
import { beginRpcSpan, endRpcSpan } from "./rpc-spans.ts";

export interface StreamParts {
  readonly budget: SendBudget;
  /** Of the method. */
  readonly calls: Calls;
  readonly spans?: Spans | undefined;
}

/** Resolves when the response has been handed over or the client is gone; rejects only by a fault of ours. */
export async function serveStream(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  handler: UniversalHandler,
  caller: Caller,
  { budget, calls, spans }: StreamParts,
): Promise<void> {
  const began = performance.now();
  const { peer } = caller;
  const name = handler.requestPath.slice(1);
  const span = beginRpcSpan(spans, name, headers);
  const gone = new AbortController();
  // After a regular end no reader is left.
  stream.once("close", () => gone.abort(goneError()));
  const response = await handler({
    contextValues: valuesOf(span === undefined ? caller : { ...caller, span }),
    httpVersion: "2.0",
    method: headers[":method"] ?? "",
    // Only the path is used, and it is the handler's own: a client's authority may not even parse.
    url: `http://localhost${handler.requestPath}`,
    header: requestHeaders(headers),
    body: chunksOf(stream),
    signal: gone.signal,
  });
  await respond(stream, response, { peer, budget, sentId: headers[requestIdHeader] });
  // Connect sets it at the end of the body, which a client that has gone does not wait for.
  const status = response.trailer?.get("grpc-status") ?? Code.Canceled;
  const took = handler.method.methodKind === "unary" ? performance.now() - began : undefined;
  endRpcSpan(span, name, Number(status));
  calls.ended(Number(status) === 0 ? "ok" : codeToString(Number(status)), took);
}

/** The request's body; any early end means that the client has gone. */
async function* chunksOf(stream: ServerHttp2Stream): AsyncGenerator<Uint8Array> {
  try {
    // The end of reading must not take the response with it.
    yield* stream.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>;
  } catch {
    // Node's and Bun's messages for it differ, and are of no use in the log.
    throw goneError();
  }
}

async function respond(
  stream: ServerHttp2Stream,
  response: UniversalServerResponse,
  { peer, budget, sentId }: { readonly peer: Peer; readonly budget: SendBudget; readonly sentId: unknown },
): Promise<void> {
  const body = response.body?.[Symbol.asyncIterator]();
  if (isGone(stream)) {
    // Ends the method, which still holds its subscription or waits for its client.
    await body?.return?.();
    return;
  }
  const { trailer } = response;
  stream.respond(
    { ...Object.fromEntries(response.header ?? []), ":status": response.status },
    { waitForTrailers: trailer !== undefined },
  );
  if (trailer !== undefined)
    stream.once("wantTrailers", () => stream.sendTrailers(grpcTrailers(trailer, sentId)));
  let rest: Uint8Array = new Uint8Array(0);
  const holding = budget.open(peer, {
    pending: () => rest.byteLength + stream.writableLength,
    stalled: () => stream.close(constants.NGHTTP2_ENHANCE_YOUR_CALM),
    stallMs: () => stallMsDefault,
  });
  // After the end, too: the client may not read the last chunk.
  stream.once("close", holding.end);
  try {
    while (body !== undefined) {
      const chunk = await body.next();
      if (chunk.done === true) break;
      rest = chunk.value;
      while (rest.byteLength > 0 && !isGone(stream)) {
        const piece = rest.subarray(0, pieceBytes);
        rest = rest.subarray(piece.byteLength);
        if (!stream.write(piece)) {
          holding.look();
          await drained(stream);
        }
      }
      if (isGone(stream)) break;
      holding.look();
    }
  } finally {
    await body?.return?.();
  }
  endStream(stream);
}

/** Resolves when the client has read enough for the next write, or is gone. */
function drained(stream: ServerHttp2Stream): Promise<void> {
  if (isGone(stream) || !stream.writableNeedDrain) return Promise.resolve();
  const { promise, resolve } = Promise.withResolvers<void>();
  const finish = () => {
    stream.off("drain", finish);
    stream.off("close", finish);
    resolve();
  };
  stream.on("drain", finish);
  stream.on("close", finish);
  return promise;
}

function requestHeaders(headers: IncomingHttpHeaders): Headers {
  const result = new Headers();
  for (const [name, value] of Object.entries(headers)) {
    if (name.startsWith(":") || value === undefined) continue;
    for (const each of Array.isArray(value) ? value : [value]) result.append(name, each);
  }
  return result;
}
