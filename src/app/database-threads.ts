/** The database threads of a Mars, which are started together and stopped with it. */
import type { Config } from "../config/config.ts";
import type { Log, Notify } from "../core/ports.ts";
import { createQuarantine, type DatabaseAddress } from "../db/database-address.ts";
import { startQueryThread, startStoreThread } from "../threads.ts";
import type { QueryService } from "../workers/query-service.ts";
import type { StoreService } from "../workers/store-service.ts";
import type { Thread } from "../workers/thread.ts";
import type { Shutdown } from "./shutdown.ts";

/** A step of the schema that takes less has no line in the log for its end. */
const slowStepMs = 1_000;

/** How long one call to a database server may take before its connection is given up. */
export const databaseTimeoutMs = 10_000;

export interface DatabaseThreads {
  readonly database: DatabaseAddress;
  readonly quarantine: ReturnType<typeof createQuarantine>;
  /** The step of the schema that is being applied, for people; empty where none is. */
  readonly schemaStep: () => string;
  readonly store: Thread<StoreService>;
  /** For what clients ask. */
  readonly query: Thread<QueryService>;
  /** For what must not wait for clients: live history and alerts. */
  readonly inner: Thread<QueryService>;
}

export interface DatabaseThreadsOptions {
  readonly shutdown: Shutdown;
  /** How much time is left for stopping, in milliseconds. */
  readonly remainingMs: () => number;
  /** Gets what the readers notice. */
  readonly notify: Notify;
  /** Has what the writer notices. */
  readonly log: Log;
}

export function startDatabaseThreads(
  config: Config,
  { shutdown, remainingMs, notify, log }: DatabaseThreadsOptions,
): DatabaseThreads {
  const quarantine = createQuarantine();
  const database = {
    url: config.databaseUrl,
    authToken: config.databaseAuthToken,
    timeoutMs: databaseTimeoutMs,
    ...(!config.acceptDatabaseDamage && { quarantine }),
  };
  let step = "";
  const store = startStoreThread(database, ({ message, event, fields = {} }) => {
    const ended = event === "schema_step_ended";
    if (ended || event === "schema_step_began")
      step = ended ? "" : `database schema step ${fields.step} of ${fields.of} (${fields.name})`;
    if (!ended || Number(fields.took_ms) > slowStepMs) log.info(message, { event, ...fields });
  });
  shutdown.defer("store", () => store.stop(remainingMs()));
  // Where a database server is away the next Mars finds out by itself that this one has ended.
  shutdown.defer("lease", () => store.client.releaseLease().catch(() => undefined));
  const query = startQueryThread(database, notify);
  shutdown.defer("query", () => query.stop(remainingMs()));
  const inner = startQueryThread(database, notify);
  shutdown.defer("inner query", () => inner.stop(remainingMs()));
  return { database, quarantine, schemaStep: () => step, store, query, inner };
}
