/** A Mars in the process of a command, for as long as that runs. */
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startMars } from "../app/start.ts";
import type { OwnMars } from "../cli/host.ts";
import { parseConfig } from "../config/parse.ts";
import type { Log } from "../core/ports.ts";
import type { StartHttpServer } from "../edge/http/http-server.ts";
import { version } from "../version.ts";

/** Where a Mars is looked for, if nobody else listens there. */
const usual = { http: 4000, grpc: 4025 };
const host = "127.0.0.1";

/**
 * Starts it with a new directory, and with nothing of the environment; its notifications may go to this machine.
 *
 * @param keep whether its directory stays when it stops
 */
export async function startOwnMars(keep: boolean, log: Log, listen: StartHttpServer): Promise<OwnMars> {
  const dataDir = mkdtempSync(join(tmpdir(), "mars-demo-"));
  const remove = () => {
    if (!keep) rmSync(dataDir, { recursive: true, force: true });
  };
  try {
    const [httpPort, grpcPort] = await Promise.all([freeOr0(usual.http), freeOr0(usual.grpc)]);
    const env = {
      MARS_HOST: host,
      MARS_HTTP_PORT: String(httpPort),
      MARS_GRPC_PORT: String(grpcPort),
      MARS_DATA_DIR: dataDir,
      MARS_ALERT_ALLOW: "127.0.0.0/8",
      // No producer of the past is waited for.
      MARS_START_GRACE: "off",
    };
    const parsed = parseConfig({ argv: [], env, readFile: () => "" });
    if (!parsed.ok) throw new Error(parsed.problems.join("; "));
    const mars = await startMars(parsed.config, log, version, listen);
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
