/** Findings: where a message deviates from its lifecycle. */
import type { MessageKey, Micros } from "../core/event.ts";
import { type Mark, markEnds } from "../core/mark.ts";
import type { Owed } from "../core/state.ts";

/**
 * - `missing`: a stage is due, its grace has passed, and it has not come.
 * - `late`: it came, but after due and grace.
 * - `skipped`: the message completed without a stage that was required.
 * - `failed`: an event came that means failure.
 * - `abandoned`: a stage has been missing for so long that the lifecycle gives the message up.
 */
export type FindingKind = (typeof findingKinds)[number];

export const findingKinds = ["missing", "late", "skipped", "failed", "abandoned"] as const;

/** Why a finding was retracted though no event has resolved it: by people, or as its message was abandoned. */
export type FindingEnding = (typeof findingEndings)[number];

export const findingEndings = [...markEnds, "abandoned"] as const;

/** By which a finding is known. A run of a message has each at most once. */
export interface FindingKey {
  readonly kind: FindingKind;
  /** The stage's name (`stageName`); for `failed` the event that says so. */
  readonly stage: string;
}

/** A finding that becomes active unless other events come. */
export interface PendingFinding extends FindingKey {
  /** Once the watermark has passed this, the finding is active. Anything in the past means: now. */
  readonly raiseAt: Micros;
  /** So much longer it is waited for, because the clock may have been behind that gave the time it is counted from. */
  readonly waits: Micros;
  /** When the stage was due, also for `abandoned`; for `skipped` when the message completed, for `failed` when it failed. */
  readonly dueAt: Micros;
  /** `late` only: by how much, counted from `dueAt`. */
  readonly lateBy: Micros;
}

/** A finding as it is stored and published. */
export interface Finding extends FindingKey, MessageKey {
  /**
   * The place of its last change in one sequence of all findings' changes, which rises and never repeats. A
   * retraction is a change.
   */
  readonly seq: number;
  /** Names it; stays when it changes. */
  readonly id: number;
  /** The number of the message's run, counted from 1. */
  readonly run: number;
  /** The stage that it comes after (`afterName`); empty where the stage's name is enough. */
  readonly after: string;
  /** The version of the lifecycle that the message goes by. */
  readonly version: number;
  readonly dueAt: Micros;
  /** When it was raised, by Mars' clock; equal for all that were raised together. */
  readonly raisedAt: Micros;
  /** When it was retracted; absent while it is active. */
  readonly retractedAt?: Micros;
  /** Absent while it is active, and where an event has resolved it. */
  readonly endedBy?: FindingEnding;
  /** How late the stage came in the end; 0 where it came in time and was only delivered late, or has not come. */
  readonly lateBy: Micros;
  /** It follows from a backfill, so it is no news. */
  readonly imported?: true;
  /** Of a stage that is owed by several: who owes it when the finding is read. That changes without a change of the finding. */
  readonly owed?: Owed;
  /** The mark that holds for it. */
  readonly mark?: Mark;
}
