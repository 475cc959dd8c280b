/** How apps are defined while Mars runs: their lifecycles, and the attributes that are indexed. */
import type { EdgeParts } from "../edge/parts.ts";
import type { StoreService } from "../workers/store-service.ts";
import type { ThreadClient } from "../workers/thread.ts";
import type { Pipeline } from "./pipeline.ts";

export interface DefinitionOptions {
  readonly store: Pick<ThreadClient<StoreService>, "putLifecycle" | "putAttributes">;
  readonly pipeline: Pick<Pipeline, "nudge">;
}

export function createDefinitions({
  store,
  pipeline,
}: DefinitionOptions): Pick<EdgeParts, "lifecycles" | "attributes"> {
  return {
    lifecycles: {
      // The version holds behind its record in the log.
      putLifecycle(appId, definition, by, note, backfill) {
        return (
          store
            .putLifecycle(appId, definition, undefined, by, note, backfill)
            // What is stored may be followed though nothing comes.
            .finally(() => pipeline.nudge())
        );
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
