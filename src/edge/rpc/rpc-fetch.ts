/** Connect and gRPC-Web over web-standard requests, for the port that serves everything else as well. */
import {
  type UniversalHandler,
  type UniversalServerResponse,
  universalServerResponseToFetch,
} from "@connectrpc/connect/protocol";
import type { Caller, Peer } from "../../core/caller.ts";
import { MarsError } from "../../core/error.ts";
import { type Identify, identifyCaller } from "../caller.ts";
import { discard } from "../http/discard.ts";
import { isBrokenOff } from "../http/whole-body.ts";
import type { Intake } from "../intake.ts";
import { pacedBody } from "../paced-body.ts";
import type { EdgeParts } from "../parts.ts";
import { unknownPeer } from "../peer.ts";
import { requestIdFrom, requestIdHeader, sentRequestId } from "../request-id.ts";
import { spanOf } from "../request-spans.ts";
import type { Place, Requests } from "../requests.ts";
import { callerWithoutKey, valuesOf } from "./caller.ts";
import { blameStream, blameUnary } from "./connect-errors.ts";
import { goneError, stoppingSignal } from "./error.ts";
import { grpcWebBody } from "./grpc-trailers.ts";
import { actionOf } from "./operations.ts";
import { createRpcHandlers, isPublic } from "./router.ts";

export interface RpcFetchOptions {
  /** Ends streams with UNAVAILABLE when it aborts. */
  readonly stopping?: AbortSignal;
}

/** Answers a call of the method with this path, one of `rpcMethods`. */
export type RpcAnswer = (path: string, request: Request, peer?: Peer) => Promise<Response>;

/** Creates what answers calls, over the dependencies of the protocols. */
export function createRpcAnswer(parts: EdgeParts, { stopping }: RpcFetchOptions = {}): RpcAnswer {
  const handlers = createRpcHandlers(parts, {
    protocols: { connect: true, grpcWeb: true, grpc: false },
    stopping: stoppingSignal(stopping),
  });
  return (path, request, peer = unknownPeer) => {
    const handler = handlers.get(path);
    if (handler === undefined) throw new Error(`${path} has no handler`);
    return answer(handler, request, peer);
  };

  async function answer(handler: UniversalHandler, request: Request, address: Peer): Promise<Response> {
    const body = requestBody(request);
    const { method, url, headers: header, signal } = request;
    const identified = isPublic(handler.service)
      ? callerWithoutKey(address)
      : identify(parts.access, request, address);
    if (identified instanceof MarsError) {
      const action = actionOf(handler.method);
      parts.denials.note(identified, () => ({
        action,
        address: address.name,
        protocol: "connect",
        requestId: sentRequestId(header),
      }));
    }
    // Streams are counted as such, once they have begun.
    const place =
      identified instanceof MarsError || handler.method.methodKind !== "unary"
        ? undefined
        : enter(parts.requests, identified);
    const caller = place instanceof MarsError ? place : identified;
    const peer = caller instanceof MarsError ? address : caller.peer;
    const span = spanOf(request);
    const contextValues = valuesOf(
      span === undefined || caller instanceof MarsError ? caller : { ...caller, span },
    );
    let answered: UniversalServerResponse;
    try {
      answered = await handler({
        httpVersion: "",
        method,
        url,
        header,
        signal,
        body: body.chunks(),
        contextValues,
      });
      if (handler.method.methodKind !== "bidi_streaming") await body.discard(parts.intake, peer);
    } finally {
      if (place !== undefined && !(place instanceof MarsError)) parts.requests.leave(place);
    }
    const { body: chunks, ...bare } = answered;
    const { status, headers: head } = universalServerResponseToFetch(bare);
    // Connect itself refuses what it cannot decode.
    if (status >= 400 && !head.has(requestIdHeader))
      head.set(requestIdHeader, requestIdFrom(header.get(requestIdHeader)));
    if (chunks === undefined) body.cancel();
    // Without a body there is no stream either, so that the answer says its length.
    const paced =
      chunks === undefined
        ? null
        : pacedBody(answerBody(chunks, answered.header, sentRequestId(header), body.cancel), {
            budget: parts.budget,
            peer,
          });
    return blameUnary(new Response(paced, { status, headers: head }));
  }
}

/** The caller, or why it is served to none: the protocol's handler answers that in its own terms. */
function identify(access: Identify, { headers, method }: Request, address: Peer): Caller | MarsError {
  try {
    return identifyCaller(access, headers, address, "connect", method === "GET" ? "read" : "change");
  } catch (thrown) {
    return MarsError.from(thrown);
  }
}

function enter(requests: Requests, caller: Caller): Place | MarsError {
  try {
    return requests.enter(caller);
  } catch (thrown) {
    return MarsError.from(thrown);
  }
}

interface RequestBody {
  chunks(): AsyncGenerator<Uint8Array>;
  discard(intake: Intake, peer: Peer): Promise<void>;
  /** Cancels the rest of the body: the server would otherwise keep the connection, and wait for it at a stop. */
  cancel(): void;
}

function requestBody(request: Request): RequestBody {
  const { body, headers } = request;
  const reader = body?.getReader();
  const cancel = () => {
    // Not awaited: it would wait for a client that goes on sending.
    reader?.cancel().catch(() => {});
  };
  return {
    async *chunks() {
      while (reader !== undefined) {
        const { done, value } = await reader.read();
        if (done) break;
        yield value;
      }
      const unannounced = reader !== undefined && headers.get("content-length") === null;
      if (unannounced && (await isBrokenOff(request))) throw goneError();
    },
    async discard(intake, peer) {
      if (reader !== undefined) await discard(reader, intake, peer);
    },
    cancel,
  };
}

async function* answerBody(
  body: AsyncIterable<Uint8Array>,
  header: Headers | undefined,
  sentId: string | undefined,
  after: () => void,
): AsyncGenerator<Uint8Array> {
  const type = header?.get("content-type") ?? "";
  try {
    if (type.startsWith("application/grpc-web")) yield* grpcWebBody(body, sentId);
    else if (type.startsWith("application/connect+")) yield* blameStream(body);
    else yield* body;
  } finally {
    after();
  }
}
