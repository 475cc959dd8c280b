/**
 * A message's way along its lifecycle, from its events themselves, so that it is as new as they are: that of its last run, and the
 * runs before. Runs on a query thread.
 */
import type { Row } from "@libsql/client";
import type { Micros } from "../../core/event.ts";
import type { Skew } from "../../core/skew.ts";
import type { Assessment, InstanceStage, LifecycleInstance, MessageRun } from "../../core/state.ts";
import { assess, endOf } from "../../lifecycle/assess.ts";
import { type OwedEvents, owedStages, withOwed } from "../../lifecycle/owed.ts";
import type { Plan, Times } from "../../lifecycle/plan.ts";
import {
  failuresOf,
  firstTimes,
  formerRun,
  needsEvents,
  type Run,
  runsOf,
  withRecovery,
} from "../../lifecycle/runs.ts";
import type { ReadConnection } from "../read-connection.ts";
import { lookedAtMax, type StageTimes } from "./event-fold.ts";
import { activeIn, closedIn, withMarks } from "./held-findings.ts";
import { putOthers, readOthers, withOthers } from "./message-others.ts";
import { readOwed } from "./owed-events.ts";
import { type ReceivedEvent, readRunEvents, readRunsOwed } from "./run-events.ts";

/** Runs in one answer, and UTF-16 units of their stages: the last ones. */
const runsShownMax = 100;
const runsCharsMax = 512 * 1024;

export interface InstanceRead {
  readonly message: number;
  readonly plan: Plan;
  /** Rows of `event` and `first`. */
  readonly stages: readonly StageTimes[];
  /** `instances.times`, where the message has more events than `stages` were read from. */
  readonly known: unknown;
  /** Rows of `heldFindings`. */
  readonly held: readonly Row[];
  readonly skews: readonly Skew[];
  /** The seq that the answer is as of. */
  readonly upTo: number;
}

/** The number of the run to which an event belongs, by its seq. */
export type RunOf = (seq: number) => number;

export interface ReadInstance {
  readonly state: Omit<LifecycleInstance, "version" | "watermark">;
  /** Absent where the lifecycle has no `reopen_on`. */
  readonly runOf?: RunOf;
}

export async function readInstance(connection: ReadConnection, asked: InstanceRead): Promise<ReadInstance> {
  const { message, plan, stages, known, held, skews, upTo } = asked;
  const execute = connection.execute.bind(connection);
  const firsts = timesOf(plan, stages, known);
  const reopens = plan.reopen.length > 0;
  if (!needsEvents(plan, firsts, new Map())) {
    const owed = await owedOf(connection, asked);
    const others = await readOthers(connection, asked);
    putOthers(plan, firsts, others);
    const times = withOwed(plan, firsts, owed);
    const { stages: own, ...rest } = stateOf(plan, times, owed, { held, run: 0, skews });
    const state = { ...rest, stages: withOthers(plan, own, others), run: 1 };
    return { state, ...(reopens && { runOf: () => 1 }) };
  }
  const read = await readRunEvents(execute, [{ message, events: lookedAtMax }], { upTo });
  // Retention may have taken them since.
  const runs = runsOf(plan, read.get(message) ?? []);
  const owed = await readRunsOwed(execute, plan, runs);
  const shown = runs.map((run, index) => {
    const [one] = runs.length === 1 ? [firsts] : [firstTimes(plan, run.events)];
    return {
      run,
      owed: owed[index] ?? [],
      times: withRecovery(plan, withOwed(plan, one, owed[index] ?? []), run.events),
    };
  });
  const last = shown.at(-1)!;
  const failures = plan.recovery === undefined ? undefined : failuresOf(plan, last.run.events);
  const current = stateOf(plan, last.times, last.owed, { held, run: last.run.key, skews });
  return {
    state: {
      ...current,
      run: last.run.number,
      ...(failures && { failures }),
      ...(shown.length > 1 && shownRuns(plan, shown, { current, held, skews })),
    },
    ...(reopens && { runOf: numbersOf(runs) }),
  };
}

interface ShownRun {
  readonly run: Run<ReceivedEvent>;
  readonly times: Times;
  readonly owed: readonly OwedEvents[];
}

/** The last of them, as many as fit. */
function shownRuns(
  plan: Plan,
  runs: readonly ShownRun[],
  { current, held, skews }: { readonly current: Assessment } & Pick<InstanceRead, "held" | "skews">,
): Pick<LifecycleInstance, "runs" | "runsPartial"> {
  const chars = plan.stages.reduce((sum, { name, after }) => sum + 300 + 2 * (name.length + after.length), 0);
  const count = Math.min(runsShownMax, Math.max(1, Math.floor(runsCharsMax / chars)));
  const first = Math.max(0, runs.length - count);
  const shown = runs.slice(first).map(({ run, times, owed }, index): MessageRun => {
    const next = runs[first + index + 1]?.run;
    const { completedAt, failedAt } = endOf(plan, times);
    const endedAt = failedAt ?? completedAt ?? next?.beganAt;
    const { state, stages } =
      next === undefined ? current : formerRun(plan, times, activeIn(held, run.key), skews);
    return {
      number: run.number,
      state,
      beganAt: run.beganAt,
      ...(endedAt !== undefined && { endedAt }),
      stages: next === undefined ? stages : withOwedStages(plan, stages, times, owed),
    };
  });
  return { runs: shown, ...(first > 0 && { runsPartial: true }) };
}

/** What comes behind the events that were looked at belongs to the last run. */
function numbersOf(runs: readonly Run[]): RunOf {
  const numbers = new Map(
    runs.flatMap(({ number, events }) => events.map(({ seq }) => [seq, number] as const)),
  );
  return (seq) => numbers.get(seq) ?? runs.length;
}

/** By `Plan.owed`; none where retention has taken the message since. */
async function owedOf(
  connection: ReadConnection,
  { message, plan, upTo }: InstanceRead,
): Promise<readonly OwedEvents[]> {
  if (plan.owed.length === 0) return [];
  const asked = [{ message, plan, events: lookedAtMax }];
  const found = await readOwed((statement) => connection.execute(statement), asked, { upTo });
  return found.get(message) ?? [];
}

/** The state by the times of events, with what is known of the stages that are owed by several. */
function stateOf(
  plan: Plan,
  times: Times,
  events: readonly OwedEvents[],
  { held, run, skews }: Pick<InstanceRead, "held" | "skews"> & { readonly run: number },
): Assessment {
  const { stages, ...state } = assess(plan, times, activeIn(held, run), skews, closedIn(held, run));
  return { ...state, stages: withOwedStages(plan, withMarks(stages, held, run), times, events) };
}

function withOwedStages(
  plan: Plan,
  stages: readonly InstanceStage[],
  times: Times,
  events: readonly OwedEvents[],
): readonly InstanceStage[] {
  const owed = owedStages(plan, times, events);
  return stages.map((stage, index) => {
    const known = owed.get(index);
    return known === undefined ? stage : { ...stage, owed: known };
  });
}

/** When each event that the lifecycle names came first. */
function timesOf(plan: Plan, stages: readonly StageTimes[], known: unknown): (Micros | null)[] {
  const firsts = new Map(stages.map(({ event, first }) => [event, first]));
  const earlier = typeof known === "string" ? (JSON.parse(known) as (Micros | null)[]) : [];
  return [...plan.slots].map(([event, slot]) => {
    const times = [firsts.get(event), earlier[slot]].filter((time) => typeof time === "number");
    return times.length === 0 ? null : Math.min(...times);
  });
}
