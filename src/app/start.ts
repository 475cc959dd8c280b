/**
 * Starts Mars: first the database threads, and then, while these load, the rest of the program is loaded too. It knows little by
 * itself, so that the threads begin early.
 */
import type { Config } from "../config/config.ts";
import type { Log } from "../core/ports.ts";
import { prepareFiles } from "../directory/private-files.ts";
import type { RuntimeServers } from "../edge/runtime-servers.ts";
import { type DatabaseThreads, startDatabaseThreads } from "./database-threads.ts";
import { createUnreadable, type Unreadable } from "./health.ts";
import type { Mars } from "./mars.ts";
import { Shutdown } from "./shutdown.ts";

/** How long releasing everything may take after a start that failed. */
const startFailedMs = 5_000;

/** What is there before the rest of Mars. */
export interface EarlyParts {
  /** Has the steps that stop what has been started. */
  readonly shutdown: Shutdown;
  /** How much time is left for stopping, in milliseconds: one deadline for all components. */
  readonly remainingMs: () => number;
  /** Sets that deadline. */
  readonly stopWithin: (timeoutMs: number) => void;
  readonly unreadable: Unreadable;
  readonly threads: DatabaseThreads;
}

/**
 * Starts Mars. Rejects, with everything released, when a component cannot start; the error's message is for the operator.
 *
 * @param servers the runtime's own
 */
export async function startMars(
  config: Config,
  log: Log,
  version: string,
  servers: RuntimeServers,
): Promise<Mars> {
  const shutdown = new Shutdown(log);
  try {
    await prepareFiles(config, log);
    const early = startEarly(config, log, shutdown);
    const { startParts } = await import("./app.ts");
    return await startParts(config, log, version, servers, early);
  } catch (error) {
    await shutdown.run(() => startFailedMs);
    throw error;
  }
}

function startEarly(config: Config, log: Log, shutdown: Shutdown): EarlyParts {
  let deadline = 0;
  const remainingMs = () => Math.max(0, deadline - performance.now());
  const unreadable = createUnreadable(log);
  const threads = startDatabaseThreads(config, {
    ...{ shutdown, remainingMs, log },
    notify: unreadable.notify,
  });
  return {
    ...{ shutdown, remainingMs, unreadable, threads },
    stopWithin(timeoutMs) {
      deadline = performance.now() + timeoutMs;
    },
  };
}
