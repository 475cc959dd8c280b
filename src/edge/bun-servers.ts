/** The servers of Mars on Bun. */
import { listenByBun } from "../http2/bun-transport.ts";
import { startBunServer } from "./http/bun-server.ts";
import type { RuntimeServers } from "./runtime-servers.ts";

export const bunServers: RuntimeServers = { http: startBunServer, sockets: listenByBun };
