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
import { once } from "../../core/once.ts";
import type { TlsPair } from "../../core/tls.ts";
import type { EdgeParts } from "../parts.ts";
import { requestIdFrom, requestIdHeader } from "../request-id.ts";
import type { GrpcCallsOptions } from "./grpc-calls.ts";
import { type ConnectionTimes, trackConnections } from "./grpc-connections.ts";
import type { GrpcRoutes } from "./grpc-routes.ts";

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

/** Resolves when the port is open; rejects when it cannot be. */
export async function startGrpcServer(
  parts: EdgeParts,
  { host, port, tls, ...times }: GrpcServerOptions,
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
  // A client that does not speak HTTP/2, or breaks off, harms only its own connection.
  server.on("sessionError", (error: Error) =>
    parts.log.debug("grpc connection failed", { event: "grpc_connection_failed", error: error.message }),
  );
  const streamFailed = (error: Error) =>
    parts.log.debug("grpc stream failed", { event: "grpc_stream_failed", error: error.message });
  server.on("stream", (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
    stream.on("error", streamFailed);
    const answered = routes?.answer(stream, headers) ?? loading().then((all) => all.answer(stream, headers));
    answered.catch((error) => {
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

  async function stop(deadlineMs: number): Promise<void> {
    stopping.abort();
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    connections.close();
    const idle = setInterval(connections.destroyIdle, Math.min(goawayGraceMs, deadlineMs));
    const timer = setTimeout(connections.destroy, Math.min(lingerMsMax, deadlineMs));
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

function listening(server: Http2Server | Http2SecureServer, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });
}
