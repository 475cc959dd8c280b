/** Port 4000 on Bun: HTTP/1.1 and HTTP/2, in cleartext or with TLS, and the upgrade to WebSocket. */
import type { Server, ServerWebSocket } from "bun";
import { MarsError } from "../../core/error.ts";
import type { TlsPair } from "../../core/tls.ts";
import { within } from "../../runtime/delay.ts";
import { peerOf } from "../peer.ts";
import { problemResponse } from "../rest/problem.ts";
import type { RuntimeBindings } from "../rest/router.ts";
import type { Socket, SocketHandler } from "../ws/socket.ts";
import { type Acceptance, notAHandshake } from "../ws/sockets.ts";
import { lingerMsMax, type StartHttpServer } from "./http-server.ts";
import { isBrokenOff } from "./whole-body.ts";

/** The acceptance of a handshake, and the handler of its socket once it is open. */
interface SocketData {
  readonly acceptance: Acceptance;
  handler?: SocketHandler;
}

/**
 * The length at which Bun itself ends a body, with an empty 413. The routes have lower bounds and answer in their protocol's
 * terms; this one is for a route that lacks a bound.
 */
const requestBytesMax = 1024 ** 3;

/**
 * Bun's parser answers a trailer section with a 400 of its own when it comes to it, which may be after the request has been
 * acted upon. So a request that announces trailers is refused before.
 */
async function refuseTrailers(request: Request): Promise<Response> {
  // Where they have come with the head, Bun has answered already, and sends no second answer.
  await isBrokenOff(request);
  const refusal = new MarsError("malformed", "trailers are not supported over HTTP/1.1");
  return problemResponse(refusal, request, { headers: { connection: "close" } });
}

export const startBunServer: StartHttpServer = (front, sockets, options) => {
  const { budget, host, idleTimeoutMs } = options;
  /** Replaced ones, until their last connection ends: they listen no more. */
  const former = new Set<Server<SocketData>>();
  let tls = options.tls;
  let current = listen(options.port);
  const port = current.port ?? options.port;
  let stopped: Promise<void> | undefined;
  return { port, setTls, stop: (timeoutMs) => (stopped ??= stop(timeoutMs)) };

  /** A listening server and all that belongs to it: Bun can change everything of one but its certificate. */
  function listen(port: number): Server<SocketData> {
    const upgrade = (request: Request, server: Server<SocketData>) => {
      const acceptance = front.accept(request, request.headers.get("host"), peerOfRequest(request));
      if (acceptance instanceof Response) return acceptance;
      const { protocol } = acceptance;
      const headers = protocol === undefined ? {} : { "Sec-WebSocket-Protocol": protocol };
      if (server.upgrade(request, { headers, data: { acceptance } })) return undefined;
      acceptance.abandon();
      return front.finish(request, notAHandshake(request));
    };
    const server: Server<SocketData> = Bun.serve<SocketData>({
      hostname: host,
      port,
      http2: true,
      ...(tls !== undefined && { tls: tlsOptions(tls) }),
      // Requests whose head does not come are closed after 12 s by Bun itself, and so are TLS handshakes that do not end.
      idleTimeout: Math.ceil(idleTimeoutMs / 1_000),
      maxRequestBodySize: requestBytesMax,
      // Bun's error page shows source code to every client.
      development: false,
      // Without this a second server on the same port would take half of the requests, and neither would say so.
      reusePort: false,
      // Bun's own router, so that the hot requests are not asked whether they are sockets.
      routes: Object.fromEntries([...sockets.paths].map((path) => [path, upgrade])),
      fetch: (request) => {
        const { headers, method } = request;
        if (method === "HEAD") return answerHead(request);
        if (headers.get("trailer") !== null && headers.get("transfer-encoding") !== null)
          return refuseTrailers(request).then((refusal) => front.finish(request, refusal));
        const answer = front.answer(request, headers.get("host"), runtime);
        if (tls === undefined) return answer;
        return answer instanceof Promise ? answer.then(announceEnd) : announceEnd(answer);
      },
      websocket: {
        maxPayloadLength: sockets.frameBytesMax,
        // Our own bound is met long before this one. Should it fail, the client is closed rather than sent an incomplete stream.
        backpressureLimit: sockets.bufferBytesMax,
        closeOnBackpressureLimit: true,
        // Seconds. Bun pings before they are over, so only a client that is gone meets this bound.
        idleTimeout: 60,
        sendPings: true,
        perMessageDeflate: false,
        open(socket) {
          socket.data.handler = socket.data.acceptance.open(portOf(socket));
        },
        message({ data }, message) {
          data.handler?.message(typeof message === "string" ? message : undefined, message.length);
        },
        drain({ data }) {
          data.handler?.drained();
        },
        close({ data }) {
          if (data.handler === undefined) data.acceptance.abandon();
          else data.handler.closed();
        },
      },
    });
    // Over HTTP/1.1 a client then sends nothing more on a connection that Bun closes behind the answer.
    const announceEnd = (response: Response) => {
      if (server !== current) response.headers.set("connection", "close");
      return response;
    };
    const peerOfRequest = (request: Request) => {
      const end = server.requestIP(request);
      return peerOf(end?.address, end?.port);
    };
    const runtime: RuntimeBindings = {
      keepOpen: (request) => server.timeout(request, 0),
      budget,
      peer: peerOfRequest,
    };
    // As a GET, of whose answer Bun sends all but the body: so the head is that of the GET.
    const answerHead = (request: Request) => {
      const bindings: RuntimeBindings = { head: true, peer: () => peerOfRequest(request) };
      return front.answer(new Request(request, { method: "GET" }), request.headers.get("host"), bindings);
    };
    return server;
  }

  function setTls(pair: TlsPair): void {
    if (stopped !== undefined) return;
    const [server, before] = [current, tls];
    former.add(server);
    // Closes at once what listens, and connections without a request; HTTP/2 is asked to leave. What is under way goes on.
    void server.stop().finally(() => former.delete(server));
    tls = pair;
    try {
      current = listen(port);
    } catch (error) {
      tls = before;
      current = listen(port);
      throw error;
    }
  }

  async function stop(timeoutMs: number): Promise<void> {
    const servers = [current, ...former];
    await within(Math.min(timeoutMs, lingerMsMax), Promise.all(servers.map((server) => server.stop())));
    // Connections that are kept alive are still open; so is everything, past the deadline.
    await Promise.all(servers.map((server) => server.stop(true)));
  }
};

/** Bun does not show a client's certificate, so it is asked for only where all clients must have one. */
function tlsOptions({ cert, key, clientCa, clientRequired }: TlsPair) {
  if (clientCa === undefined || !clientRequired) return { cert, key };
  return { cert, key, ca: clientCa, requestCert: true, rejectUnauthorized: true };
}

function portOf(socket: ServerWebSocket<SocketData>): Socket {
  return {
    bufferedBytes: () => socket.getBufferedAmount(),
    send: (frame) => void socket.send(frame),
    sendAll: (frames) =>
      void socket.cork(() => {
        for (const frame of frames) socket.send(frame);
      }),
    close: (code, reason) => socket.close(code, reason),
  };
}
