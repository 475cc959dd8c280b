/**
 * The server of port 4000, for any runtime: its options and its interface. Implemented by `bun-server.ts` and `deno-server.ts`.
 */
import type { TlsPair } from "../../core/tls.ts";
import type { SendBudget } from "../../runtime/send-budget.ts";
import type { Sockets } from "../ws/sockets.ts";
import type { Front } from "./front.ts";

export interface HttpServerOptions {
  /**
   * Without a byte in either direction, after which a connection is closed; on Bun at most 255 s, in steps of 4 s. Deno has no
   * such bound.
   */
  readonly idleTimeoutMs: number;
  readonly budget: SendBudget;
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  /** Speaks TLS and nothing else; `undefined`: cleartext. */
  readonly tls?: TlsPair | undefined;
}

export interface HttpServer {
  /** The real port. */
  readonly port: number;
  /**
   * New connections get this pair. Connections without a request are closed in order; sockets and answers under way are not
   * touched. Throws where the server cannot do it, and goes on with the former pair.
   */
  setTls(pair: TlsPair): void;
  /**
   * Accepts no more connections, waits for the answers to open requests, for `timeoutMs` or `lingerMsMax` at most, and
   * closes all others. A second call waits for the same end.
   */
  stop(timeoutMs: number): Promise<void>;
}

/** Starts to listen. Throws when the port is taken. */
export type StartHttpServer = (front: Front, sockets: Sockets, options: HttpServerOptions) => HttpServer;

/**
 * How long a stop waits for answers. By then no event is accepted, so the open requests are reads, which take milliseconds, and
 * uploads, which would be refused.
 */
export const lingerMsMax = 2_000;
