/**
 * The WebSockets of `Bun.serve`: which paths they have, who may open one, and how all of them end.
 *
 *     const sockets = createSockets(parts, options);
 *     Bun.serve({ fetch: (request, server) => … sockets.paths.has(path) ? sockets.upgrade(request, server) : …,
 *                 websocket: sockets.websocket });
 */
import type { Server, WebSocketHandler } from "bun";
import { MarsError } from "../../core/error.ts";
import type { EdgeParts } from "../parts.ts";
import { peerOf } from "../peer.ts";
import { openPhoenix } from "../phoenix/phoenix.ts";
import { problemResponse } from "../rest/problem.ts";
import { statusOf } from "../status.ts";
import { Connection, type ConnectionLimits, type OpenSession, type SocketData } from "./connection.ts";
import { FrameRates, type FrameRatesOptions } from "./frame-rates.ts";
import { openWs } from "./ws.ts";

export interface SocketOptions {
  /** These two: see `ConnectionLimits`. */
  readonly pauseBytes?: number;
  readonly stallTimeoutMs?: number;
  readonly frames?: FrameRatesOptions;
}

export interface Sockets {
  /** `/ws` and `/socket/websocket`. */
  readonly paths: ReadonlySet<string>;
  /** Makes a request for one of `paths` a WebSocket and returns `undefined`, or returns why not. */
  upgrade(request: Request, server: Server<SocketData>): Response | undefined;
  readonly websocket: WebSocketHandler<SocketData>;
  /** Closes every socket with 1012, "service restart": clients should connect again. New ones are refused. */
  close(): void;
}

/** The largest frame a client may send; a larger one closes its socket with 1009. */
const frameBytesMax = 64 * 1024;
/** The most that one more batch of events, each escaped as badly as can be, adds to a buffer just below its bound. */
const overshootBytesMax = 16 * 1024 * 1024;
const pauseBytesDefault = 4 * 1024 * 1024;
const stallTimeoutMsDefault = 15_000;

export function createSockets(parts: EdgeParts, options: SocketOptions = {}): Sockets {
  const limits: ConnectionLimits = {
    pauseBytes: options.pauseBytes ?? pauseBytesDefault,
    stallTimeoutMs: options.stallTimeoutMs ?? stallTimeoutMsDefault,
    budget: parts.budget,
  };
  const routes: Readonly<Record<string, (query: URLSearchParams) => OpenSession | Response>> = {
    "/ws": () => (connection) => openWs(parts, connection),
    "/socket/websocket": (query) => openPhoenix(parts, query),
  };
  const connections = new Set<Connection>();
  const rates = new FrameRates(options.frames);
  let closed = false;

  return {
    paths: new Set(Object.keys(routes)),

    upgrade(request, server) {
      const url = new URL(request.url);
      const route = routes[url.pathname];
      if (route === undefined) return refuse(404, "no socket here");
      if (request.headers.get("upgrade")?.toLowerCase() !== "websocket") {
        return refuse(426, "this address speaks WebSocket only", { Upgrade: "websocket" });
      }
      // Any page that a user visits could else read what their browser can reach: no CORS protects a socket.
      const refusal = parts.gate.checkPage(request.headers);
      if (refusal !== undefined) return problemResponse(refusal);
      if (closed) return refuse(503, "draining", { "Retry-After": "1" });
      const open = route(url.searchParams);
      if (open instanceof Response) return open;
      const end = server.requestIP(request);
      const peer = peerOf(end?.address, end?.port);
      const lease = parts.shares.sockets.take(peer);
      if (lease === undefined) return refuse(503, "too many sockets are open", { "Retry-After": "5" });
      const frames = rates.open(peer.name);
      if (server.upgrade(request, { data: { open, peer, lease, frames } })) return undefined;
      frames.end();
      lease.release();
      return refuse(400, "not a WebSocket handshake");
    },

    websocket: {
      maxPayloadLength: frameBytesMax,
      // Our own bound is met long before this one. Should it fail, the client is closed rather than sent an incomplete stream.
      backpressureLimit: limits.pauseBytes + overshootBytesMax,
      closeOnBackpressureLimit: true,
      // Seconds. Bun pings before they are over, so only a client that is gone runs into it.
      idleTimeout: 60,
      sendPings: true,
      perMessageDeflate: false,

      open(socket) {
        const connection = new Connection(socket, limits, () => {
          connections.delete(connection);
          socket.data.session?.closed();
        });
        connections.add(connection);
        socket.data.connection = connection;
        // It was being opened while the others were closed.
        if (closed) connection.close(restart, restartReason);
        else socket.data.session = socket.data.open(connection);
      },
      message(socket, message) {
        const { connection, frames, session } = socket.data;
        if (!frames.take(message.length)) connection?.fail(tooFast());
        else if (typeof message === "string") session?.message(message);
        else connection?.close(statusOf("unsupported_media_type").close, "only text frames are understood");
      },
      drain(socket) {
        socket.data.connection?.drained();
      },
      close(socket) {
        socket.data.lease.release();
        socket.data.frames.end();
        socket.data.connection?.ended();
      },
    },

    close() {
      closed = true;
      for (const connection of [...connections]) connection.close(restart, restartReason);
    },
  };
}

const restart = statusOf("draining").close;
const restartReason = "Mars is stopping; connect again";

function tooFast(): MarsError {
  return new MarsError("overloaded", "too many frames within a short time; connect again later");
}

function refuse(status: number, detail: string, headers: Record<string, string> = {}): Response {
  return Response.json(
    { type: "about:blank", title: detail, status, detail, success: false },
    {
      status,
      headers: {
        "Content-Type": "application/problem+json",
        "X-Content-Type-Options": "nosniff",
        ...headers,
      },
    },
  );
}
