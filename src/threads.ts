/**
 * Starts the database threads, each from a module of `workers/`.
 *
 * It lies directly in `src/` because the compiled binary keeps its main bundle there, and looks for the workers, which
 * the build names as entry points of their own, from that place.
 */
import { Worker } from "node:worker_threads";
import type { Notify } from "./core/ports.ts";
import type { DatabaseAddress } from "./db/database-address.ts";
import type { BackupService } from "./workers/backup-service.ts";
import type { MappingService, MappingServiceOptions } from "./workers/mapping-service.ts";
import type { QueryService } from "./workers/query-service.ts";
import type { StoreService } from "./workers/store-service.ts";
import { startThread, type Thread } from "./workers/thread.ts";
import type { TrialService, TrialServiceOptions } from "./workers/trial-service.ts";

/** The thread that writes. */
export function startStoreThread(options: DatabaseAddress, notify: Notify): Thread<StoreService> {
  return startThread(new Worker(new URL("./workers/store-worker.ts", import.meta.url)), options, notify);
}

/** A thread that reads; there are two. */
export function startQueryThread(options: DatabaseAddress, notify: Notify): Thread<QueryService> {
  return startThread(new Worker(new URL("./workers/query-worker.ts", import.meta.url)), options, notify);
}

/** The thread of one backup. */
export function startBackupThread(options: DatabaseAddress): Thread<BackupService> {
  return startThread(new Worker(new URL("./workers/backup-worker.ts", import.meta.url)), options);
}

/** A thread that maps the deliveries of sources. */
export function startMappingThread(options: MappingServiceOptions): Thread<MappingService> {
  return startThread(new Worker(new URL("./workers/mapping-worker.ts", import.meta.url)), options);
}

/** The thread of one run that learns or tries a lifecycle. */
export function startTrialThread(options: TrialServiceOptions): Thread<TrialService> {
  return startThread(new Worker(new URL("./workers/trial-worker.ts", import.meta.url)), options);
}
