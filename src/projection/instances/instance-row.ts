/** An instance as a step writes it. */
import { messageStates } from "../../core/state.ts";
import type { StoredLifecycle } from "../../db/lifecycles/lifecycle-cache.ts";
import { padded } from "../../db/rows.ts";
import type { Reconciled } from "../../lifecycle/reconcile.ts";
import type { Instance } from "./instance-steps.ts";
import type { RunToJudge } from "./judged-runs.ts";
import { statusesText } from "./statuses-text.ts";

/** See the columns `next_at` and `waits`. */
export type Next = readonly [at: number, waits: number];

export interface NextInstance {
  readonly message: number;
  readonly lifecycle: StoredLifecycle;
  /** Its last run. */
  readonly run: RunToJudge;
  readonly reconciled: Reconciled;
  readonly next: Next;
  /** All that was ever found. */
  readonly findings: number;
  readonly wasComplete: boolean;
}

/** As of nearly all messages that have ended. */
const nothingDue = padded(0, 17).repeat(3);

/** For `upsertInstances`. */
export function instanceEntry({ message, lifecycle, run, reconciled, next, findings }: NextInstance): string {
  const { app, id } = lifecycle;
  const { overdueSince = 0 } = reconciled;
  const times = `${padded(message, 17)}${padded(run.openedAt, 17)}`;
  const due =
    overdueSince === 0 && next[0] === 0
      ? nothingDue
      : `${padded(overdueSince, 17)}${padded(next[0], 17)}${padded(next[1], 17)}`;
  const ids = `${padded(app, 10)}${padded(id, 10)}${padded(findings, 10)}`;
  const state = messageStates.indexOf(reconciled.state);
  // Numbers and letters: nothing that JSON would escape.
  const statuses = statusesText(lifecycle, reconciled.statuses);
  return `"${times}${due}${ids}${state}${statuses}":${JSON.stringify(run.times)}`;
}

/**
 * When the instance is due next. Nearly every event puts that off, which would write the index each time. So an earlier
 * time stays: it costs one look that raises nothing, and is corrected then.
 *
 * @param instance as it is stored
 */
export function nextOf([at, waits]: Next, instance: Instance | undefined, raising: boolean): Next {
  const known: Next = [instance?.nextAt ?? 0, instance?.waits ?? 0];
  return raising || at === 0 || known[0] === 0 || at < known[0] ? [at, waits] : known;
}

/** See the column `next_at`. */
export function nextAtOf({ nextAt }: Reconciled): number {
  // 0 is for none; what is active at once is so a microsecond later too.
  return nextAt === undefined ? 0 : nextAt || 1;
}
