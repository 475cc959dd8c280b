/** Serves an HTTP/2 stream by one of Connect's handlers. */
import { Code } from "@connectrpc/connect";
import type { UniversalHandler, UniversalServerResponse } from "@connectrpc/connect/protocol";
import { codeToString } from "@connectrpc/connect/protocol-connect";
import type { Caller, Peer } from "../../core/caller.ts";
import type { Spans } from "../../core/spans.ts";
import { ErrorCode } from "../../http2/errors.ts";
import { encodeFields } from "../../http2/hpack-encoder.ts";
import type { RequestHeaders } from "../../http2/request-head.ts";
import type { Stream } from "../../http2/stream.ts";
import type { SendBudget } from "../../runtime/send-budget.ts";
import type { Calls } from "../call-counts.ts";
import { pieceBytes, stallMsDefault } from "../paced-body.ts";
import { requestIdHeader } from "../request-id.ts";
import { valuesOf } from "./caller.ts";
import { goneError } from "./error.ts";
import { grpcTrailers } from "./grpc-trailers.ts";
import { beginRpcSpan, endRpcSpan } from "./rpc-spans.ts";
import { StreamBody, setAsideKey } from "./stream-body.ts";

export interface StreamParts {
  readonly budget: SendBudget;
  /** Of the method. */
  readonly calls: Calls;
  readonly spans?: Spans | undefined;
}

/** Resolves when the response has been handed over or the client is gone; rejects only by a fault of ours. */
export async function serveStream(
  stream: Stream,
  handler: UniversalHandler,
  caller: Caller,
  { budget, calls, spans }: StreamParts,
): Promise<void> {
  const began = performance.now();
  const { headers } = stream;
  const { peer } = caller;
  const name = handler.requestPath.slice(1);
  const span = beginRpcSpan(spans, name, headers);
  const gone = new AbortController();
  // After a regular end no reader is left.
  stream.onClose(() => gone.abort(goneError()));
  const body = new StreamBody(stream);
  const contextValues = valuesOf(span === undefined ? caller : { ...caller, span });
  const response = await handler({
    contextValues: contextValues.set(setAsideKey, () => body.setAside()),
    httpVersion: "2.0",
    method: headers[":method"] ?? "",
    // Only the path is used, and it is the handler's own: a client's authority may not even parse.
    url: `http://localhost${handler.requestPath}`,
    header: requestHeaders(headers),
    body,
    signal: gone.signal,
  });
  await respond(stream, response, { peer, budget, sentId: headers[requestIdHeader] });
  // Connect sets it at the end of the body, which a client that has gone does not wait for.
  const status = response.trailer?.get("grpc-status") ?? Code.Canceled;
  const took = handler.method.methodKind === "unary" ? performance.now() - began : undefined;
  endRpcSpan(span, name, Number(status));
  calls.ended(Number(status) === 0 ? "ok" : codeToString(Number(status)), took);
}

async function respond(
  stream: Stream,
  response: UniversalServerResponse,
  { peer, budget, sentId }: { readonly peer: Peer; readonly budget: SendBudget; readonly sentId: unknown },
): Promise<void> {
  const body = response.body?.[Symbol.asyncIterator]();
  if (stream.isClosed) {
    // Ends the method, which still holds its subscription or waits for its client.
    await body?.return?.();
    return;
  }
  const { trailer } = response;
  stream.respond(encodeFields([[":status", `${response.status}`], ...(response.header ?? [])]));
  let rest: Uint8Array = new Uint8Array(0);
  const holding = budget.open(peer, {
    pending: () => rest.byteLength + stream.waitingBytes,
    stalled: () => stream.reset(ErrorCode.enhanceYourCalm),
    stallMs: () => stallMsDefault,
  });
  // After the end, too: the client may not read the last chunk.
  stream.onClose(() => holding.end());
  try {
    while (body !== undefined) {
      const chunk = await body.next();
      if (chunk.done === true) break;
      rest = chunk.value;
      while (rest.byteLength > 0 && !stream.isClosed) {
        const piece = rest.subarray(0, pieceBytes);
        rest = rest.subarray(piece.byteLength);
        if (!stream.write(piece)) {
          holding.look();
          await stream.drained();
        }
      }
      if (stream.isClosed) break;
      holding.look();
    }
  } finally {
    await body?.return?.();
  }
  // Connect has set it by now.
  stream.end(trailer && encodeFields(Object.entries(grpcTrailers(trailer, sentId))));
}

function requestHeaders(headers: RequestHeaders): Headers {
  const result = new Headers();
  for (const [name, value] of Object.entries(headers)) {
    if (!name.startsWith(":") && value !== undefined) result.append(name, value);
  }
  return result;
}
