/** How apps are defined while Mars runs: their lifecycles, and the attributes that are indexed. */
import { MarsError } from "../core/error.ts";
import type { EdgeParts } from "../edge/parts.ts";
import type { StoreService } from "../workers/store-service.ts";
import type { ThreadClient } from "../workers/thread.ts";
import type { Pipeline } from "./pipeline.ts";

export interface DefinitionOptions {
  readonly store: Pick<ThreadClient<StoreService>, "putLifecycle" | "putAttributes">;
  readonly pipeline: Pick<Pipeline, "acknowledged" | "nudge">;
  readonly starting: () => boolean;
}

export function createDefinitions({
  store,
  pipeline,
  starting,
}: DefinitionOptions): Pick<EdgeParts, "lifecycles" | "attributes"> {
  return {
    lifecycles: {
      async putLifecycle(appId, definition, by, note, backfill) {
        // Before that it is not known what is acknowledged, and so not from when on the version would hold.
        if (starting()) throw new MarsError("unavailable", "Mars is starting", { retryAfterMs: 1_000 });
        const seq = await pipeline.acknowledged();
        // What is stored may be followed though nothing comes.
        return store.putLifecycle(appId, definition, seq, by, note, backfill).finally(() => pipeline.nudge());
      },
    },
    attributes: {
      async putAttributes(appId, names, by) {
        await store.putAttributes(appId, names, by);
        // The messages that are there are indexed although nothing comes.
        pipeline.nudge();
      },
    },
  };
}
