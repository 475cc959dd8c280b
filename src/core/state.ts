/** The state of a message along its app's lifecycle, computed by `lifecycle/assess.ts`. */
import type { MessageKey, Micros } from "./event.ts";
import type { Mark } from "./mark.ts";

/**
 * - `open`: under way and in time. `overdue`: a stage is missing. `complete`, `failed`: it has ended.
 * - `abandoned`: overdue for so long that its lifecycle gives it up.
 * - `closed`: it would be overdue, and people have resolved or ignored all that is missing of it.
 */
export type MessageState = (typeof messageStates)[number];

/** By their numbers in the column `instances.state`. */
export const messageStates = ["open", "overdue", "complete", "failed", "abandoned", "closed"] as const;

/** The state as answers show it: `untracked` is a message that no lifecycle follows. */
export type ShownState = (typeof shownStates)[number];

export const shownStates = [...messageStates, "untracked"] as const;

/**
 * - `done`. `waiting`: its clock runs, or it is not due at any time. `pending`: nothing that it comes after has come.
 * - `overdue`: due and grace have passed without it. `skipped`: the message completed without it, though it was
 *   expected. `unreached`: the message has ended without it, and it did not have to come. `closed`: it would be overdue, and people
 *   have resolved or ignored that.
 */
export type StageStatus = (typeof stageStatuses)[number];

export const stageStatuses = [
  "done",
  "waiting",
  "pending",
  "overdue",
  "skipped",
  "unreached",
  "closed",
] as const;

/**
 * How far a stage is that is owed by several: by each of those that an earlier event lists, or a number of times. The lists are
 * sorted and have 100 names and 1 KiB at most; the counts are exact.
 */
export interface Owed {
  readonly expected: number;
  /** Of those that are expected. */
  readonly received: number;
  /** Who owes it still; empty where only the number counts. */
  readonly missing: readonly string[];
  /** Who has acknowledged and was not asked. */
  readonly extra: readonly string[];
  /** How many these are, or how many events came beyond the number. */
  readonly extraCount: number;
  /** Who has acknowledged later than due and grace. */
  readonly late: readonly string[];
  readonly lateCount: number;
  /** There are over 1,000 recipients: the first by their names count. */
  readonly partial?: true;
  /** Of `children`: a value of the attribute `count` that is no such number, as JSON; of long ones the first 100 characters. */
  readonly countIgnored?: string;
}

export interface InstanceStage {
  /** See `stageName` and `afterName`. */
  readonly name: string;
  readonly after: string;
  readonly optional: boolean;
  readonly status: StageStatus;
  readonly doneAt?: Micros;
  /** When it is or was due; absent while its clock does not run, and where it is never due. */
  readonly dueAt?: Micros;
  /** `overdue` only: since when, which is `dueAt`. */
  readonly missingSince?: Micros;
  /** Done after due and grace: by how much after due. */
  readonly lateBy?: Micros;
  /** Done before anything that it comes after: so much the clocks of two services differ, at least. */
  readonly earlyBy?: Micros;
  /** The message of another app whose event made it; absent for a stage of the app itself, and where that message is gone. */
  readonly doneBy?: MessageKey;
  /** Absent for one that a single event makes, and while it is not known who owes it. */
  readonly owed?: Owed;
  /** The mark of people on what is found of it. */
  readonly mark?: Mark;
}

export interface Assessment {
  readonly state: MessageState;
  readonly stages: readonly InstanceStage[];
  /** The longest overdue stage's due time. */
  readonly overdueSince?: Micros;
  readonly completedAt?: Micros;
  readonly failedAt?: Micros;
  /** From when on its lifecycle gives it up; absent where it does not, or has not yet. */
  readonly abandonedAt?: Micros;
}

/** The state of one run of a message: `superseded` had not ended when the next one began. */
export type RunState = MessageState | "superseded";

export const runStates: readonly RunState[] = [...messageStates, "superseded"];

/** How often a run failed, and when last. */
export interface Failures {
  readonly count: number;
  readonly lastAt: Micros;
}

/** One run of a message: see `lifecycle/runs.ts`. */
export interface MessageRun {
  /** Its place, counted from 1. */
  readonly number: number;
  readonly state: RunState;
  readonly beganAt: Micros;
  /** When it completed or failed, or the next one began; absent while it goes on. */
  readonly endedAt?: Micros;
  readonly stages: readonly InstanceStage[];
}

/** A message's state with the lifecycle that it goes by: that of its last run. */
export interface LifecycleInstance extends Assessment {
  /** The lifecycle's version within the app. */
  readonly version: number;
  /** The number of the last run. */
  readonly run: number;
  /** Of the last run, where the lifecycle has `recovers`. */
  readonly failures?: Failures;
  /** The last runs in order, the one of `stages` with them; absent where there is one only. */
  readonly runs?: readonly MessageRun[];
  /** There are more runs before these. */
  readonly runsPartial?: true;
  /** The projection's: a stage whose due time and grace lie before it is overdue. */
  readonly watermark: Micros;
}

/** A stage's status as a funnel counts it: `reached` is `done`, `waiting` also `pending`, `never` is `skipped` and `unreached`. */
export type FunnelStatus = "reached" | "waiting" | "overdue" | "never";

export const funnelStatuses: readonly FunnelStatus[] = ["reached", "waiting", "overdue", "never"];
