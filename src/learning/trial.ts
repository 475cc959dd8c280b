/** Learning and trying over stored history, a page after the other. */
import type { Caller } from "../core/caller.ts";
import { formatDuration } from "../core/duration.ts";
import type { Micros } from "../core/event.ts";
import { eventsOfName } from "../core/stage-name.ts";
import { formatTime } from "../core/time.ts";
import type { Window } from "../core/window.ts";
import { type Definition, definitionToJson, isOwed } from "../lifecycle/definition.ts";
import { DryRun, type DryRunResult } from "./dry-run.ts";
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

export interface Trials {
  /**
   * @throws `MarsError` `overloaded` while too many wait, `deadline_exceeded` for a run that waits or takes too long, and the
   *   reason of the caller's signal
   */
  learn(options: LearnTrialOptions, caller: Caller): Promise<Trial<Learned>>;
  /** The same. */
  dryRun(
    definition: Definition,
    options: TrialOptions & { readonly clock: Micros },
    caller: Caller,
  ): Promise<Trial<DryRunResult>>;
}

/** @param check called before each page and each step; ends the run by throwing */
export function createTrials(reader: HistoryReader, check: () => void) {
  async function readAll(
    { appId, since, until }: TrialOptions,
    add: (history: MessageHistory) => void,
    definition?: Definition,
  ): Promise<boolean> {
    let messages = 0;
    let after: string | undefined;
    do {
      check();
      const page = await reader.histories({
        ...{ appId, since, until },
        ...(after !== undefined && { after }),
        ...(definition !== undefined && { definition }),
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

    async dryRun(
      definition: Definition,
      options: TrialOptions & { readonly clock: Micros },
    ): Promise<Trial<DryRunResult>> {
      const dryRun = new DryRun(definition, options.clock);
      const cutShort = await readAll(
        options,
        (history) => dryRun.add(history),
        isOwed(definition) ? definition : undefined,
      );
      const { since, until } = options;
      return { since, until, result: dryRun.result(), cutShort };
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

function round(share: number): number {
  return Math.round(share * 10_000) / 10_000;
}
