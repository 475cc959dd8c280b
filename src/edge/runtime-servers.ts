/** What a runtime has of its own, to open Mars's ports with. */
import type { Listen } from "../http2/transport.ts";
import type { StartHttpServer } from "./http/http-server.ts";

export interface RuntimeServers {
  /** The server of port 4000. */
  readonly http: StartHttpServer;
  /** The sockets of port 4025. */
  readonly sockets: Listen;
}
