/**
 * Proposes a lifecycle from what messages did.
 *
 * 1. Messages that began too shortly before the end may still be under way and are left out.
 * 2. Events that end messages without completing them fail them; messages that failed or got stuck do not show the way
 *    (`learn-endings.ts`).
 * 3. Of the others, names that hardly any message has are left out as noise.
 * 4. Each of the rest comes after the nearest stage that was always there before it and that it moves with (`learn-graph.ts`).
 * 5. Names that come after the same, exclude each other and together are nearly always there are alternatives, one stage.
 * 6. A stage that nearly all messages reach that had what it comes after is required, others are optional.
 * 7. The message is complete with the end that is most often its last, or with what takes its place (`learn-ends.ts`).
 * 8. A deadline would have raised at most a stated share of the messages that reached the stage (`learn-deadline.ts`).
 *
 * "Nearly" allows for some lost events and clocks that differ.
 */
import type { Micros } from "../core/event.ts";
import type { Definition } from "../lifecycle/definition.ts";
import { endingsOf, type FailingEvent } from "./learn-endings.ts";
import { endsOf } from "./learn-ends.ts";
import { graceMsOf } from "./learn-grace.ts";
import { learnGraph } from "./learn-graph.ts";
import { describeStage, type LearnedStage } from "./learned-stage.ts";
import { firstRows, percentileOf, type Sample } from "./sample.ts";

/** A name that fewer messages have is noise. */
const noiseShare = 0.02;
/** Names that can be stages: those that most messages have. */
const keptMax = 32;
/** Names that are given as what a failure keeps messages from. */
const insteadMax = 10;
export const raiseAtMostDefault = 0.001;

export interface LearnOptions {
  /** Messages of a time shortly before it may be under way. */
  readonly until: Micros;
  /** See `DeadlineOptions`. */
  readonly raiseAtMost?: number;
  /** Lets others have their turn: every step of a large sample takes some ten milliseconds. */
  readonly nextTurn?: () => Promise<void>;
}

/** An event that failed messages. */
export interface LearnedFailure {
  readonly event: string;
  /** Messages that had it; and the share of all. */
  readonly count: number;
  readonly share: number;
  /** Those of them that reached the events of `insteadOf` all the same. */
  readonly despite: number;
  /** The events that it kept messages from, the most frequent first, ten at most. */
  readonly insteadOf: readonly string[];
}

export interface Learned {
  /** Messages looked at, and those of them that were old enough to be judged. */
  readonly messages: number;
  readonly judged: number;
  /** As it was asked for. */
  readonly raiseAtMost: number;
  /** In their order. */
  readonly stages: readonly LearnedStage[];
  /** The most frequent first. */
  readonly failures: readonly LearnedFailure[];
  readonly leftOut: readonly { readonly event: string; readonly share: number }[];
  /** Messages with names beyond the bound on names. */
  readonly unnamed: number;
  /** Absent where there is too little to go by: no message, or nothing that comes after anything. */
  readonly definition?: Definition;
}

export async function learn(
  sample: Sample,
  { until, raiseAtMost = raiseAtMostDefault, nextTurn = async () => {} }: LearnOptions,
): Promise<Learned> {
  const messages = matureMessages(sample, until);
  await nextTurn();
  const judged = messages.length;
  const { failing, whole, stuck, failed } = await endingsOf(sample, messages, until, nextTurn);
  const fails = new Set(failing.map(({ name }) => name));
  const onTheWay = sample.counts(whole);
  const kept = [...sample.names.keys()]
    .filter((name) => !fails.has(name) && onTheWay[name]! > 0)
    .filter((name) => onTheWay[name]! >= noiseShare * whole.length)
    .sort((a, b) => onTheWay[b]! - onTheWay[a]!)
    .slice(0, keptMax);
  const rows = Uint32Array.from([whole, stuck, failed].flatMap((some) => [...some]));
  const columns: Float64Array[] = [];
  for (const name of kept) {
    await nextTurn();
    columns.push(sample.column(name, rows));
  }
  const all = { names: kept.map((name) => sample.names[name]!), rows: judged, columns };
  const way = firstRows(all, whole.length);
  const graph = await learnGraph(way, nextTurn);
  const graceMs = graceMsOf(sample.deliveries, graph.stages, all);
  const options = { unfailed: whole.length + stuck.length, until, raiseAtMost, graceMs };
  const stages: LearnedStage[] = [];
  for (const stage of graph.stages) {
    await nextTurn();
    stages.push(describeStage(stage, all, options));
  }
  const failures = failing.map((one) => failureOf(one, sample, fails));
  const definition = definitionOf(
    stages,
    failures,
    endsOf(graph, way).map((end) => way.names[end]!),
    graceMs,
  );
  const counts = sample.counts(messages);
  const leftOut = [...sample.names.keys()]
    .filter((name) => counts[name]! > 0 && !fails.has(name))
    .filter((name) => !kept.includes(name) || graph.drifting.includes(kept.indexOf(name)))
    .sort((a, b) => counts[b]! - counts[a]!)
    .map((name) => ({ event: sample.names[name]!, share: counts[name]! / judged }));
  return {
    messages: sample.messages,
    judged,
    raiseAtMost,
    stages,
    failures,
    leftOut,
    unnamed: sample.unnamed,
    ...(definition !== undefined && { definition }),
  };
}

/** Messages that have had the time that nearly all take; where those are few the older half, which have had the most. */
function matureMessages(sample: Sample, until: Micros): Uint32Array {
  const { first, last } = sample.spans();
  const whole = percentileOf(last.map((at, message) => at - first[message]!).sort(), 99);
  const before = Math.max(until - 2 * whole, percentileOf(first.toSorted(), 50));
  return Uint32Array.from(first.keys()).filter((message) => first[message]! <= before);
}

function failureOf(
  { name, count, despite, insteadOf }: FailingEvent,
  sample: Sample,
  fails: ReadonlySet<number>,
): LearnedFailure {
  return {
    event: sample.names[name]!,
    count,
    share: count / sample.messages,
    despite,
    insteadOf: insteadOf
      .filter((other) => !fails.has(other))
      .slice(0, insteadMax)
      .map((other) => sample.names[other]!),
  };
}

/** @param ends events by their names */
function definitionOf(
  stages: readonly LearnedStage[],
  failures: readonly LearnedFailure[],
  ends: readonly string[],
  graceMs: number,
): Definition | undefined {
  const first = stages[0]?.events ?? [];
  // A lifecycle that completes every message as it opens would project none of them.
  if (ends.every((end) => first.includes(end))) return undefined;
  return {
    stages: stages.map(({ events, after, occurs, deadline }) => ({
      events,
      after,
      ...(deadline !== undefined && { withinMs: deadline.withinMs }),
      optional: occurs === "sometimes",
    })),
    completeOn: ends.toSorted(),
    failOn: failures.map(({ event }) => event),
    graceMs,
  };
}
