/**
 * Bounds the connections of the gRPC port: how many a peer may have, and for how long one may be quiet.
 *
 * The cap is divided between peers (`runtime/shares.ts`); where a share is full, a new connection evicts the one that has had no
 * call for longest. A connection is closed that has not sent its HTTP/2 settings in time, or has had no call for very long:
 * its client may have gone without closing it.
 */
import {
  constants,
  type Http2SecureServer,
  type Http2Server,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import type { Socket } from "node:net";
import type { Lease, Shares } from "../../runtime/shares.ts";
import { peerOf } from "../peer.ts";

/** How long a connection may be silent, in milliseconds. */
export interface ConnectionTimes {
  /** Until a client has sent its settings, TLS included. */
  readonly handshakeMs?: number;
  /** Without a call. */
  readonly idleMs?: number;
}

/** The open connections, for the end of Mars. */
export interface Connections {
  /** Asks the open ones to end with their last call. */
  retire(): void;
  /** The same, and accepts no more. */
  close(): void;
  /** Ends those without an open call: some never sent anything, and would stay for ever. */
  destroyIdle(): void;
  destroy(): void;
}

const handshakeMsDefault = 10_000;
const idleMsDefault = 15 * 60_000;
/** The interval of the checks. */
const sweepMs = 1_000;
/** After so long a quiet connection is probed by TCP keep-alive. */
const keepAliveMs = 60_000;

interface Connection {
  readonly lease: Lease;
  socket?: Socket;
  session?: ServerHttp2Session;
  /** The client's settings have come. */
  greeted: boolean;
  calls: number;
  /** When it was opened, or its last call ended. */
  quietSince: number;
}

/** A connection's remote address: the socket of a session is another object than the server's. */
type End = Pick<Socket, "remoteAddress" | "remotePort">;

/** Bounds the connections of a server, and ends them: `close` after their calls, `destroy` at once. */
export function trackConnections(
  server: Http2Server | Http2SecureServer,
  shares: Shares,
  { handshakeMs = handshakeMsDefault, idleMs = idleMsDefault }: ConnectionTimes = {},
): Connections {
  const connections = new Map<string, Connection>();
  /** Between the two events of a connection that is refused. */
  const refused = new Set<string>();
  let closing = false;

  server.on("connection", (socket: Socket) => {
    const id = idOf(socket);
    const connection = refused.delete(id) ? undefined : (connections.get(id) ?? admit(socket));
    if (connection === undefined) {
      socket.destroy();
      return;
    }
    connection.socket = socket;
    socket.setKeepAlive(true, keepAliveMs);
    socket.once("close", () => forget(id, connection));
  });
  // Comes before `connection` in cleartext, after it by TLS.
  server.on("session", (session: ServerHttp2Session) => {
    const id = idOf(session.socket);
    const connection = connections.get(id) ?? admit(session.socket);
    if (connection === undefined) {
      refused.add(id);
      session.once("close", () => refused.delete(id));
      session.destroy(undefined, constants.NGHTTP2_ENHANCE_YOUR_CALM);
      return;
    }
    connection.session = session;
    session.once("remoteSettings", () => {
      connection.greeted = true;
    });
    session.once("close", () => {
      if (connection.socket === undefined) forget(id, connection);
    });
    const ended = () => {
      connection.calls -= 1;
      if (connection.calls === 0) connection.quietSince = performance.now();
    };
    session.on("stream", (stream: ServerHttp2Stream) => {
      connection.calls += 1;
      // Once for each stream, too, and for a third of what `once` costs.
      stream.on("close", ended);
    });
  });
  const sweep = setInterval(() => {
    const now = performance.now();
    for (const connection of [...connections.values()]) {
      const quietMs = now - connection.quietSince;
      if (!connection.greeted && quietMs > handshakeMs) end(connection);
      else if (connection.calls === 0 && quietMs > idleMs) connection.session?.close();
    }
  }, sweepMs);
  sweep.unref();
  server.once("close", () => clearInterval(sweep));

  return {
    retire,
    close() {
      closing = true;
      retire();
    },
    destroyIdle() {
      for (const connection of [...connections.values()]) {
        // A session that was asked to close may be over while its connection is still there.
        if (connection.calls === 0) end(connection);
      }
    },
    destroy() {
      for (const connection of [...connections.values()]) end(connection);
    },
  };

  function retire(): void {
    for (const { session } of connections.values()) session?.close();
  }

  function admit(socket: End): Connection | undefined {
    if (closing) return undefined;
    const evictable = {
      idleSince: () => (connection.calls === 0 ? connection.quietSince : undefined),
      evict: () => end(connection),
    };
    const lease = shares.take(peerOf(socket.remoteAddress, socket.remotePort), evictable);
    if (lease === undefined) return undefined;
    const connection: Connection = { lease, greeted: false, calls: 0, quietSince: performance.now() };
    connections.set(idOf(socket), connection);
    return connection;
  }

  function end(connection: Connection): void {
    connection.lease.release();
    connection.session?.destroy(undefined, constants.NGHTTP2_ENHANCE_YOUR_CALM);
    connection.socket?.destroy();
  }

  function forget(id: string, connection: Connection): void {
    connection.lease.release();
    if (connections.get(id) === connection) connections.delete(id);
  }
}

function idOf({ remoteAddress, remotePort }: End): string {
  return `${remoteAddress} ${remotePort}`;
}
