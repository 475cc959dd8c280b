/** Cleartext connections by Bun's own sockets, which cost a fraction of Node's streams. */
import type { Socket } from "bun";
import { listenByNode } from "./node-transport.ts";
import type { Listen, Listener, ListenOptions, Transport, TransportHandler } from "./transport.ts";

/** TLS is Node's: Bun's sockets cannot change their certificate, nor show a client's. */
export const listenByBun: Listen = (options) =>
  options.tls === undefined ? listenInCleartext(options) : listenByNode(options);

async function listenInCleartext(options: ListenOptions): Promise<Listener> {
  const listener = openListener(options);
  return {
    port: listener.port,
    setTls() {
      throw new Error("cleartext has no certificate");
    },
    close: () => listener.stop(),
  };
}

function openListener({ host, port, accept }: ListenOptions) {
  try {
    return Bun.listen<TransportHandler | undefined>({
      hostname: host,
      port,
      // The client is let read what was sent before the connection is closed: see `end`.
      allowHalfOpen: true,
      data: undefined,
      socket: {
        open(socket) {
          socket.setNoDelay(true);
          socket.data = accept(transportOf(socket));
        },
        data(socket, chunk) {
          socket.data?.data(chunk);
        },
        drain(socket) {
          socket.data?.drained();
        },
        // A client that sends nothing more is of no use, even where it reads.
        end(socket) {
          socket.end();
        },
        close(socket) {
          socket.data?.closed();
        },
        // `close` follows.
        error() {},
      },
    });
  } catch (cause) {
    // Bun names neither the port nor the reason.
    const { code } = cause as { readonly code?: string };
    const reason = code === undefined ? "" : `: ${code}`;
    throw new Error(`port ${port} of ${host} cannot be listened at${reason}`, { cause });
  }
}

function transportOf(socket: Socket<TransportHandler | undefined>): Transport {
  return {
    // Not known any more when it is gone.
    remoteAddress: socket.remoteAddress,
    remotePort: (socket as unknown as { readonly remotePort: number | undefined }).remotePort,
    write: (bytes) => socket.write(bytes),
    // Closing both halves while something comes would reset the connection, and take from the client what it has not read.
    end: () => void socket.shutdown(),
    destroy: () => socket.terminate(),
  };
}
