/** The ports of lifecycles' definitions. Both reject with `unavailable` while the database is away. */
import type { Author } from "../core/audit.ts";
import type { Micros } from "../core/event.ts";
import type { Definition, LifecycleVersion } from "./definition.ts";

/** Messages that are stored already, and that are to go by a version as well. */
export interface BackfillRequest {
  /** Those that began at this time or later. */
  readonly since: Micros;
  /** How many there are. */
  readonly of: number;
}

/** Keeps definitions. */
export interface LifecycleStore {
  /**
   * Makes the definition the app's, for the messages whose first event comes from now on; `undefined` ends the
   * lifecycle. On disk when it resolves. Putting what is there already changes nothing, but begins a backfill where one is asked for; it
   * replaces the one that runs.
   *
   * @param note why; kept with the version
   * @returns the version that holds from now on; `undefined` when there was nothing to end
   */
  putLifecycle(
    appId: string,
    definition: Definition | undefined,
    by: Author,
    note?: string,
    backfill?: BackfillRequest,
  ): Promise<LifecycleVersion | undefined>;
}

/** Reads definitions. */
export interface LifecycleReader {
  /**
   * The app's versions, the latest first: as many as are asked for, at most the last hundred, and no more than have 1 MiB
   * together.
   */
  lifecycleVersions(appId: string, limit?: number): Promise<LifecycleVersion[]>;

  /** One version; `undefined` where there is none of this number. */
  lifecycleVersion(appId: string, version: number): Promise<LifecycleVersion | undefined>;
  /** How many messages of the app are stored that began at this time or later. */
  messagesSince(appId: string, since: Micros): Promise<number>;
}
