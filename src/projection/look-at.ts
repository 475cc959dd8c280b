/** Instances that a step looks at though no event of theirs has come, with their findings. */
import type { ResultSet } from "@libsql/client";
import type { LifecycleCache } from "../db/lifecycles/lifecycle-cache.ts";
import type { InstanceSteps } from "./instance-steps.ts";
import { findingsOf, instancesOf } from "./projection-rows.ts";

/**
 * Looks at all of them; or, where their definitions are too large together, at the first of them.
 *
 * @param isFollowed whether a message is not set aside
 * @returns how many there are, and of which messages nothing was looked at because of their definitions
 */
export async function lookAt(
  steps: InstanceSteps,
  lifecycles: LifecycleCache,
  [asked, found]: readonly (ResultSet | undefined)[],
  isFollowed: (message: number) => boolean,
): Promise<{ count: number; left: ReadonlySet<number> }> {
  const instances = instancesOf(asked).filter(({ message }) => isFollowed(message));
  const findings = findingsOf(found);
  const plans = await lifecycles.load(new Set(instances.map(({ lifecycle }) => lifecycle)));
  const left = new Set<number>();
  for (const instance of instances) {
    const lifecycle = plans.get(instance.lifecycle);
    if (lifecycle === undefined) left.add(instance.message);
    else steps.look({ ...instance, lifecycle, findings: findings.get(instance.message) ?? [] });
  }
  return { count: instances.length, left };
}
