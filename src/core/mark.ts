/**
 * Marks: what people have decided about findings. A mark is on one occurrence of a finding, which its due time names: where the
 * same stage is overdue once more it is due at another time, and nobody has decided about that. Pure.
 */
import type { Micros } from "./event.ts";
import { formatTime } from "./time.ts";

/**
 * - `acknowledged`: people care for it; the finding stays active.
 * - `resolved`, `ignored`: it is over, though nothing has come.
 */
export type MarkStatus = (typeof markStatuses)[number];

/** By their numbers in the column `findings.triage`, where 0 is none. */
export const markStatuses = ["acknowledged", "resolved", "ignored"] as const;

/** `recurs`: until the stage is due at another time. `always`: for this stage of this message for good. */
export type MarkUntil = "recurs" | "always";

export interface Mark {
  readonly status: MarkStatus;
  /** Of `ignored` only. */
  readonly until?: MarkUntil;
  /** The due time of the occurrence that it was put on. */
  readonly dueAt: Micros;
  readonly at: Micros;
  /** The caller: see `Author`. */
  readonly who: string;
  readonly name: string;
  /** Why; empty for no reason given. It may name people, so it is erased with the message. */
  readonly note: string;
}

/** How people have ended a finding. */
export type MarkEnd = (typeof markEnds)[number];

export const markEnds = ["resolved", "ignored"] as const;

export function isMarkEnd(end: string | undefined): end is MarkEnd {
  return end === "resolved" || end === "ignored";
}

/** The number of the mark for this occurrence, as the column `findings.triage` has it. */
export function triageOf(mark: Mark | undefined, dueAt: Micros): number {
  return mark !== undefined && markHolds(mark, dueAt) ? markStatuses.indexOf(mark.status) + 1 : 0;
}

/** By what the occurrence is over; `undefined` where it is not. */
export function endOfMark(mark: Mark | undefined, dueAt: Micros): MarkEnd | undefined {
  if (mark === undefined || mark.status === "acknowledged" || !markHolds(mark, dueAt)) return undefined;
  return mark.status;
}

/** Whether the mark is on the occurrence that was due then. */
export function markHolds({ until, dueAt }: Mark, due: Micros): boolean {
  return until === "always" || dueAt === due;
}

/** The mark as answers show it; `null` for none. */
export function markToJson(mark: Mark | undefined) {
  if (mark === undefined) return null;
  const { status, until = null, at, who, name, note } = mark;
  return { status, until, at: formatTime(at), by: who, by_name: name, note: note === "" ? null : note };
}
