/** Deletes old notifications and incidents, a bounded step at a time. */
import type { Micros } from "../core/event.ts";
import type { Supervisor } from "../runtime/supervisor.ts";
import type { AlertStore } from "./ports.ts";

/** How long notifications are kept, and the interval between deletions. */
const keepFor = 30 * 86_400_000_000;
const pruneEveryMs = 600_000;

export interface PruningOptions {
  readonly store: Pick<AlertStore, "pruneAlerts">;
  /** See `Clock.trusted`. */
  readonly clock: { readonly trusted: Micros };
  readonly supervisor: Supervisor;
  /** Between attempts after a failure, in milliseconds. */
  readonly retry: { readonly firstMs: number; readonly lastMs: number };
}

/** @returns a step: when the next is due, in milliseconds from now, where there is more to delete or one has failed */
export function createPruning({ store, clock, supervisor, retry }: PruningOptions) {
  const loop = supervisor.loop("alerts_retention", retry);
  let prunedAt = performance.now();
  return async (): Promise<number | undefined> => {
    if (performance.now() - prunedAt < pruneEveryMs) return undefined;
    try {
      const more = await store.pruneAlerts(clock.trusted - keepFor);
      if (!more) prunedAt = performance.now();
      loop.succeeded();
      return more ? 0 : undefined;
    } catch (thrown) {
      return loop.failed(thrown);
    }
  };
}
