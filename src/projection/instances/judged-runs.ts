/** The runs of a message as a step judges them, beside those that are stored. */
import type { Micros } from "../../core/event.ts";
import { completionOf, type OwedEvents } from "../../lifecycle/owed.ts";
import type { Plan, Times } from "../../lifecycle/plan.ts";
import type { CollectedEvents } from "../events/event-range.ts";
import type { RunTimes } from "../events/rerun-messages.ts";
import type { Instance } from "./instance-steps.ts";
import type { StoredRun } from "./projection-rows.ts";

/** A run by its events, or as it is stored. */
export type RunToJudge = Omit<RunTimes, "owed"> & Partial<Pick<RunTimes, "owed">>;

/** The run of a message that was not reopened. */
export const firstRun = { key: 0, number: 1 } as const;

/** What is stored of a run; `undefined` where it is new. */
export function storedOf(instance: Instance | undefined, { key }: RunToJudge): StoredRun | undefined {
  return instance?.run === key ? instance : instance?.former?.find(({ run }) => run === key);
}

/** Whether they are as they are stored. */
export function isSame(instance: Instance | undefined, runs: readonly RunToJudge[]): boolean {
  if (instance === undefined) return false;
  const stored = instance.former === undefined ? [instance] : [...instance.former, instance];
  return (
    runs.length === stored.length &&
    runs.every(({ key, openedAt, times }, index) => {
      const one = stored[index]!;
      return (
        one.run === key && one.openedAt === openedAt && times.every((time, slot) => time === one.times[slot])
      );
    })
  );
}

/** Whether a run that is not the last one is stored like this already. */
export function isStored(instance: Instance | undefined, run: RunToJudge, statuses: string): boolean {
  const stored = instance?.former?.find(({ run: key }) => key === run.key);
  return (
    stored !== undefined &&
    stored.runNumber === run.number &&
    stored.openedAt === run.openedAt &&
    stored.statuses === statuses &&
    run.times.every((time, slot) => time === stored.times[slot])
  );
}

/**
 * The times of a message with one run: those that are known, and those of the events that came.
 *
 * @param owed by `Plan.owed`, all of its events; absent where none of them has come or changed
 * @param all by the first of its events, where these were read
 */
export function timesOf(
  collected: Pick<CollectedEvents, "times">,
  instance: Pick<Instance, "times"> | undefined,
  { slots, owed: stages, recovery }: Plan,
  { owed, all }: { readonly owed: readonly OwedEvents[] | undefined; readonly all: Times | undefined },
): Times {
  const times: (Micros | null)[] =
    instance === undefined ? new Array<null>(slots.size).fill(null) : [...instance.times];
  const consider = (slot: number, at: Micros) => {
    const known = times[slot] ?? null;
    if (known === null || at < known) times[slot] = at;
  };
  for (const [event, at] of collected.times) {
    const slot = slots.get(event);
    if (slot !== undefined) consider(slot, at);
  }
  if (all !== undefined) for (const [slot, at] of all.entries()) if (at !== null) consider(slot, at);
  if (all !== undefined && recovery !== undefined) times[recovery] = all[recovery] ?? null;
  // Not the earliest of their events: another recipient puts off when such a stage was done.
  for (const [index, stage] of stages.entries()) {
    const events = owed?.[index];
    times[stage.slot] =
      all !== undefined
        ? (all[stage.slot] ?? null)
        : events
          ? (completionOf(stage, events)?.at ?? null)
          : (instance?.times[stage.slot] ?? null);
  }
  return times;
}
