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
import { type Learned, type LearnedStage, learn } from "./learn.ts";
import { Sample, sampleMessagesMax } from "./sample.ts";

export interface TrialOptions extends Window {
  readonly appId: string;
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
  learn(options: TrialOptions, caller: Caller): Promise<Trial<Learned>>;
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
    async learn(options: TrialOptions): Promise<Trial<Learned>> {
      const sample = new Sample();
      const cutShort = await readAll(options, (history) => sample.add(history));
      const { since, until } = options;
      const result = await learn(sample, until, async () => check());
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
    stages: result.stages.map((stage) => stageToJson(stage, result.definition)),
    left_out: result.leftOut,
    messages_with_other_events: result.unnamed,
  };
}

function stageToJson(stage: LearnedStage, definition: Definition | undefined) {
  const { events, after, occurs, count, share, confidence, hop } = stage;
  const within = definition?.stages.find((one) => one.events[0] === events[0])?.withinMs;
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
    within: within === undefined ? null : formatDuration(within),
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
