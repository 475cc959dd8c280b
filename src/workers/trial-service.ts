/** Learning, dry runs and previews of alert rules, over a connection of their own that cannot write. Runs in `trial-worker.ts`, one run in each. */
import { MarsError } from "../core/error.ts";
import type { Micros } from "../core/event.ts";
import { createPreviews, type Previews } from "../db/alerts/previews.ts";
import type { DatabaseAddress } from "../db/database-address.ts";
import { LifecycleQueries } from "../db/lifecycles/lifecycle-queries.ts";
import { MessageHistories } from "../db/lifecycles/message-histories.ts";
import { ReadConnection } from "../db/read-connection.ts";
import type { Drift } from "../learning/drift.ts";
import { createTrials, type DryRunOptions, type LearnTrialOptions } from "../learning/trial.ts";
import type { Definition, LifecycleVersion } from "../lifecycle/definition.ts";

export interface TrialServiceOptions extends DatabaseAddress {
  /** A number in shared memory: the run ends when it is not 0. A message would wait behind the run. */
  readonly stop: SharedArrayBuffer;
}

export interface DriftQuery {
  readonly appId: string;
  readonly clock: Micros;
  readonly missedShare: number;
}

const day = 86_400_000_000;

export type TrialService = ReturnType<typeof createTrialService>;

export function createTrialService({ stop, ...address }: TrialServiceOptions) {
  const flag = new Int32Array(stop);
  const connection = new ReadConnection(address);
  const check = () => {
    if (Atomics.load(flag, 0) !== 0) throw new MarsError("deadline_exceeded", "the run was stopped");
  };
  const trials = createTrials(new MessageHistories(connection), check);
  const lifecycles = new LifecycleQueries(connection);

  /** Of the messages of the day before `clock` that go by the lifecycle in force then; `undefined` where there was none. */
  async function drift({ appId, clock, missedShare }: DriftQuery): Promise<Drift | undefined> {
    const wasPut = ({ createdAt }: LifecycleVersion) => createdAt <= clock;
    const [last] = await lifecycles.lifecycleVersions(appId, 1);
    // Only a preview asks about the past.
    const version =
      last === undefined || wasPut(last) ? last : (await lifecycles.lifecycleVersions(appId)).find(wasPut);
    if (version?.definition === undefined) return undefined;
    const since = Math.max(clock - day, version.createdAt);
    return trials.drift(version.definition, { appId, since, until: clock, clock, missedShare });
  }

  return {
    learn: (options: LearnTrialOptions) => trials.learn(options),
    dryRun: (definition: Definition, options: DryRunOptions) => trials.dryRun(definition, options),
    drift,
    preview: (...args: Parameters<Previews>) => createPreviews(connection, { check, drift })(...args),
    close: () => connection.close(),
  };
}
