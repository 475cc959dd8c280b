/** Dry run: the findings that a definition would have raised for the stored messages. */
import type { Micros } from "../core/event.ts";
import { type MessageState, messageStates } from "../core/state.ts";
import { activeBy, assess, pendingFindings, stageTimes, withoutGivenUp } from "../lifecycle/assess.ts";
import type { Definition } from "../lifecycle/definition.ts";
import type { FindingKind, PendingFinding } from "../lifecycle/finding.ts";
import { completionOf, withOwed } from "../lifecycle/owed.ts";
import { createPlan, type Plan, type Times } from "../lifecycle/plan.ts";
import { isOpen } from "../lifecycle/runs.ts";
import type { HistoryRun, MessageHistory } from "./history.ts";

const samplesMax = 10;

/** People close messages, and a lifecycle that is only tried has none of which they could. */
export const trialStates = messageStates.filter((state) => state !== "closed");

export type TrialState = Exclude<MessageState, "closed">;

export interface DryRunFinding {
  readonly kind: FindingKind;
  readonly stage: string;
  /** Messages of which it would be active now; each run of one counts. */
  readonly holding: number;
  /** `missing` only: messages of which it would have been raised, and retracted when the stage came after all or the message ended. */
  readonly retracted: number;
  /** Ids of some of these messages, the latest first. */
  readonly samples: readonly string[];
}

export interface DryRunResult {
  readonly messages: number;
  readonly states: Readonly<Record<TrialState, number>>;
  /** In the order of the stages. */
  readonly findings: readonly DryRunFinding[];
}

interface Count {
  holding: number;
  retracted: number;
  readonly samples: string[];
}

export class DryRun {
  readonly #plan: Plan;
  readonly #clock: Micros;
  #messages = 0;
  readonly #states = new Map<TrialState, number>();
  readonly #counts = new Map<string, Count & { readonly kind: FindingKind; readonly stage: string }>();

  /** @param clock what is due and has its grace behind it by then is missing */
  constructor(definition: Definition, clock: Micros) {
    this.#plan = createPlan(definition);
    this.#clock = clock;
  }

  /**
   * @param index of this definition among those of the query
   * @returns the message's state, which is that of its last run
   */
  add(history: MessageHistory, index = 0): TrialState {
    const runs = history.runs?.[index] ?? [this.#wholeRun(history, index)];
    this.#messages += 1;
    for (const [index, run] of runs.entries()) this.#addRun(history.messageId, run, runs[index + 1]);
    const state = assess(this.#plan, runs.at(-1)!.times, activeBy(this.#clock)).state as TrialState;
    this.#states.set(state, (this.#states.get(state) ?? 0) + 1);
    return state;
  }

  #wholeRun({ events, ...history }: MessageHistory, index: number): HistoryRun {
    const plan = this.#plan;
    const owed = history.owed?.[index] ?? [];
    const byName = new Map(events.map((one) => [one.event, one]));
    const names = [...plan.slots.keys()];
    const receivedAt = names.map((name) => byName.get(name)?.receivedAt ?? null);
    for (const [place, stage] of plan.owed.entries()) {
      const completion = owed[place] && completionOf(stage, owed[place]);
      receivedAt[stage.slot] = completion?.receivedAt ?? null;
    }
    const firsts = names.map((name) => byName.get(name)?.at ?? null);
    for (const other of history.others?.[index] ?? []) {
      firsts[other.slot] = other.at;
      receivedAt[other.slot] = other.receivedAt;
    }
    return { times: withOwed(plan, firsts, owed), receivedAt, beganAt: 0 };
  }

  /** @param next the run after it, which supersedes it */
  #addRun(messageId: string, { times, receivedAt }: HistoryRun, next: HistoryRun | undefined): void {
    const plan = this.#plan;
    const holding = pendingFindings(plan, times).filter(activeBy(this.#clock));
    for (const finding of withoutGivenUp(holding)) {
      if (next === undefined || !isOpen(finding)) this.#count(finding, messageId).holding += 1;
    }
    const arrived = arrivals(plan, receivedAt, next?.beganAt);
    const happened = arrivals(plan, times, next && firstOf(next.times));
    for (const [index, stage] of plan.stages.entries()) {
      const { dueAt } = stageTimes(plan, index, times);
      if (dueAt === null || stage.optional) continue;
      const raisedAfter = dueAt + plan.grace;
      // A clock that had run out before Mars received its start was handed in later, as an import does: its messages are judged as they
      // happened, or all of them would have been missing for the moments of the import.
      const past = arrived.first(stage.starts) > raisedAfter;
      const came = past ? happened : arrived;
      // It came, or the run ended; but Mars would have raised it as missing before that.
      const retractedAt = Math.min(came.first(stage.events), came.endedAt);
      if (retractedAt === Number.POSITIVE_INFINITY) continue;
      if (retractedAt > (past ? raisedAfter : Math.max(raisedAfter, arrived.first(stage.starts))))
        this.#count({ kind: "missing", stage: stage.name }, messageId).retracted += 1;
    }
  }

  result(): DryRunResult {
    return {
      messages: this.#messages,
      states: Object.fromEntries(trialStates.map((state) => [state, this.#states.get(state) ?? 0])) as Record<
        TrialState,
        number
      >,
      findings: [...this.#counts.values()],
    };
  }

  #count({ kind, stage }: Pick<PendingFinding, "kind" | "stage">, messageId: string): Count {
    const key = `${kind} ${stage}`;
    let count = this.#counts.get(key);
    if (count === undefined) {
      count = { kind, stage, holding: 0, retracted: 0, samples: [] };
      this.#counts.set(key, count);
    }
    // Several runs of a message are one sample.
    if (count.samples.length < samplesMax && count.samples.at(-1) !== messageId)
      count.samples.push(messageId);
    return count;
  }
}

/** When the stages of a run came and when it ended, by the times at which its events happened or those at which they were received. */
function arrivals(plan: Plan, times: Times, supersededAt: Micros | undefined) {
  const first = (slots: readonly number[]) => firstOf(slots.map((slot) => times[slot] ?? null));
  return {
    first,
    endedAt: Math.min(
      first([...plan.complete, ...plan.fail.map(({ slot }) => slot)]),
      supersededAt ?? Number.POSITIVE_INFINITY,
    ),
  };
}

/** Infinite where there is none. */
function firstOf(times: Times): number {
  return Math.min(...times.map((time) => time ?? Number.POSITIVE_INFINITY));
}
