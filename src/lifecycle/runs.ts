/**
 * Runs of a message: each event of `reopen_on` begins a new one at its time. Each run is judged alone, by its own events, and the
 * message's state is that of its last run.
 *
 * Runs are a pure function of the set of a message's events: these are sorted by time, then by the lifecycle's order, and cut
 * at the events that reopen it. So an event with an earlier time that arrives late belongs to the earlier run. The very first
 * event of a message never begins a second run.
 *
 * An event that reopens a message and is no stage stands for the first stage. One that is a later stage begins its run there, and
 * nothing is missing of what comes before it.
 */
import type { Micros } from "../core/event.ts";
import { noSkews, type Skew } from "../core/skew.ts";
import type { Failures, InstanceStage, RunState } from "../core/state.ts";
import { assess, endOf, type IsActive } from "./assess.ts";
import type { FindingKey } from "./finding.ts";
import type { Plan, Times } from "./plan.ts";

/** Runs of one message. The last one has all events behind. */
export const runsMax = 1_000;

/** An event of a message in short. */
export interface RunEvent {
  readonly seq: number;
  readonly event: string;
  /** When it happened: see `core/ahead.ts`. */
  readonly at: Micros;
}

export interface Run<Event extends RunEvent = RunEvent> {
  /** The seq of the event that begins it, which stays when other runs appear before it; 0 for the first run. */
  readonly key: number;
  /** Its place, counted from 1. */
  readonly number: number;
  /** The time of its first event. */
  readonly beganAt: Micros;
  /** In order. */
  readonly events: readonly Event[];
}

/** @param events by their `created_at` and name, as the store sorts them; of none there is one run, which began at 0 */
export function runsOf<Event extends RunEvent>(plan: Plan, events: readonly Event[]): Run<Event>[] {
  const rank = ({ event }: RunEvent) => plan.ranks.get(event) ?? -1;
  // The sort is stable: what has one time and one rank stays in the order of names.
  const sorted = events.toSorted((a, b) => a.at - b.at || rank(a) - rank(b));
  const reopenOn = new Set(plan.definition.reopenOn);
  const starts = [0];
  for (const [index, { event }] of sorted.entries()) {
    if (index > 0 && reopenOn.has(event) && starts.length < runsMax) starts.push(index);
  }
  return starts.map((start, index) => ({
    key: index === 0 ? 0 : sorted[start]!.seq,
    number: index + 1,
    beganAt: sorted[start]?.at ?? 0,
    events: sorted.slice(start, starts[index + 1]),
  }));
}

/** The earliest time of each event of the run; of stages that are owed by several `null`. */
export function firstTimes(plan: Plan, events: readonly RunEvent[]): (Micros | null)[] {
  const times = Array.from<Micros | null>({ length: plan.slots.size }).fill(null);
  for (const { event, at } of events) {
    const slot = plan.slots.get(event);
    if (slot === undefined) continue;
    const known = times[slot] ?? null;
    if (known === null || at < known) times[slot] = at;
  }
  for (const { slot } of plan.owed) times[slot] = null;
  return times;
}

/**
 * The times with that of the recovery: the first event of `complete_on` at or after the last failure.
 *
 * @param times with those of the stages that are owed by several
 */
export function withRecovery(plan: Plan, times: Times, events: readonly RunEvent[]): Times {
  if (plan.recovery === undefined) return times;
  const failures = failuresOf(plan, events);
  let recoveredAt: Micros | null = null;
  const consider = (at: Micros) => {
    if (failures === undefined || at < failures.lastAt) return;
    if (recoveredAt === null || at < recoveredAt) recoveredAt = at;
  };
  const owed = new Set(plan.owed.map(({ slot }) => slot));
  const single = new Set(plan.complete.filter((slot) => !owed.has(slot)));
  for (const { event, at } of events) {
    if (single.has(plan.slots.get(event) ?? -1)) consider(at);
  }
  for (const slot of plan.complete) {
    const at = owed.has(slot) ? (times[slot] ?? null) : null;
    if (at !== null) consider(at);
  }
  return times.with(plan.recovery, recoveredAt);
}

/** `undefined` where it did not fail. */
export function failuresOf(plan: Plan, events: readonly RunEvent[]): Failures | undefined {
  const failOn = new Set(plan.definition.failOn);
  const times = events.filter(({ event }) => failOn.has(event)).map(({ at }) => at);
  return times.length === 0 ? undefined : { count: times.length, lastAt: Math.max(...times) };
}

/** Whether what is known of a message depends on all of its events: it failed and may recover, or it was reopened. */
export function needsEvents(
  plan: Plan,
  times: Times,
  events: Pick<ReadonlyMap<string, unknown>, "has">,
): boolean {
  const { failOn, reopenOn, recovers } = plan.definition;
  if (reopenOn !== undefined) {
    if (plan.reopen.some((slot) => (times[slot] ?? null) !== null)) return true;
    if (reopenOn.some((event) => events.has(event))) return true;
  }
  if (!recovers) return false;
  if (plan.fail.some(({ slot }) => (times[slot] ?? null) !== null)) return true;
  return failOn.some((event) => events.has(event));
}

/**
 * A run that is not the last one: one that had not ended when the next began is superseded, and nothing of it is missing.
 *
 * @param isActive as `assess` has it
 */
export function formerRun(
  plan: Plan,
  times: Times,
  isActive: IsActive,
  skews: readonly Skew[] = noSkews,
): { readonly state: RunState; readonly stages: readonly InstanceStage[] } {
  const { completedAt, failedAt } = endOf(plan, times);
  const { stages } = assess(plan, times, (finding) => !isOpen(finding) && isActive(finding), skews);
  if (failedAt !== null) return { state: "failed", stages };
  if (completedAt !== null) return { state: "complete", stages };
  return {
    state: "superseded",
    stages: stages.map((stage) =>
      stage.status === "waiting" || stage.status === "pending" ? { ...stage, status: "unreached" } : stage,
    ),
  };
}

/** Whether it can be found only of a run that goes on. */
export function isOpen({ kind }: FindingKey): boolean {
  return kind === "missing" || kind === "abandoned";
}
