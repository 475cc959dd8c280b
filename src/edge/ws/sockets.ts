/** The WebSockets: their paths, the checks before one is opened, and the end of all of them. A runtime's server does the handshake. */
import type { Caller, Peer, Protocol } from "../../core/caller.ts";
import { MarsError } from "../../core/error.ts";
import type { Identity } from "../../core/identity.ts";
import type { Identify } from "../caller.ts";
import type { EdgeParts } from "../parts.ts";
import { openPhoenix } from "../phoenix/phoenix.ts";
import { problemResponse } from "../rest/problem.ts";
import { statusOf } from "../status.ts";
import { Connection, type ConnectionLimits, type OpenSession, type Session } from "./connection.ts";
import { type FrameAllowance, FrameRates, type FrameRatesOptions } from "./frame-rates.ts";
import type { Socket, SocketHandler } from "./socket.ts";
import { acceptedProtocol, phoenixCaller, wsCaller } from "./socket-caller.ts";
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
  /** The largest frame a client may send; a larger one closes its socket with 1009. */
  readonly frameBytesMax: number;
  /** The bytes that may wait before the runtime closes the socket, where it can. */
  readonly bufferBytesMax: number;
  /** Whether a request for one of `paths` becomes a socket; the response says why not. */
  accept(request: Request, peer: Peer): Acceptance | Response;
  /** Closes every socket with 1012, "service restart": clients should connect again. New ones are refused. */
  close(): void;
}

/** A place for one socket: either it is opened, or the place is given back. */
export interface Acceptance {
  /** The subprotocol of the answer, where there is one. */
  readonly protocol?: string | undefined;
  open(socket: Socket): SocketHandler;
  /** The handshake failed. */
  abandon(): void;
}

interface SocketRoute {
  readonly protocol: Protocol;
  /** Throws `MarsError`. */
  readonly callerOf: (access: Identify, request: Request, address: Peer) => Caller;
  /** Begins a session, or says why there is none. */
  open(query: URLSearchParams): OpenSession | Response;
}

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
  const routes: Readonly<Record<string, SocketRoute>> = {
    "/ws": {
      protocol: "websocket",
      callerOf: wsCaller,
      open: () => (connection) => openWs(parts, connection),
    },
    "/socket/websocket": {
      protocol: "phoenix",
      callerOf: phoenixCaller,
      open: (query) => openPhoenix(parts, query),
    },
  };
  const connections = new Set<Connection>();
  const rates = new FrameRates(options.frames);
  let closed = false;

  function handlerOf(
    socket: Socket,
    caller: Caller,
    open: OpenSession,
    frames: FrameAllowance,
    release: () => void,
  ): SocketHandler {
    let session: Session | undefined;
    const connection = new Connection(socket, caller, limits, () => {
      connections.delete(connection);
      session?.closed();
    });
    connections.add(connection);
    // It was being opened while the others were closed.
    if (closed) connection.close(restart, restartReason);
    else session = open(connection);
    const forget = caller.identity.onEnd((reason) => connection.fail(reason));
    return {
      message(text, length) {
        if (!frames.take(length)) connection.fail(tooFast());
        else if (text !== undefined) session?.message(text);
        else connection.close(statusOf("unsupported_media_type").close, "only text frames are understood");
      },
      drained: () => connection.drained(),
      closed() {
        forget();
        release();
        connection.ended();
      },
    };
  }

  /** Who opens a socket, or why it is closed again at once. */
  function callerOf(request: Request, route: SocketRoute, address: Peer): Caller | MarsError {
    let identity: Identity | undefined;
    try {
      const caller = route.callerOf(parts.access, request, address);
      identity = caller.identity;
      identity.assertMay("read");
      return caller;
    } catch (thrown) {
      const { protocol } = route;
      parts.denials.note(thrown, () => ({ action: "connect", address: address.name, protocol, identity }));
      return MarsError.from(thrown);
    }
  }

  return {
    paths: new Set(Object.keys(routes)),

    frameBytesMax,
    bufferBytesMax: limits.pauseBytes + overshootBytesMax,

    accept(request, address) {
      const url = new URL(request.url);
      const route = routes[url.pathname];
      if (route === undefined) return problemResponse(new MarsError("not_found", "no socket here"), request);
      if (request.headers.get("upgrade")?.toLowerCase() !== "websocket") {
        if (request.method !== "GET" && request.method !== "HEAD") {
          const message = `method must be GET, is ${request.method}`;
          return problemResponse(new MarsError("method_not_allowed", message), request, {
            headers: { allow: "GET, HEAD" },
          });
        }
        const error = new MarsError("upgrade_required", "this address speaks WebSocket only");
        return problemResponse(error, request, { headers: { upgrade: "websocket" } });
      }
      // CORS does not protect a socket: any page that a user visits could read every Mars that their browser can connect to.
      const refusal = parts.gate.checkPage(request.headers);
      if (refusal !== undefined) return problemResponse(refusal, request);
      if (closed) return problemResponse(new MarsError("draining", "draining"), request);
      const open = route.open(url.searchParams);
      if (open instanceof Response) return open;
      const caller = callerOf(request, route, address);
      const protocol = acceptedProtocol(request);
      if (caller instanceof MarsError) return { ...refusedSocket(caller), protocol };
      const { peer } = caller;
      const lease = parts.shares.sockets.take(peer);
      if (lease === undefined) {
        return problemResponse(
          new MarsError("unavailable", "too many sockets are open", { retryAfterMs: fullRetryMs }),
          request,
        );
      }
      const stream = parts.shares.streams.take(peer);
      if (stream === undefined) {
        lease.release();
        return problemResponse(parts.shares.streams.full("streams", peer), request);
      }
      const frames = rates.open(peer.name);
      const abandon = () => {
        frames.end();
        stream.release();
        lease.release();
      };
      return { protocol, abandon, open: (socket) => handlerOf(socket, caller, open, frames, abandon) };
    },

    close() {
      closed = true;
      for (const connection of [...connections]) connection.close(restart, restartReason);
    },
  };
}

/** Sockets are open for long: a place does not become free at once. */
const fullRetryMs = 5_000;

const restart = statusOf("draining").close;
const restartReason = "Mars is stopping; connect again";

function tooFast(): MarsError {
  return new MarsError("overloaded", "too many frames within a short time; connect again later");
}

/**
 * A handshake that is completed only to be closed with the error's code: browsers show a page nothing of a handshake that
 * was refused.
 */
function refusedSocket(error: MarsError): Acceptance {
  return {
    abandon: () => undefined,
    open(socket) {
      socket.close(statusOf(error.code).close, error.message);
      return { message: () => undefined, drained: () => undefined, closed: () => undefined };
    },
  };
}

/** The response to a handshake that the runtime itself refuses. */
export function notAHandshake(request: Request): Response {
  return problemResponse(new MarsError("malformed", "not a WebSocket handshake"), request);
}
