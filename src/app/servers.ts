/** Starts the servers of both ports: HTTP with WebSocket on one, native gRPC on the other. */
import type { Config } from "../config/config.ts";
import { eventBounds } from "../core/event-bounds.ts";
import type { TlsPair } from "../core/tls.ts";
import { createFront } from "../edge/http/front.ts";
import { createHttpApp } from "../edge/http/http-app.ts";
import { pagePaths, servePage } from "../edge/http/page.ts";
import { serveSite, sitePaths } from "../edge/http/site.ts";
import type { EdgeParts } from "../edge/parts.ts";
import { startGrpcServer } from "../edge/rpc/grpc-server.ts";
import type { RuntimeServers } from "../edge/runtime-servers.ts";
import { createSockets } from "../edge/ws/sockets.ts";
import type { Certificates } from "../tls/certificates.ts";
import type { Shutdown } from "./shutdown.ts";

export interface ServersOptions {
  readonly config: Config;
  readonly runtime: RuntimeServers;
  readonly certificates: Certificates;
  /** Gets a step for each server that has been started. */
  readonly shutdown: Shutdown;
  /** How much time is left for stopping, in milliseconds. */
  readonly remainingMs: () => number;
}

export interface Servers {
  /** The real ports. */
  readonly httpPort: number;
  readonly grpcPort: number;
  /** Ends the RPC streams of port 4000, so that its clients connect elsewhere. */
  endStreams(): void;
}

/** Rejects when a port cannot be opened; `shutdown` then stops what has been started. */
export async function startServers(
  parts: EdgeParts,
  { config, runtime, certificates, shutdown, remainingMs }: ServersOptions,
): Promise<Servers> {
  const { host, httpPort, grpcPort, publicUrl, traceUrl, idleTimeoutMs, socketBufferBytesMax } = config;
  const { budget, gate } = parts;
  eventBounds.allowAttributes(config.attributesBytesMax);
  const tls = certificates.pair;
  const sockets = createSockets(parts, { pauseBytes: socketBufferBytesMax });
  const stopping = new AbortController();
  const page = { paths: pagePaths, serve: servePage };
  const site = { paths: sitePaths, serve: serveSite };
  const app = createHttpApp(parts, { page, site, publicUrl, traceUrl, stopping: stopping.signal });
  const front = createFront({ app, sockets, gate, publicUrl });
  const http = runtime.http(front, sockets, { budget, host, port: httpPort, idleTimeoutMs, tls });
  shutdown.defer("http", () => http.stop(remainingMs()));
  const grpc = await startGrpcServer(parts, { host, port: grpcPort, tls, listen: runtime.sockets });
  shutdown.defer("grpc", () => grpc.stop(remainingMs()));
  shutdown.defer("sockets", () => sockets.close());
  const watch = new AbortController();
  const watching = certificates.watch(useOnBoth, watch.signal);
  shutdown.defer("certificates", () => {
    watch.abort();
    return watching;
  });
  return { httpPort: http.port, grpcPort: grpc.port, endStreams: () => stopping.abort() };

  function useOnBoth(pair: TlsPair): void {
    const former = certificates.pair;
    grpc.setTls(pair);
    try {
      http.setTls(pair);
    } catch (error) {
      // Both ports keep the same pair.
      if (former !== undefined) grpc.setTls(former);
      throw error;
    }
  }
}
