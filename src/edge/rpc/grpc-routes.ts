/** Answers the calls of the gRPC port: the hot methods over a lean path, all others by Connect's handlers. */
import type { DescMessage } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { createMethodUrl, type UniversalHandler } from "@connectrpc/connect/protocol";
import { codeToString } from "@connectrpc/connect/protocol-connect";
import type { Caller } from "../../core/caller.ts";
import { MarsError } from "../../core/error.ts";
import { eventBounds } from "../../core/event-bounds.ts";
import { bodyBytesMax } from "../../core/limits.ts";
import { MarsGrpc } from "../../gen/event_pb.ts";
import { CollectEventsRequestSchema, IngestService } from "../../gen/mars/v1/ingest_service_pb.ts";
import type { Stream } from "../../http2/stream.ts";
import { doorOfCall, otlpMethods } from "../otlp/grpc.ts";
import type { EdgeParts } from "../parts.ts";
import { requestIdHeader, saneRequestId } from "../request-id.ts";
import { callerWithoutKey, streamCaller } from "./caller.ts";
import { connectionPeer } from "./connection-peer.ts";
import { rpcError, stoppingSignal } from "./error.ts";
import { GrpcCalls, type GrpcCallsOptions } from "./grpc-calls.ts";
import { respondError, respondHttp } from "./grpc-status.ts";
import { serveStream } from "./grpc-stream.ts";
import { createUnaryHandler, type UnaryHandler, type UnaryMethod } from "./grpc-unary.ts";
import { createIngestMethods } from "./ingest-service.ts";
import { chunkBytesMax, readBinaryBatch } from "./large-batch.ts";
import { actionOf } from "./operations.ts";
import { createRpcHandlers, isPublic } from "./router.ts";

export interface GrpcRoutesOptions extends GrpcCallsOptions {
  /** Ends streams with UNAVAILABLE when it aborts. */
  readonly stopping: AbortSignal;
}

export interface GrpcRoutes {
  /** Answers a call. Rejects where that fails by a bug. */
  answer(stream: Stream): Promise<void>;
  /** To be called when every connection is closed. */
  close(): void;
}

/** The only method whose client sends more than one message. */
const streamPath = createMethodUrl("", IngestService.method.collectStream);

export function createGrpcRoutes(parts: EdgeParts, { stopping, ...times }: GrpcRoutesOptions): GrpcRoutes {
  const handlers = createRpcHandlers(parts, {
    protocols: { grpc: true, grpcWeb: false, connect: false },
    stopping: stoppingSignal(stopping),
  });
  const unary = createUnaryHandlers(parts);
  const calls = new GrpcCalls(parts.shares.requests, times);
  return { answer, close: () => calls.close() };

  async function answer(stream: Stream): Promise<void> {
    const { headers } = stream;
    const path = headers[":path"] ?? "";
    const handler = handlers.get(path);
    const isKnown = handler !== undefined || unary.has(path);
    const called = parts.calls.rpc(isKnown ? path.slice(1) : "none");
    const refuse = (thrown: unknown) => {
      const error = rpcError(thrown, parts.log, headers[requestIdHeader]);
      called.ended(codeToString(error.code));
      respondError(stream, error);
    };
    const refusal = parts.gate.checkHost(headers[":authority"] ?? headers.host);
    if (refusal !== undefined) return refuse(refusal);
    const caller = callerOf(stream, handler);
    if (caller instanceof MarsError) {
      const action = handler === undefined ? (isKnown ? path.slice(1) : "rpc") : actionOf(handler.method);
      const requestId = saneRequestId(headers[requestIdHeader]);
      parts.denials.note(caller, () => ({
        action,
        address: connectionPeer(stream.connection).name,
        protocol: "grpc",
        requestId,
      }));
      return refuse(caller);
    }
    const full = calls.enter(stream, caller.peer, path === streamPath);
    if (full !== undefined) {
      if (unary.has(path) || path === streamPath) parts.doors.refused(doorOfCall(path), full);
      return refuse(full);
    }
    const contentType = headers["content-type"] ?? "";
    if (headers[":method"] !== "POST") return respondHttp(stream, 405);
    if (contentType === "application/grpc" || contentType === "application/grpc+proto") {
      const lean = unary.get(path);
      if (lean !== undefined) return lean(stream, caller);
    } else if (!contentType.startsWith("application/grpc")) {
      return respondHttp(stream, 415);
    }
    if (handler === undefined) {
      return refuse(new ConnectError("there is no such method", Code.Unimplemented));
    }
    if (!handler.supportedContentType(contentType)) return respondHttp(stream, 415);
    await serveStream(stream, handler, caller, {
      budget: parts.budget,
      calls: called,
      spans: parts.spans,
    });
  }

  function callerOf(stream: Stream, handler: UniversalHandler | undefined): Caller | MarsError {
    if (handler !== undefined && isPublic(handler.service))
      return callerWithoutKey(connectionPeer(stream.connection));
    try {
      return streamCaller(stream, parts.access);
    } catch (thrown) {
      return MarsError.from(thrown);
    }
  }
}

/** The hot methods. */
function createUnaryHandlers(parts: EdgeParts): ReadonlyMap<string, UnaryHandler> {
  const { collectLegacyEvent, collectEvent, collectEvents, collectChecked } = createIngestMethods(parts);
  const { intake } = parts;
  const lean = <I extends DescMessage, O extends DescMessage>(method: UnaryMethod<I, O>) => {
    const name = `${method.parent.typeName}/${method.name}`;
    return [`/${name}`, createUnaryHandler(method, { ...parts, calls: parts.calls.rpc(name) })] as const;
  };
  const { method } = IngestService;
  const eventsField = CollectEventsRequestSchema.field.events.number;
  const one = { bytesMax: eventBounds.bodyBytesMax };
  const many = {
    bytesMax: bodyBytesMax,
    call: collectEvents,
    inPieces: {
      bytesMin: chunkBytesMax + 1,
      decode: async (message: Uint8Array, caller: Caller) => {
        const options = { turns: intake.turns, sender: caller.identity };
        const { batch } = await readBinaryBatch(message, eventsField, options);
        return () => collectChecked(batch, caller);
      },
    },
  };
  return new Map([
    lean({ ...MarsGrpc.method.collectEvent, ...one, call: collectLegacyEvent }),
    lean({ ...method.collectEvent, ...one, call: collectEvent }),
    lean({ ...method.collectEvents, ...many }),
    ...otlpMethods(parts).map(lean),
  ]);
}
