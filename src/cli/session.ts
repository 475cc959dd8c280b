/** What a command that calls a running Mars works with. */
import type { Client } from "../config/client.ts";
import type { Host } from "./host.ts";
import type { Style } from "./table.ts";

export interface Session {
  readonly client: Client;
  readonly host: Host;
  /** Whether the output is JSON: for pipes, and where it is asked for. */
  readonly json: boolean;
  readonly style: Style;
  /** Names this program to the server. */
  readonly agent: string;
}
