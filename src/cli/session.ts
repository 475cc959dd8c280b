/** What a command that calls a running Mars works with. */
import { type Client, parseClient } from "../config/client.ts";
import { withNamedFile } from "../config/config-file.ts";
import type { Arguments } from "./arguments.ts";
import { serverFlags } from "./front-flags.ts";
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

export type OpenedSession =
  | { readonly ok: true; readonly session: Session }
  | { readonly ok: false; readonly problems: readonly string[] };

/** Finds the Mars that is meant, and the key, by flags, the environment and files. Says where the key can be read on its way. */
export async function openSession(
  { general }: Pick<Arguments, "general">,
  host: Host,
): Promise<OpenedSession> {
  const argv = serverFlags.flatMap((name) => {
    const value = general.get(name);
    return value === undefined ? [] : [name, value];
  });
  const read = await withNamedFile({ argv: [], env: host.env, readFile: host.readFile });
  const settings = read.ok ? parseClient({ ...read.sources, argv }) : read;
  if (!settings.ok) return settings;
  const { client } = settings;
  if (client.local) host.bypassProxy(new URL(client.url).hostname);
  warnOfKey(client, host);
  const session = {
    client,
    host,
    json: general.has("--json") || host.columns === undefined,
    style: { columns: host.columns ?? 0, colour: !host.env.NO_COLOR && host.env.TERM !== "dumb" },
    agent: `mars/${host.version}`,
  };
  return { ok: true, session };
}

/** Between here and another machine everyone on the way can read it. */
function warnOfKey({ url, local, key }: Client, host: Host): void {
  if (key === undefined || local || !url.startsWith("http:")) return;
  host.complain(`the key of ${key.source} goes to ${url} without encryption: use https`);
}
