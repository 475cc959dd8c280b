/** A Mars in the process of a command, for as long as that runs. */
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startMars } from "../app/start.ts";
import type { OwnMars } from "../cli/host.ts";
import { settings } from "../config/config.ts";
import { parseConfig } from "../config/parse.ts";
import type { Setting } from "../config/setting.ts";
import type { Sources } from "../config/sources.ts";
import type { Log } from "../core/ports.ts";
import type { RuntimeServers } from "../edge/runtime-servers.ts";
import { version } from "../version.ts";

const host = "127.0.0.1";

interface OwnMarsOptions {
  /** Whether its directory stays when it stops. */
  readonly keep: boolean;
  readonly env: Sources["env"];
  readonly log: Log;
  readonly servers: RuntimeServers;
}

/** Starts it with a new directory, and with nothing of the environment but its ports; its notifications may go to this machine. */
export async function startOwnMars({ keep, env: given, log, servers }: OwnMarsOptions): Promise<OwnMars> {
  const dataDir = mkdtempSync(join(tmpdir(), "mars-demo-"));
  const remove = () => {
    if (!keep) rmSync(dataDir, { recursive: true, force: true });
  };
  try {
    const env = {
      ...(await portOf(settings.httpPort, given)),
      ...(await portOf(settings.grpcPort, given)),
      MARS_HOST: host,
      MARS_DATA_DIR: dataDir,
      MARS_ALERT_ALLOW: "127.0.0.0/8",
      // No producer of the past is waited for.
      MARS_START_GRACE: "off",
    };
    const parsed = parseConfig({ argv: [], env, readFile: () => "" });
    if (!parsed.ok) throw new Error(parsed.problems.join("; "));
    const mars = await startMars(parsed.config, log, version, servers);
    return {
      url: `http://${host}:${mars.httpPort}`,
      grpcPort: mars.grpcPort,
      dataDir,
      failed: mars.failed,
      async stop() {
        try {
          await mars.stop();
        } finally {
          remove();
        }
      },
    };
  } catch (error) {
    remove();
    throw error;
  }
}

/** The port that is asked for; else the usual one, where a Mars is looked for, if nobody else listens there. */
async function portOf(setting: Setting<number>, env: Sources["env"]): Promise<Record<string, string>> {
  const asked = [setting.name, setting.alias].find((name) => name !== undefined && env[name]);
  if (asked !== undefined) return { [asked]: env[asked]! };
  return { [setting.name]: String(await freeOr0(Number(setting.default))) };
}

/** The port, or 0 where something listens there. */
async function freeOr0(port: number): Promise<number> {
  const server = createServer();
  const free = await new Promise<boolean>((resolve) => {
    server.once("error", () => resolve(false));
    server.listen(port, host, () => resolve(true));
  });
  if (free) await new Promise((resolve) => server.close(resolve));
  return free ? port : 0;
}
