/** Follows the messages of a range of events along their lifecycles. */
import type { Database } from "../../db/database.ts";
import {
  type LifecycleCache,
  type StoredLifecycle,
  versionFor,
} from "../../db/lifecycles/lifecycle-cache.ts";
import type { Tombstones } from "../../db/retention/tombstones.ts";
import { readFormerRuns } from "../instances/former-runs.ts";
import type { InstanceSteps } from "../instances/instance-steps.ts";
import type { StoredInstance } from "../instances/projection-rows.ts";
import type { Narrowing } from "../narrowing.ts";
import { RollupDeltas } from "../rollups/rollup-deltas.ts";
import { type CollectedEvents, endOfRange, readRange } from "./event-range.ts";
import { EventsAgain } from "./events-again.ts";

export interface FollowParts {
  readonly database: Database;
  readonly lifecycles: LifecycleCache;
  readonly tombstones: Tombstones;
  readonly narrowing: Narrowing;
}

/** A message of the range that goes by a lifecycle. */
export interface FollowedMessage {
  readonly collected: CollectedEvents;
  readonly lifecycle: StoredLifecycle;
  readonly stored: StoredInstance | undefined;
}

/** The events from `from` (exclusive) on, up to `upTo` at most, and so many changes of events before. `alone`: only those. */
export interface FollowedRange {
  readonly from: number;
  readonly upTo: number;
  readonly alone: boolean;
  readonly changesMax: number;
}

/**
 * Applies as much of the range as a step may. Events can only retract what was found, and say when there is something to find.
 *
 * @returns what the step writes, how far it came, how many changes it has applied, and the messages that go by a lifecycle
 */
export async function followRange(
  { database, lifecycles, tombstones, narrowing }: FollowParts,
  { from, upTo, alone, changesMax }: FollowedRange,
  stepsOf: (deltas: RollupDeltas) => InstanceSteps,
): Promise<{
  steps: InstanceSteps;
  deltas: RollupDeltas;
  to: number;
  changes: number;
  followed: readonly FollowedMessage[];
}> {
  for (let eventsMax = narrowing.events; ; eventsMax = Math.ceil(eventsMax / 2)) {
    const to = alone ? from : await endOfRange(database, { from, to: upTo }, eventsMax);
    narrowing.doing(alone ? { what: "changes" } : { what: "events", from, to });
    const deltas = new RollupDeltas();
    const range = { from, to, changes: changesMax };
    const read = await readRange(database, lifecycles, range, deltas);
    const { collected, instances, findings, versions, changes } = read;
    const ids = collected.map(({ message, appId, late }) => {
      if (!narrowing.isFollowed(message)) return undefined;
      // A message that was followed without a lifecycle began before there was one: it goes by none, unless by a backfill.
      const fresh = message > from || late ? versionFor(versions.get(appId) ?? [], message) : undefined;
      return instances.get(message)?.lifecycle ?? fresh?.id;
    });
    const plans = await lifecycles.load(new Set(ids.filter((id) => id !== undefined)));
    const short = ids.some((id) => id !== undefined && !plans.has(id));
    // Too many large definitions at once: a shorter range has fewer.
    if (short && eventsMax > 1) continue;
    const steps = stepsOf(deltas);
    const followed = collected.flatMap((one, index): FollowedMessage | [] => {
      const lifecycle = plans.get(ids[index] ?? 0);
      if (lifecycle === undefined) return [];
      return { collected: one, lifecycle, stored: instances.get(one.message) };
    });
    const again = await EventsAgain.of(database, followed);
    // So many events to look at again: a shorter range has fewer.
    if (again.tooMany && eventsMax > 1) continue;
    const readOf = await again.read(to);
    const former = await readFormerRuns(database, instances.values());
    for (const { collected: one, lifecycle, stored } of await tombstones.withoutLate(followed)) {
      const { message } = one;
      const of = { lifecycle, findings: findings.get(message) ?? [], former: former.get(message) };
      steps.apply(one, stored && { ...stored, ...of }, lifecycle, readOf(message));
    }
    return { steps, deltas, to, changes, followed };
  }
}
