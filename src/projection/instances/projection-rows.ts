/**
 * The rows of a step, and their names. A step's rows are one JSON text of arrays: a driver makes an object of every row that
 * it hands over, which takes longer than the step itself, and names in the text would double it. Rows of which there are as many as
 * events stay arrays with named places; those of instances and findings are decoded here.
 */

import type { Micros } from "../../core/event.ts";
import type { Mark } from "../../core/mark.ts";
import { type MessageState, messageStates } from "../../core/state.ts";
import type { Database } from "../../db/database.ts";
import type { Result } from "../../db/embedded.ts";
import { rowsOf } from "../../db/rows.ts";
import { projectionSql } from "../../gen/sql.ts";
import type { FindingEnding, FindingKind } from "../../lifecycle/finding.ts";
import type { Times } from "../../lifecycle/plan.ts";

/** `at` is when it happened; `ahead` 0 where that is its `created_at`. */
export type EventRow = [seq: number, message: number, event: string, at: Micros, ahead: Micros];

/** An event that was counted with the time `was`, or not yet counted (`null`). */
export type ChangedRow = [...EventRow, was: Micros | null];

/** `openedAt` is the message's earliest time. */
export type MessageRow = [message: number, appId: string, openedAt: Micros];

/** An instance as it is stored. */
export interface StoredInstance {
  readonly message: number;
  /** The id of the lifecycle's version. */
  readonly lifecycle: number;
  /** The last run of the message: see `Run`. */
  readonly run: number;
  readonly runNumber: number;
  readonly state: MessageState;
  readonly openedAt: Micros;
  /** Some findings were ever raised. */
  readonly findings: number;
  /** See the columns `statuses`, `times`, `next_at` and `waits`. */
  readonly statuses: string;
  readonly times: Times;
  readonly nextAt: Micros;
  readonly waits: number;
}

/** A run that is not its message's last one, as it is stored. */
export type StoredRun = Pick<
  StoredInstance,
  "message" | "run" | "runNumber" | "openedAt" | "statuses" | "times"
>;

/** A finding that was ever raised, retracted or not. */
export interface StoredFinding {
  readonly message: number;
  readonly run: number;
  readonly runNumber: number;
  readonly id: number;
  readonly kind: FindingKind;
  readonly stage: string;
  readonly dueAt: Micros;
  readonly raisedAt: Micros;
  /** 0 for not. */
  readonly retractedAt: Micros;
  readonly lateBy: Micros;
  /** Absent where something has come that ended it, and while it is active. */
  readonly endedBy?: FindingEnding;
  /** It follows from a backfill. */
  readonly imported: boolean;
  readonly mark?: Mark;
  /** The mark has changed, and that has not been taken into account. */
  readonly marked: boolean;
  /** See the column `triage`. */
  readonly triage: number;
  /** `stages.id`; `null` for a kind without one. */
  readonly stageId: number | null;
}

export function instancesOf(result: Result | undefined): StoredInstance[] {
  return rowsOf<InstanceRow>(result).map(
    ([message, lifecycle, state, openedAt, findings, statuses, times, nextAt, waits, run, runNumber]) => ({
      message,
      lifecycle,
      run,
      runNumber,
      state: messageStates[state]!,
      openedAt,
      findings,
      statuses,
      times,
      nextAt,
      waits,
    }),
  );
}

/** By their messages, in order. */
export function runsOf(result: Result | undefined): Map<number, StoredRun[]> {
  const runs = rowsOf<RunRow>(result).map(([message, run, runNumber, openedAt, statuses, times]) => ({
    ...{ message, run, runNumber, openedAt, statuses, times },
  }));
  return Map.groupBy(runs, ({ message }) => message);
}

/** The findings of these instances, by their messages. Of those of which nothing was ever found, as of nearly all, nothing is read. */
export async function readFindings(
  database: Pick<Database, "execute">,
  instances: Iterable<Pick<StoredInstance, "message" | "findings">>,
): Promise<ReadonlyMap<number, readonly StoredFinding[]>> {
  const messages = [...instances].filter(({ findings }) => findings > 0).map(({ message }) => message);
  if (messages.length === 0) return none;
  return findingsOf(
    await database.execute({ sql: projectionSql.findings, args: [JSON.stringify(messages)] }),
  );
}

const none: ReadonlyMap<number, readonly StoredFinding[]> = new Map();

function findingsOf(result: Result): Map<number, StoredFinding[]> {
  const findings = rowsOf<FindingRow>(result).map(
    ([
      message,
      id,
      kind,
      stage,
      dueAt,
      raisedAt,
      retractedAt,
      lateBy,
      run,
      runNumber,
      endedBy,
      imported,
      mark,
      marked,
      triage,
      stageId,
    ]) => ({
      message,
      run,
      runNumber,
      id,
      kind,
      stage,
      dueAt,
      raisedAt,
      retractedAt,
      lateBy,
      ...(endedBy !== "" && { endedBy }),
      imported: imported === 1,
      ...(mark !== "" && { mark: JSON.parse(mark) as Mark }),
      marked: marked === 1,
      triage,
      stageId,
    }),
  );
  return Map.groupBy(findings, ({ message }) => message);
}

type InstanceRow = [
  message: number,
  lifecycle: number,
  state: number,
  openedAt: Micros,
  findings: number,
  statuses: string,
  times: Times,
  nextAt: Micros,
  waits: number,
  run: number,
  runNumber: number,
];

type RunRow = [
  message: number,
  run: number,
  runNumber: number,
  openedAt: Micros,
  statuses: string,
  times: Times,
];

type FindingRow = [
  message: number,
  id: number,
  kind: FindingKind,
  stage: string,
  dueAt: Micros,
  raisedAt: Micros,
  retractedAt: Micros,
  lateBy: Micros,
  run: number,
  runNumber: number,
  endedBy: FindingEnding | "",
  imported: 0 | 1,
  mark: string,
  marked: 0 | 1,
  triage: number,
  stageId: number | null,
];
