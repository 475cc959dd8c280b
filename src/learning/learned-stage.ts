/** A stage of the learned graph, with how often it came, how long it took, and its deadline. */
import type { Micros } from "../core/event.ts";
import { earliestIn } from "./learn-cause.ts";
import { deadlineMs, raisedBy } from "./learn-deadline.ts";
import type { GraphStage } from "./learn-graph.ts";
import { type Observations, percentileOf } from "./sample.ts";

export interface LearnedStage {
  readonly events: readonly string[];
  /** Empty for the first stage. */
  readonly after: readonly string[];
  /** `alternatives`: always one of its events. */
  readonly occurs: "always" | "sometimes" | "alternatives";
  /** Messages that had it; and that, of those that had what it comes after and did not fail, nor may still reach it. */
  readonly count: number;
  readonly share: number;
  /**
   * The least share of the messages that agree with it: the lower end of Wilson's 95 % interval of those that had it
   * behind what it comes after, of all that had the latter where it is required.
   */
  readonly confidence: number;
  /** How long it took from what it comes after; absent for the first stage. */
  readonly hop?: { readonly count: number; readonly p50: Micros; readonly p95: Micros; readonly p99: Micros };
  /** Absent for the first stage and where it comes only sometimes. */
  readonly deadline?: LearnedDeadline;
}

export interface LearnedDeadline {
  readonly withinMs: number;
  /** The share of the judged messages that reached the stage, but later than this and the grace. */
  readonly raised: number;
  /** The share of them that never reached it, though it was due and they had not failed. */
  readonly never: number;
}

export interface StageOptions {
  /** So many of the rows, the first, did not fail. */
  readonly unfailed: number;
  readonly until: Micros;
  readonly raiseAtMost: number;
  readonly graceMs: number;
}

/** A hop that so many have made from a start that is old enough needs no others. */
const settledMin = 30;

export function describeStage(
  { events, after, required }: GraphStage,
  observations: Observations,
  options: StageOptions,
): LearnedStage {
  const { names, rows } = observations;
  const named = {
    events: events.map((name) => names[name]!).sort(),
    after: after.map((name) => names[name]!).sort(),
    occurs: events.length > 1 ? "alternatives" : required ? "always" : "sometimes",
  } as const;
  if (after.length === 0) {
    const { unfailed } = options;
    let [count, whole] = [0, 0];
    for (let row = 0; row < rows; row++) {
      if (Number.isNaN(earliestIn(observations, events, row))) continue;
      count += 1;
      if (row < unfailed) whole += 1;
    }
    return { ...named, count, share: whole / Math.max(1, unfailed), confidence: wilson(whole, unfailed) };
  }
  const made = hopsOf(events, after, observations, options);
  const { took } = made;
  return {
    ...named,
    count: made.count,
    share: took.length / Math.max(1, took.length + made.never),
    confidence: wilson(made.inOrder, required ? took.length + made.never : took.length),
    // Each that had the stage may have come to it without what it comes after.
    ...(took.length > 0 && {
      hop: {
        count: took.length,
        p50: percentileOf(took, 50),
        p95: percentileOf(took, 95),
        p99: percentileOf(took, 99),
      },
    }),
    ...(named.occurs !== "sometimes" && took.length > 0 && { deadline: deadlineOf(made, rows, options) }),
  };
}

interface Hops {
  /** Messages that had the stage, with or without what it comes after. */
  readonly count: number;
  /** Sorted. */
  readonly took: Float64Array;
  /** How many of them came behind what they come after, which clocks that differ may reverse. */
  readonly inOrder: number;
  /** Messages that had what it comes after, have not failed, and had the time that hops take. */
  readonly never: number;
}

function hopsOf(
  events: readonly number[],
  after: readonly number[],
  observations: Observations,
  { unfailed, until }: StageOptions,
): Hops {
  const { rows } = observations;
  const starts = new Float64Array(rows);
  const hops = new Float64Array(rows);
  const waiting: Micros[] = [];
  let [count, both] = [0, 0];
  for (let row = 0; row < rows; row++) {
    const start = earliestIn(observations, after, row);
    const done = earliestIn(observations, events, row);
    if (!Number.isNaN(done)) count += 1;
    if (Number.isNaN(start)) continue;
    if (!Number.isNaN(done)) {
      starts[both] = start;
      hops[both++] = done - start;
    } else if (row < unfailed) waiting.push(start);
  }
  const all = hops.slice(0, both).sort();
  // Of late starts only the quick hops can be known.
  const before = until - 2 * Math.max(0, percentileOf(all, 99) || 0);
  const settled = hops.subarray(0, both).filter((_, index) => starts[index]! <= before);
  const took = settled.length < settledMin ? all : settled.sort();
  const inOrder = took.length - (took.findLastIndex((hop) => hop <= 0) + 1);
  return {
    count,
    inOrder,
    // Where clocks differ a hop takes no time at least.
    took: took.map((hop) => Math.max(0, hop)),
    never: waiting.filter((start) => start <= before).length,
  };
}

function deadlineOf({ took, never }: Hops, rows: number, options: StageOptions): LearnedDeadline {
  const { raiseAtMost, graceMs } = options;
  const withinMs = deadlineMs(took, { messages: rows, raiseAtMost });
  return { withinMs, raised: raisedBy(took, withinMs, graceMs) / rows, never: never / rows };
}

/**
 * The lower end of Wilson's score interval for a share, at 95 %: few observations give little confidence.
 * https://en.wikipedia.org/wiki/Binomial_proportion_confidence_interval#Wilson_score_interval
 */
function wilson(successes: number, trials: number): number {
  if (trials === 0) return 0;
  const z = 1.96;
  const share = Math.min(1, successes / trials);
  const middle = share + (z * z) / (2 * trials);
  const half = z * Math.sqrt((share * (1 - share)) / trials + (z * z) / (4 * trials * trials));
  return Math.max(0, (middle - half) / (1 + (z * z) / trials));
}
