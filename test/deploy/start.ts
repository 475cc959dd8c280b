/** Starts Mars as a container with this environment would, and asks it by the names by which it is called. */
import { mkdtempSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { spawnMars } from "../support/process.ts";

export interface StartAs {
  readonly binary: string;
  readonly work: string;
  readonly env: Readonly<Record<string, string>>;
  /** The `Host` of calls that must be served. */
  readonly hosts: readonly string[];
}

/** @throws where it does not start, is not ready, or refuses a host */
export async function startAs({ binary, work, env, hosts }: StartAs): Promise<void> {
  const dataDir = mkdtempSync(join(work, "data-"));
  // As the image sets it.
  const image = { MARS_HOST: "0.0.0.0", BUN_TMPDIR: dataDir };
  const mars = await spawnMars({ dataDir, command: [binary], env: { ...image, ...env } });
  try {
    for (const host of hosts) {
      const status = await statusOf(mars.httpPort, host, "/readyz");
      if (status !== 200) throw new Error(`${host} answers /readyz with ${status}`);
    }
    const refused = await statusOf(mars.httpPort, hosts[0] ?? "", "/api/messages");
    if (refused !== 401) throw new Error(`a caller without a key gets ${refused}`);
  } finally {
    await mars.kill("SIGTERM");
  }
  const code = await mars.exited;
  if (code !== 0) throw new Error(`it ended with ${code}`);
}

/** `fetch` sets the host itself. */
function statusOf(port: number, host: string, path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const call = request({ port, path, headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    call.on("error", reject);
    call.end();
  });
}
