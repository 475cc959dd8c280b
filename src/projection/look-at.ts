/** Instances that a step looks at though no event of theirs has come, with their findings. */
import type { ResultSet } from "@libsql/client";
import type { Database } from "../db/database.ts";
import type { LifecycleCache } from "../db/lifecycles/lifecycle-cache.ts";
import { readFormerRuns, someInstances } from "./former-runs.ts";
import type { InstanceSteps } from "./instance-steps.ts";
import { findingsOf, instancesOf } from "./projection-rows.ts";

/**
 * Looks at all of them; or, where their definitions are too large together, or their runs too many, at the first of them.
 *
 * @param isFollowed whether a message is not set aside
 * @returns how many there are, and of which messages nothing was looked at because of that
 */
export async function lookAt(
  steps: InstanceSteps,
  database: Pick<Database, "execute">,
  lifecycles: LifecycleCache,
  [asked, found]: readonly (ResultSet | undefined)[],
  isFollowed: (message: number) => boolean,
): Promise<{ count: number; left: ReadonlySet<number> }> {
  const instances = instancesOf(asked).filter(({ message }) => isFollowed(message));
  const some = someInstances(instances);
  const findings = findingsOf(found);
  const former = await readFormerRuns(database, some);
  const plans = await lifecycles.load(new Set(some.map(({ lifecycle }) => lifecycle)));
  const left = new Set(instances.slice(some.length).map(({ message }) => message));
  for (const instance of some) {
    const { message } = instance;
    const lifecycle = plans.get(instance.lifecycle);
    const of = { findings: findings.get(message) ?? [], former: former.get(message) };
    if (lifecycle === undefined) left.add(message);
    else steps.look({ ...instance, lifecycle, ...of });
  }
  return { count: instances.length, left };
}
