/** Learning and trying over stored history, a page after the other. */
import type { Caller } from "../core/caller.ts";
import { formatDuration } from "../core/duration.ts";
import type { Micros } from "../core/event.ts";
import { eventsOfName } from "../core/stage-name.ts";
import { formatTime } from "../core/time.ts";
import type { Window } from "../core/window.ts";
import { type Definition, definitionToJson, isMoreThanFirsts } from "../lifecycle/definition.ts";
import { Comparison, type StateDifference, type StateDifferences } from "./comparison.ts";
import { type Drift, driftOf } from "./drift.ts";
import { DryRun, type DryRunResult, type TrialState } from "./dry-run.ts";
import type { HistoryReader, MessageHistory } from "./history.ts";
import { type Learned, learn } from "./learn.ts";
import type { LearnedStage } from "./learned-stage.ts";
import { Sample, sampleMessagesMax } from "./sample.ts";

export interface TrialOptions extends Window {
  readonly appId: string;
}

export interface LearnTrialOptions extends TrialOptions {
  /** See `DeadlineOptions`. */
  readonly raiseAtMost?: number;
}

/** Of the messages of the window the latest, where there are more than one trial looks at. */
export interface Trial<Result> extends Window {
  readonly result: Result;
  readonly cutShort: boolean;
}

export interface DryRunOptions extends TrialOptions {
  /** What is due and has its grace behind it by then is missing. */
  readonly clock: Micros;
  /** The lifecycle in force, to compare with. */
  readonly current?: Definition;
}

export interface DriftOptions extends TrialOptions {
  readonly clock: Micros;
  /** The share of messages that may miss a deadline. */
  readonly missedShare: number;
}

export interface TriedResult extends DryRunResult {
  /** Absent without a lifecycle to compare with. */
  readonly differences?: StateDifferences;
}

export interface Trials {
  /**
   * @throws `MarsError` `overloaded` while too many wait, `deadline_exceeded` for a run that waits or takes too long, and the
   *   reason of the caller's signal
   */
  learn(options: LearnTrialOptions, caller: Caller): Promise<Trial<Learned>>;
  /** The same. */
  dryRun(definition: Definition, options: DryRunOptions, caller: Caller): Promise<Trial<TriedResult>>;
}

/** @param check called before each page and each step; ends the run by throwing */
export function createTrials(reader: HistoryReader, check: () => void) {
  async function readAll(
    { appId, since, until }: TrialOptions,
    add: (history: MessageHistory) => void,
    definitions: readonly Definition[] = [],
  ): Promise<boolean> {
    let messages = 0;
    let after: string | undefined;
    do {
      check();
      const page = await reader.histories({
        ...{ appId, since, until, definitions },
        ...(after !== undefined && { after }),
      });
      for (const history of page.histories) add(history);
      messages += page.histories.length;
      after = page.next;
    } while (after !== undefined && messages < sampleMessagesMax);
    return after !== undefined;
  }

  return {
    async learn(options: LearnTrialOptions): Promise<Trial<Learned>> {
      const sample = new Sample();
      const cutShort = await readAll(options, (history) => sample.add(history));
      const { since, until, raiseAtMost } = options;
      const result = await learn(sample, {
        until,
        nextTurn: async () => check(),
        ...(raiseAtMost !== undefined && { raiseAtMost }),
      });
      return { since, until, result, cutShort: cutShort || sample.full };
    },

    /** The same messages in both, so that they are read once. */
    async drift(definition: Definition, options: DriftOptions): Promise<Drift> {
      const { until, clock, missedShare } = options;
      const sample = new Sample();
      const inForce = new DryRun(definition, clock);
      const add = (history: MessageHistory) => {
        sample.add(history);
        inForce.add(history);
      };
      await readAll(options, add, isMoreThanFirsts(definition) ? [definition] : []);
      const learned = await learn(sample, { until, nextTurn: async () => check() });
      return driftOf(definition, learned, inForce.result(), missedShare);
    },

    async dryRun(definition: Definition, options: DryRunOptions): Promise<Trial<TriedResult>> {
      const { since, until, clock, current } = options;
      const tried = new DryRun(definition, clock);
      const inForce = current && new DryRun(current, clock);
      const comparison = new Comparison();
      const add = (history: MessageHistory) => {
        const state = tried.add(history);
        if (inForce !== undefined) comparison.add(history.messageId, state, inForce.add(history, 1));
      };
      const definitions = current === undefined ? [definition] : [definition, current];
      const cutShort = await readAll(options, add, definitions.some(isMoreThanFirsts) ? definitions : []);
      const result = {
        ...tried.result(),
        ...(inForce !== undefined && { differences: comparison.result() }),
      };
      return { since, until, result, cutShort };
    },
  };
}

export function learnedToJson({ since, until, result, cutShort }: Trial<Learned>) {
  return {
    since: formatTime(since),
    until: formatTime(until),
    messages: result.messages,
    judged: result.judged,
    cut_short: cutShort,
    lifecycle: result.definition === undefined ? null : definitionToJson(result.definition),
    raise_at_most: result.raiseAtMost,
    stages: result.stages.map(stageToJson),
    failures: result.failures.map(({ event, count, share, despite, insteadOf }) => ({
      event,
      count,
      share: round(share),
      despite,
      instead_of: insteadOf,
    })),
    left_out: result.leftOut,
    messages_with_other_events: result.unnamed,
  };
}

function stageToJson({ events, after, occurs, count, share, confidence, hop, deadline }: LearnedStage) {
  return {
    events,
    after,
    occurs,
    count,
    share: round(share),
    confidence: round(confidence),
    hop:
      hop === undefined
        ? null
        : { count: hop.count, p50_ms: hop.p50 / 1_000, p95_ms: hop.p95 / 1_000, p99_ms: hop.p99 / 1_000 },
    within: deadline === undefined ? null : formatDuration(deadline.withinMs),
    would_raise: deadline === undefined ? null : round(deadline.raised),
    never_reached: deadline === undefined ? null : round(deadline.never),
  };
}

export function dryRunToJson({ since, until, result, cutShort }: Trial<DryRunResult>) {
  return {
    since: formatTime(since),
    until: formatTime(until),
    messages: result.messages,
    cut_short: cutShort,
    states: result.states,
    findings: result.findings.map((finding) => ({
      ...finding,
      stage_events: eventsOfName(finding.stage),
    })),
  };
}

/** By state: what both lifecycles, and what one of them alone would have found. */
export function differencesToJson(differences: StateDifferences) {
  const toJson = (one: StateDifference) => ({
    both: one.both,
    only_new: one.onlyNew,
    only_current: one.onlyCurrent,
    samples_only_new: one.samplesOnlyNew,
    samples_only_current: one.samplesOnlyCurrent,
  });
  const entries = Object.entries(differences).map(([state, one]) => [state, toJson(one)]);
  return Object.fromEntries(entries) as Record<TrialState, ReturnType<typeof toJson>>;
}

function round(share: number): number {
  return Math.round(share * 10_000) / 10_000;
}
