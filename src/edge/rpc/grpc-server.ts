/** Native gRPC on a port of its own: HTTP/2 in cleartext, or with TLS. */
import {
  constants,
  createSecureServer,
  createServer,
  type Http2SecureServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from "node:http2";
import type { AddressInfo } from "node:net";
import type { DescMessage } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { createMethodUrl, type UniversalHandler } from "@connectrpc/connect/protocol";
import { codeToString } from "@connectrpc/connect/protocol-connect";
import type { Caller } from "../../core/caller.ts";
import { MarsError } from "../../core/error.ts";
import { bodyBytesMax, eventBodyBytesMax } from "../../core/limits.ts";
import type { TlsPair } from "../../core/tls.ts";
import { MarsGrpc } from "../../gen/event_pb.ts";
import { CollectEventsRequestSchema, IngestService } from "../../gen/mars/v1/ingest_service_pb.ts";
import { doorOfCall, otlpMethods } from "../otlp/grpc.ts";
import type { EdgeParts } from "../parts.ts";
import { requestIdFrom, requestIdHeader, saneRequestId } from "../request-id.ts";
import { callerWithoutKey, sessionPeer, streamCaller } from "./caller.ts";
import { rpcError, stoppingError } from "./error.ts";
import { GrpcCalls, type GrpcCallsOptions } from "./grpc-calls.ts";
import { type ConnectionTimes, trackConnections } from "./grpc-connections.ts";
import { respondError, respondHttp } from "./grpc-status.ts";
import { serveStream } from "./grpc-stream.ts";
import { createUnaryHandler, type UnaryHandler, type UnaryMethod } from "./grpc-unary.ts";
import { createIngestMethods } from "./ingest-service.ts";
import { chunkBytesMax, readBinaryBatch } from "./large-batch.ts";
import { actionOf } from "./operations.ts";
import { createRpcHandlers, isPublic } from "./router.ts";

export interface GrpcServerOptions extends ConnectionTimes, GrpcCallsOptions {
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  /** Speaks TLS and nothing else; `undefined`: cleartext. */
  readonly tls?: TlsPair | undefined;
}

export interface GrpcServer {
  /** The real one. */
  readonly port: number;
  /**
   * New connections get this pair, open ones keep theirs, and are asked to end where clients' authorities have changed. Throws
   * where the pair cannot be used.
   */
  setTls(pair: TlsPair): void;
  /**
   * Refuses new calls, ends streams with UNAVAILABLE, lets unary calls finish for at most `deadlineMs`, then closes what is
   * left. Resolves when every connection is closed.
   */
  stop(deadlineMs: number): Promise<void>;
}

/** Calls at the same time on one connection; a client with more waits by itself. */
const concurrentStreamsMax = 1000;
/** Until the TLS handshake ends; the connection's own limit comes on top. */
const tlsHandshakeMs = 10_000;
const headerBytesMax = 16 * 1024;
/** The flow-control window of a stream, in bytes. */
const streamWindowBytes = 256 * 1024;

/** The time that a client without open calls has, at a stop, to notice that it should connect elsewhere. */
const goawayGraceMs = 250;

/**
 * How long a stop waits for calls, at most. The longest call is a read that waits 5 s for `min_seq`; a stream whose client
 * reads nothing would never end.
 */
const lingerMsMax = 6_000;

/** The only method whose client sends more than one message. */
const streamPath = createMethodUrl("", IngestService.method.collectStream);

/** Resolves when the port is open; rejects when it cannot be. */
export async function startGrpcServer(
  parts: EdgeParts,
  { host, port, tls, ...times }: GrpcServerOptions,
): Promise<GrpcServer> {
  const stopping = new AbortController();
  const handlers = createRpcHandlers(parts, {
    protocols: { grpc: true, grpcWeb: false, connect: false },
    stopping: stopping.signal,
  });
  const unary = createUnaryHandlers(parts);
  const settings = {
    maxConcurrentStreams: concurrentStreamsMax,
    maxHeaderListSize: headerBytesMax,
    initialWindowSize: streamWindowBytes,
    enablePush: false,
  };
  const secure =
    tls && createSecureServer({ ...secureOptions(tls), settings, handshakeTimeout: tlsHandshakeMs });
  const server = secure ?? createServer({ settings });
  const connections = trackConnections(server, parts.shares.grpc_connections, times);
  const calls = new GrpcCalls(parts.shares.requests, times);
  // A client that does not speak HTTP/2, or breaks off, harms only its own connection.
  server.on("sessionError", (error: Error) =>
    parts.log.debug("grpc connection failed", { event: "grpc_connection_failed", error: error.message }),
  );
  const streamFailed = (error: Error) =>
    parts.log.debug("grpc stream failed", { event: "grpc_stream_failed", error: error.message });
  server.on("stream", (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
    stream.on("error", streamFailed);
    route(stream, headers).catch((error) => {
      parts.log.error("grpc call failed", {
        event: "request_failed",
        request_id: requestIdFrom(headers[requestIdHeader]),
        error,
      });
      stream.close(constants.NGHTTP2_INTERNAL_ERROR);
    });
  });
  await listening(server, host, port);

  let clientCa = tls?.clientCa;
  let stopped: Promise<void> | undefined;
  return {
    port: (server.address() as AddressInfo).port,
    setTls(pair) {
      secure?.setSecureContext(secureOptions(pair));
      // Their clients were verified by the former authority.
      if (pair.clientCa !== clientCa) connections.retire();
      clientCa = pair.clientCa;
    },
    stop(deadlineMs) {
      stopped ??= stop(deadlineMs);
      return stopped;
    },
  };

  async function route(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): Promise<void> {
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
    const caller = callerOf(stream, headers, handler);
    if (caller instanceof MarsError) {
      const action = handler === undefined ? (isKnown ? path.slice(1) : "rpc") : actionOf(handler.method);
      const requestId = saneRequestId(headers[requestIdHeader]);
      parts.denials.note(caller, () => ({
        action,
        address: sessionPeer(stream).name,
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
      if (lean !== undefined) return lean(stream, headers, caller);
    } else if (!contentType.startsWith("application/grpc")) {
      return respondHttp(stream, 415);
    }
    if (handler === undefined) {
      return refuse(new ConnectError("there is no such method", Code.Unimplemented));
    }
    if (!handler.supportedContentType(contentType)) return respondHttp(stream, 415);
    await serveStream(stream, headers, handler, caller, {
      budget: parts.budget,
      calls: called,
      spans: parts.spans,
    });
  }

  function callerOf(
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    handler: UniversalHandler | undefined,
  ): Caller | MarsError {
    if (handler !== undefined && isPublic(handler.service)) return callerWithoutKey(sessionPeer(stream));
    try {
      return streamCaller(stream, headers, parts.access);
    } catch (thrown) {
      return MarsError.from(thrown);
    }
  }

  async function stop(deadlineMs: number): Promise<void> {
    stopping.abort(stoppingError());
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    connections.close();
    const idle = setInterval(connections.destroyIdle, Math.min(goawayGraceMs, deadlineMs));
    const timer = setTimeout(connections.destroy, Math.min(lingerMsMax, deadlineMs));
    await closed;
    clearInterval(idle);
    clearTimeout(timer);
    calls.close();
  }
}

/** Without `clientRequired` a certificate that does not hold is as good as none: see `client-certificate.ts`. */
function secureOptions({ cert, key, clientCa, clientRequired }: TlsPair) {
  if (clientCa === undefined) return { cert, key };
  return { cert, key, ca: clientCa, requestCert: true, rejectUnauthorized: clientRequired };
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
  const one = { bytesMax: eventBodyBytesMax };
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

function listening(server: Http2Server | Http2SecureServer, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });
}
