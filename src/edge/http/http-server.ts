/** Port 4000 on Bun: HTTP/1.1 and cleartext HTTP/2, and the upgrade to WebSocket. */
import type { Server } from "bun";
import { MarsError } from "../../core/error.ts";
import type { SendBudget } from "../../runtime/send-budget.ts";
import { peerOf } from "../peer.ts";
import { problemResponse } from "../rest/problem.ts";
import type { Router, RuntimeBindings } from "../rest/router.ts";
import type { SocketData } from "../ws/connection.ts";
import type { Sockets } from "../ws/sockets.ts";
import type { Gate } from "./gate.ts";
import { isBrokenOff } from "./whole-body.ts";

export interface HttpServerOptions {
  /** Without a byte in either direction, after which a connection is closed; at most 255 s, in steps of Bun's of 4 s. */
  readonly idleTimeoutMs: number;
  readonly gate: Gate;
  readonly budget: SendBudget;
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
}

export interface HttpServer {
  /** The real port. */
  readonly port: number;
  /**
   * Takes no more connections, lets requests that are on their way be answered, for `timeoutMs` or `lingerMsMax` at
   * most, and closes what is left. Calling it again waits for the same end.
   */
  stop(timeoutMs: number): Promise<void>;
}

/**
 * Where Bun itself breaks off a body, with an empty 413. The routes have lower bounds, by which they answer in their
 * protocol's terms; this one is for the day when one of them forgets.
 */
const requestBytesMax = 1024 ** 3;

/**
 * How long stopping waits for answers. By then nothing is accepted any more, so what is on its way are reads, which take
 * milliseconds, and uploads, which could only be refused.
 */
const lingerMsMax = 2_000;

/** Methods that change nothing; of the GETs that do, see `test-endpoints.ts`. */
const safeMethods: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * Bun's parser answers a trailer section with a 400 of its own when it comes to it, which may be after the request has been
 * acted upon. So what announces one is refused before.
 */
async function refuseTrailers(request: Request): Promise<Response> {
  // Where they have come with the head, Bun has answered already, and nobody gets a second answer.
  await isBrokenOff(request);
  const refusal = new MarsError("malformed", "trailers are not supported over HTTP/1.1");
  return problemResponse(refusal, { headers: { connection: "close" } });
}

/** Starts to listen. Throws when the port is taken. */
export function startHttpServer(
  app: Pick<Router, "fetch">,
  sockets: Sockets,
  { gate, budget, host, port, idleTimeoutMs }: HttpServerOptions,
): HttpServer {
  const upgrade = (request: Request, server: Server<SocketData>) => {
    const refusal = gate.checkHost(request.headers.get("host"));
    return refusal === undefined ? sockets.upgrade(request, server) : problemResponse(refusal);
  };
  const server: Server<SocketData> = Bun.serve<SocketData>({
    hostname: host,
    port,
    http2: true,
    // Requests whose head does not come are closed after 12 s by Bun itself.
    idleTimeout: Math.ceil(idleTimeoutMs / 1_000),
    maxRequestBodySize: requestBytesMax,
    // Bun's error page shows source code to whoever asks.
    development: false,
    // Without this a second server on the same port would take half of the requests, and neither would say so.
    reusePort: false,
    // Bun's own router, so that the hot requests are not asked whether they are sockets.
    routes: Object.fromEntries([...sockets.paths].map((path) => [path, upgrade])),
    fetch: (request) => {
      const { headers, method } = request;
      let refusal = gate.checkHost(headers.get("host"));
      if (refusal === undefined && !safeMethods.has(method)) refusal = gate.checkPage(headers);
      if (refusal !== undefined) return problemResponse(refusal);
      if (method === "HEAD") return answerHead(request);
      if (headers.get("trailer") !== null && headers.get("transfer-encoding") !== null)
        return refuseTrailers(request);
      return app.fetch(request, runtime);
    },
    websocket: sockets.websocket,
  });
  const peerOfRequest = (request: Request) => {
    const end = server.requestIP(request);
    return peerOf(end?.address, end?.port);
  };
  const runtime: RuntimeBindings = {
    keepOpen: (request) => server.timeout(request, 0),
    budget,
    peer: peerOfRequest,
  };
  // As a GET, of whose answer Bun sends all but the body: so the head is true whatever answers.
  const answerHead = (request: Request) => {
    const bindings: RuntimeBindings = { head: true, peer: () => peerOfRequest(request) };
    return app.fetch(new Request(request, { method: "GET" }), bindings);
  };
  let stopped: Promise<void> | undefined;

  async function stop(timeoutMs: number): Promise<void> {
    const deadline = Promise.withResolvers<void>();
    const timer = setTimeout(deadline.resolve, Math.min(timeoutMs, lingerMsMax));
    try {
      await Promise.race([server.stop(), deadline.promise]);
    } finally {
      clearTimeout(timer);
    }
    // Connections that are kept alive are still open; so is everything, past the deadline.
    await server.stop(true);
  }

  return {
    port: server.port ?? port,
    stop: (timeoutMs) => (stopped ??= stop(timeoutMs)),
  };
}
