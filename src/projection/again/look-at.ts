/** Instances that a step looks at though no event of theirs has come. */

import type { Database } from "../../db/database.ts";
import type { Result } from "../../db/embedded.ts";
import type { LifecycleCache } from "../../db/lifecycles/lifecycle-cache.ts";
import { readFormerRuns, someInstances } from "../instances/former-runs.ts";
import type { InstanceSteps } from "../instances/instance-steps.ts";
import { instancesOf, readFindings } from "../instances/projection-rows.ts";
import type { ReadTimes } from "./times-of-others.ts";

/**
 * Looks at all of them; or, where their definitions are too large together, or their runs too many, at the first of them.
 *
 * @param asked the instances
 * @param isFollowed whether a message is not set aside
 * @param readTimes reads those that may have changed without an event of the message
 * @returns how many there are, and of which messages nothing was looked at because of that
 */
export async function lookAt(
  steps: InstanceSteps,
  database: Pick<Database, "execute">,
  lifecycles: LifecycleCache,
  asked: Result | undefined,
  isFollowed: (message: number) => boolean,
  readTimes: ReadTimes = async () => new Map(),
): Promise<{ count: number; left: ReadonlySet<number> }> {
  const instances = instancesOf(asked).filter(({ message }) => isFollowed(message));
  const some = someInstances(instances);
  const findings = await readFindings(database, some);
  const former = await readFormerRuns(database, some);
  const plans = await lifecycles.load(new Set(some.map(({ lifecycle }) => lifecycle)));
  const left = new Set(instances.slice(some.length).map(({ message }) => message));
  const known = some.flatMap((instance) => {
    const lifecycle = plans.get(instance.lifecycle);
    if (lifecycle === undefined) left.add(instance.message);
    return lifecycle === undefined ? [] : { ...instance, lifecycle };
  });
  const others = await readTimes(known);
  for (const instance of known) {
    const { message } = instance;
    const { times, owed } = others.get(message) ?? {};
    if (owed !== undefined) steps.owed.put(message, owed);
    const of = { findings: findings.get(message) ?? [], former: former.get(message) };
    steps.look({ ...instance, ...of }, times);
  }
  return { count: instances.length, left };
}
