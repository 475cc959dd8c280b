/** What the server needs of a runtime's sockets. Implemented by `bun-transport.ts` and `node-transport.ts`. */
import type { TLSSocket } from "node:tls";

/** One end of a connection. */
export interface Transport {
  readonly remoteAddress: string | undefined;
  readonly remotePort: number | undefined;
  /** Of a connection over TLS, with the client's certificate. */
  readonly tlsSocket?: TLSSocket;
  /**
   * @param bytes may be changed after the call
   * @returns how many were taken; after fewer than all, `drained` is called when there is room again
   */
  write(bytes: Uint8Array): number;
  /** Sends nothing more behind what was written. What comes goes on to come until the client has closed its half, or `destroy`. */
  end(): void;
  /** Closes it at once. */
  destroy(): void;
}

/** What happens on a connection. */
export interface TransportHandler {
  /** @param chunk is the handler's */
  data(chunk: Buffer): void;
  drained(): void;
  /** It is gone; nothing is called after it. */
  closed(): void;
}

export interface ListenOptions {
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  readonly tls?: TlsOptions | undefined;
  /** A connection has been accepted, after its TLS handshake. */
  readonly accept: (transport: Transport) => TransportHandler;
}

export interface TlsOptions {
  readonly cert: string;
  readonly key: string;
  /** Of clients' certificates. */
  readonly ca?: string | undefined;
  readonly requestCert?: boolean;
  readonly rejectUnauthorized?: boolean;
  readonly handshakeMs: number;
}

export interface Listener {
  /** The real one. */
  readonly port: number;
  /** For new connections. Throws where it cannot be used. */
  setTls(tls: Omit<TlsOptions, "handshakeMs">): void;
  /** Accepts no more; those that are open stay. */
  close(): void;
}

/** Resolves when the port is open; rejects when it cannot be. */
export type Listen = (options: ListenOptions) => Promise<Listener>;
