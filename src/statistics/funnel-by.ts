/** The funnel of an app divided by the values of an indexed attribute. */
import type { MessageKey, Micros } from "../core/event.ts";
import { stageToJson } from "../core/stage-name.ts";
import { formatTime } from "../core/time.ts";
import type { Window } from "../core/window.ts";
import { exampleToJson, milliseconds } from "./json.ts";
import type { FunnelStage } from "./statistics.ts";

/** The latest messages of the window that one answer is about. */
export const funnelByMessagesMax = 5_000;
/** Values that have a funnel of their own; the rest is summed. */
export const funnelByValuesMax = 10;

export interface FunnelByQuery extends Window {
  readonly appId: string;
  /** Of an indexed attribute. */
  readonly name: string;
}

/** How long messages took to a stage, from what it comes after. */
export interface StageTimes {
  /** Messages that were measured. */
  readonly count: number;
  readonly p50: MessageTime;
  readonly p99: MessageTime;
}

/** The time of a message: a percentile is the time of one. */
export interface MessageTime {
  readonly took: Micros;
  /** Absent where retention has taken it. */
  readonly message?: MessageKey;
}

export interface FunnelPartStage extends FunnelStage {
  /** Absent where none was measured, as of what comes after nothing. */
  readonly times?: StageTimes;
}

export interface FunnelPart {
  readonly messages: number;
  /** In the order of their definitions. */
  readonly stages: readonly FunnelPartStage[];
}

export interface FunnelBy extends Window {
  /** The most frequent first; at most `funnelByValuesMax`. A message may have several values. */
  readonly values: readonly (FunnelPart & { readonly value: string })[];
  /** Of all other values. */
  readonly others: FunnelPart & { readonly values: number };
  /** Of messages without a value that is indexed. */
  readonly without: FunnelPart;
  /** Messages that were counted: those that have a lifecycle. */
  readonly messages: number;
  /** There are more messages than `funnelByMessagesMax`: the latest were looked at. */
  readonly partial: boolean;
}

/** Rejects with `unavailable` while the database is away. */
export interface FunnelByReader {
  funnelBy(query: FunnelByQuery): Promise<FunnelBy>;
}

export function funnelByToJson({ since, until, values, others, without, messages, partial }: FunnelBy) {
  return {
    since: formatTime(since),
    until: formatTime(until),
    values: values.map(({ value, ...part }) => ({ value, ...partToJson(part) })),
    others: { values: others.values, ...partToJson(others) },
    without: partToJson(without),
    messages,
    partial,
  };
}

function partToJson({ messages, stages }: FunnelPart) {
  return {
    messages,
    stages: stages.map(({ stage, after, reached, waiting, overdue, never, times }) => ({
      ...stageToJson(stage, after),
      ...{ reached, waiting, overdue, never },
      took: {
        count: times?.count ?? 0,
        p50_ms: times === undefined ? null : milliseconds(times.p50.took),
        p99_ms: times === undefined ? null : milliseconds(times.p99.took),
        examples: { p50: exampleToJson(times?.p50.message), p99: exampleToJson(times?.p99.message) },
      },
    })),
  };
}
