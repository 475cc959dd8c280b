/** An HTTP/2 server: listens, keeps its connections within bounds of time, and stops in order. Knows nothing of what is served. */
import { type BudgetOptions, Budgets } from "./budget.ts";
import { Connection, type ConnectionOptions } from "./connection.ts";
import { ConnectionError, ErrorCode } from "./errors.ts";
import type { Listen, TlsOptions, Transport } from "./transport.ts";

export interface Http2ServerOptions extends Omit<ConnectionOptions, "onFailure"> {
  /** The runtime's sockets. */
  readonly listen: Listen;
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  /** Speaks TLS and nothing else; `undefined`: cleartext, with prior knowledge. */
  readonly tls?: TlsOptions | undefined;
  readonly budgets?: BudgetOptions | undefined;
  /** The interval at which bounds of time are checked. */
  readonly sweepMs?: number;
  /** The peer of a connection: all connections with one name have one budget. */
  readonly peerOf: (transport: Transport) => string;
  /** Whether a connection may stay. One that may not is ended with ENHANCE_YOUR_CALM. */
  readonly admit: (connection: Connection) => boolean;
  /** A client has broken the protocol, or run out of a budget: for the log. */
  readonly onClientFault: (error: ConnectionError, connection: Connection) => void;
  /** A fault of this server or of what it serves. */
  readonly onError: (error: unknown) => void;
}

export interface Http2Server {
  /** The real one. */
  readonly port: number;
  readonly connections: ReadonlySet<Connection>;
  /** For new connections. Throws where it cannot be used. */
  setTls(tls: Omit<TlsOptions, "handshakeMs">): void;
  /** Asks all clients to connect elsewhere; each connection ends with its last call. */
  retire(): void;
  /** Accepts no more connections, and retires those that are open. Resolves when they are closed. */
  close(): Promise<void>;
}

const sweepMsDefault = 1_000;
/** From the refusal of a connection until it is closed. */
const refusedMs = 100;

export async function startHttp2Server(options: Http2ServerOptions): Promise<Http2Server> {
  const { host, port, tls, sweepMs = sweepMsDefault, onClientFault, onError } = options;
  const budgets = new Budgets(options.budgets);
  const connections = new Set<Connection>();
  const closed = Promise.withResolvers<void>();
  let closing = false;
  const connectionOptions: ConnectionOptions = {
    ...options,
    onFailure: (error, connection) =>
      error instanceof ConnectionError ? onClientFault(error, connection) : onError(error),
  };

  const accept = (transport: Transport) => {
    const budget = budgets.open(options.peerOf(transport));
    const connection = new Connection(transport, budget, connectionOptions);
    connections.add(connection);
    connection.onClose(() => {
      budget.connections -= 1;
      connections.delete(connection);
      if (closing && connections.size === 0) closed.resolve();
    });
    if (closing || !options.admit(connection)) {
      connection.end(ErrorCode.enhanceYourCalm, "too many connections");
      // It is not counted by `admit`, so it may not stay for as long as its client likes.
      setTimeout(() => connection.destroy(), refusedMs);
    }
    return connection;
  };
  const listener = await options.listen({ host, port, tls, accept });
  const sweep = setInterval(() => {
    const now = performance.now();
    for (const connection of [...connections]) {
      try {
        connection.sweep(now);
      } catch (error) {
        connection.fail(error);
      }
    }
    budgets.sweep();
  }, sweepMs);
  sweep.unref();
  const retire = () => {
    for (const connection of [...connections]) connection.retire();
  };

  return {
    port: listener.port,
    connections,
    setTls: listener.setTls,
    retire,
    close() {
      if (!closing) {
        closing = true;
        listener.close();
        retire();
        if (connections.size === 0) closed.resolve();
        void closed.promise.then(() => clearInterval(sweep));
      }
      return closed.promise;
    },
  };
}
