/**
 * Port 4000, whatever the runtime: what a server is given and what it gives. `bun-server.ts` and `deno-server.ts` are the two
 * that there are.
 */
import type { SendBudget } from "../../runtime/send-budget.ts";
import type { Router } from "../rest/router.ts";
import type { Sockets } from "../ws/sockets.ts";
import type { Gate } from "./gate.ts";

export interface HttpServerOptions {
  /**
   * Without a byte in either direction, after which a connection is closed; on Bun at most 255 s, in steps of 4 s. Deno has no
   * such bound.
   */
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

/** Starts to listen. Throws when the port is taken. */
export type StartHttpServer = (
  app: Pick<Router, "fetch">,
  sockets: Sockets,
  options: HttpServerOptions,
) => HttpServer;

/**
 * How long stopping waits for answers. By then nothing is accepted any more, so what is on its way are reads, which take
 * milliseconds, and uploads, which could only be refused.
 */
export const lingerMsMax = 2_000;

/** Methods that change nothing; of the GETs that do, see `test-endpoints.ts`. */
export const safeMethods: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);
