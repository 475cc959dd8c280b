/** Native gRPC on a port of its own: HTTP/2 in cleartext, or with TLS. */
import { once } from "../../core/once.ts";
import type { TlsPair } from "../../core/tls.ts";
import type { ConnectionTimes } from "../../http2/connection-clock.ts";
import { ErrorCode } from "../../http2/errors.ts";
import { startHttp2Server } from "../../http2/server.ts";
import type { Stream } from "../../http2/stream.ts";
import type { Listen } from "../../http2/transport.ts";
import type { EdgeParts } from "../parts.ts";
import { peerOf } from "../peer.ts";
import { requestIdFrom, requestIdHeader } from "../request-id.ts";
import type { GrpcCallsOptions } from "./grpc-calls.ts";
import { admitConnections } from "./grpc-connections.ts";
import { logFaults } from "./grpc-faults.ts";
import type { GrpcRoutes } from "./grpc-routes.ts";

export interface GrpcServerOptions extends ConnectionTimes, GrpcCallsOptions {
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  /** The runtime's sockets. */
  readonly listen: Listen;
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
/** That of a connection: what all of its calls together may have sent and nobody has read. */
const connectionWindowBytes = 1024 * 1024;

/** The time that a client has, at a stop, from the end of its last call on to notice that it should connect elsewhere. */
const goawayGraceMs = 250;

/**
 * How long a stop waits for calls, at most. The longest call is a read that waits 5 s for `min_seq`; a stream whose client
 * reads nothing would never end.
 */
const lingerMsMax = 6_000;

/** Resolves when the port is open; rejects when it cannot be. */
export async function startGrpcServer(
  parts: EdgeParts,
  { host, port, listen, tls, ...times }: GrpcServerOptions,
): Promise<GrpcServer> {
  const stopping = new AbortController();
  // Loaded at the first call: the descriptors of all messages take as long as the rest of a start.
  const loading = once(() =>
    import("./grpc-routes.ts").then(({ createGrpcRoutes }) => {
      routes = createGrpcRoutes(parts, { ...times, stopping: stopping.signal });
      return routes;
    }),
  );
  let routes: GrpcRoutes | undefined;
  const server = await startHttp2Server({
    ...{ host, port, listen, times },
    tls: tls && { ...secureOptions(tls), handshakeMs: tlsHandshakeMs },
    streamsMax: concurrentStreamsMax,
    headerListBytesMax: headerBytesMax,
    ...{ streamWindowBytes, connectionWindowBytes },
    peerOf: ({ remoteAddress, remotePort }) => peerOf(remoteAddress, remotePort).name,
    admit: admitConnections(parts.shares.grpc_connections),
    onStream(stream) {
      const answered = routes?.answer(stream) ?? loading().then((all) => all.answer(stream));
      answered.catch((error) => callFailed(stream, error));
    },
    onClientFault: logFaults(parts.log),
    onError: (error) =>
      parts.log.error("grpc connection failed by a fault of ours", { event: "grpc_failed", error }),
  });

  let clientCa = tls?.clientCa;
  let stopped: Promise<void> | undefined;
  return {
    port: server.port,
    setTls(pair) {
      if (tls === undefined) return;
      server.setTls(secureOptions(pair));
      // Their clients were verified by the former authority.
      if (pair.clientCa !== clientCa) server.retire();
      clientCa = pair.clientCa;
    },
    stop(deadlineMs) {
      stopped ??= stop(deadlineMs);
      return stopped;
    },
  };

  function callFailed(stream: Stream, error: unknown): void {
    parts.log.error("grpc call failed", {
      event: "request_failed",
      request_id: requestIdFrom(stream.headers[requestIdHeader]),
      error,
    });
    stream.reset(ErrorCode.internalError);
  }

  async function stop(deadlineMs: number): Promise<void> {
    stopping.abort();
    const closed = server.close();
    const graceMs = Math.min(goawayGraceMs, deadlineMs);
    const each = (end: "idle" | "all") => {
      // Its last answer may still be under way.
      const latest = performance.now() - graceMs;
      for (const connection of [...server.connections]) {
        const { idleSince = Number.POSITIVE_INFINITY } = connection;
        if (end === "all") connection.destroy();
        // What it has yet to read comes before the end.
        else if (idleSince <= latest) connection.end(ErrorCode.noError);
      }
    };
    const idle = setInterval(() => each("idle"), graceMs);
    const timer = setTimeout(() => each("all"), Math.min(lingerMsMax, deadlineMs));
    await closed;
    clearInterval(idle);
    clearTimeout(timer);
    routes?.close();
  }
}

/** Without `clientRequired` a certificate that does not hold is as good as none: see `client-certificate.ts`. */
function secureOptions({ cert, key, clientCa, clientRequired }: TlsPair) {
  if (clientCa === undefined) return { cert, key };
  return { cert, key, ca: clientCa, requestCert: true, rejectUnauthorized: clientRequired };
}
