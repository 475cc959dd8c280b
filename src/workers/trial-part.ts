/** Learning and dry runs, over a connection of their own that cannot write. Runs in `trial-worker.ts`, one run in each. */
import { MarsError } from "../core/error.ts";
import type { Micros } from "../core/event.ts";
import type { DatabaseAddress } from "../db/database.ts";
import { LifecycleQueries } from "../db/lifecycles/lifecycle-queries.ts";
import { Reads } from "../db/reads.ts";
import { createTrials, type TrialOptions } from "../learning/trial.ts";
import type { Definition } from "../lifecycle/definition.ts";

export interface TrialPartOptions extends DatabaseAddress {
  /** A number that both threads see; the run ends when it is not 0 any more. A message would not be read in time. */
  readonly stop: SharedArrayBuffer;
}

export type TrialPart = ReturnType<typeof createTrialPart>;

export function createTrialPart({ stop, ...address }: TrialPartOptions) {
  const flag = new Int32Array(stop);
  const reads = new Reads(address);
  const trials = createTrials(new LifecycleQueries(reads), () => {
    if (Atomics.load(flag, 0) !== 0) throw new MarsError("deadline_exceeded", "the run was given up");
  });
  return {
    learn: (options: TrialOptions) => trials.learn(options),
    dryRun: (definition: Definition, options: TrialOptions & { readonly clock: Micros }) =>
      trials.dryRun(definition, options),
    close: () => reads.close(),
  };
}
