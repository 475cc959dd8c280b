/** Connections by Node's sockets, for any runtime: in cleartext, or with TLS, of which HTTP/2 must be negotiated. */

import type { AddressInfo } from "node:net";
import { createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, type TLSSocket, type Server as TlsServer } from "node:tls";
import type { Listen, ListenOptions, Transport } from "./transport.ts";

const protocol = "h2";
/** TLS handshakes at one time; beyond it the oldest is broken off. Only what is behind them is counted by the server. */
const handshakesMax = 1_024;

export const listenByNode: Listen = async ({ host, port, tls, accept }) => {
  const { server, secure } = serverOf(tls, accept);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });
  return {
    port: (server.address() as AddressInfo).port,
    setTls(pair) {
      if (secure === undefined) throw new Error("cleartext has no certificate");
      secure.setSecureContext(pair);
    },
    close: () => void server.close(),
  };
};

function serverOf(
  tls: ListenOptions["tls"],
  accept: ListenOptions["accept"],
): { readonly server: Server; readonly secure?: TlsServer } {
  if (tls === undefined)
    return { server: createServer({ noDelay: true }, (socket) => serve(socket, accept)) };
  const { handshakeMs, ...pair } = tls;
  const handshakes = new Map<string, Socket>();
  const secure = createTlsServer(
    { ...pair, ALPNProtocols: [protocol], handshakeTimeout: handshakeMs },
    (socket) => {
      handshakes.delete(endOf(socket));
      // Must be negotiated (RFC 9113, 3.2).
      if (socket.alpnProtocol !== protocol) socket.destroy();
      else serve(socket, accept, socket);
    },
  );
  secure.on("connection", (socket: Socket) => {
    const end = endOf(socket);
    handshakes.set(end, socket);
    socket.once("close", () => handshakes.delete(end));
    if (handshakes.size <= handshakesMax) return;
    const [oldest] = handshakes;
    if (oldest === undefined) return;
    handshakes.delete(oldest[0]);
    oldest[1].destroy();
  });
  // A handshake that fails harms its own connection only.
  secure.on("tlsClientError", (_, socket) => socket.destroy());
  return { server: secure, secure };
}

/** The socket of a handshake is another object than that of its connection. */
function endOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}

function serve(socket: Socket, accept: ListenOptions["accept"], tlsSocket?: TLSSocket): void {
  socket.setNoDelay(true);
  const handler = accept(transportOf(socket, tlsSocket));
  socket.on("data", (chunk: Buffer) => handler.data(chunk));
  socket.on("drain", () => handler.drained());
  socket.on("close", () => handler.closed());
  // `close` follows.
  socket.on("error", () => socket.destroy());
}

function transportOf(socket: Socket, tlsSocket: TLSSocket | undefined): Transport {
  return {
    remoteAddress: socket.remoteAddress,
    remotePort: socket.remotePort,
    ...(tlsSocket !== undefined && { tlsSocket }),
    write(bytes) {
      if (socket.writableNeedDrain || socket.destroyed) return 0;
      // Copied, since the socket keeps it.
      socket.write(Buffer.from(bytes));
      return bytes.length;
    },
    end: () => void socket.end(),
    destroy: () => void socket.destroy(),
  };
}
