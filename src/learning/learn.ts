/**
 * Proposes a lifecycle from what messages did.
 *
 * 1. Messages that began too shortly before the end may still be under way and are left out.
 * 2. Names that hardly any message has are left out as noise.
 * 3. Each of the others comes after the nearest stage that was always there before it and that it moves with (`learn-graph.ts`).
 * 4. Names that come after the same, exclude each other and together are nearly always there are alternatives, one stage.
 * 5. A stage that nearly all messages reach that had what it comes after is required, others are optional.
 * 6. The message is complete with the end that is most often its last, or with what takes its place (`learn-ends.ts`).
 * 7. A deadline is twice the 99th percentile, rounded up to something that a person would write.
 *
 * "Nearly" allows for some lost events, clocks that differ, and messages that got stuck.
 */
import type { Micros } from "../core/event.ts";
import { type Definition, durationMsMax } from "../lifecycle/definition.ts";
import { earliestIn } from "./learn-cause.ts";
import { endsOf } from "./learn-ends.ts";
import { type GraphStage, type LearnedGraph, learnGraph } from "./learn-graph.ts";
import { neatDuration } from "./neat-duration.ts";
import { type Observations, percentileOf, type Sample } from "./sample.ts";

/** A name that fewer messages have is noise. */
const noiseShare = 0.02;
/** Names that can be stages: those that most messages have. */
const keptMax = 32;
const graceMs = 500;

export interface LearnedStage {
  readonly events: readonly string[];
  /** Empty for the first stage. */
  readonly after: readonly string[];
  /** `alternatives`: always one of its events. */
  readonly occurs: "always" | "sometimes" | "alternatives";
  /** Messages that had it; and that, of those that had what it comes after. */
  readonly count: number;
  readonly share: number;
  /**
   * The least share of the messages that agree with it: the lower end of Wilson's 95 % interval of those that had it
   * behind what it comes after, of all that had the latter where it is required.
   */
  readonly confidence: number;
  /** How long it took from what it comes after; absent for the first stage. */
  readonly hop?: { readonly count: number; readonly p50: Micros; readonly p95: Micros; readonly p99: Micros };
}

export interface Learned {
  /** Messages looked at, and those of them that were old enough to be judged. */
  readonly messages: number;
  readonly judged: number;
  /** In their order. */
  readonly stages: readonly LearnedStage[];
  readonly leftOut: readonly { readonly event: string; readonly share: number }[];
  /** Messages with names beyond the bound on names. */
  readonly unnamed: number;
  /** Absent where there is too little to go by: no message, or nothing that comes after anything. */
  readonly definition?: Definition;
}

/**
 * @param until messages of a time shortly before it may be under way
 * @param nextTurn lets others have their turn: every step of a large sample takes some ten milliseconds
 */
export async function learn(
  sample: Sample,
  until: Micros,
  nextTurn: () => Promise<void> = async () => {},
): Promise<Learned> {
  const messages = matureMessages(sample, until);
  await nextTurn();
  const judged = messages.length;
  const counts = sample.counts(messages);
  const byCount = [...sample.names.keys()].sort((a, b) => counts[b]! - counts[a]!);
  const kept = byCount.filter((name) => counts[name]! >= noiseShare * judged).slice(0, keptMax);
  const columns: Float64Array[] = [];
  for (const name of kept) {
    await nextTurn();
    columns.push(sample.column(name, messages));
  }
  const observations = { names: kept.map((name) => sample.names[name]!), rows: judged, columns };
  const graph = await learnGraph(observations, nextTurn);
  const stages: LearnedStage[] = [];
  for (const stage of graph.stages) {
    await nextTurn();
    stages.push(describe(stage, observations));
  }
  const definition = definitionOf(stages, graph, observations);
  const noise = byCount.filter((name) => !kept.includes(name) || graph.drifting.includes(kept.indexOf(name)));
  return {
    messages: sample.messages,
    judged,
    stages,
    leftOut: noise.map((name) => ({
      event: sample.names[name]!,
      share: judged === 0 ? 0 : counts[name]! / judged,
    })),
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

function describe({ events, after, required }: GraphStage, observations: Observations): LearnedStage {
  const { names, rows } = observations;
  const named = {
    events: events.map((name) => names[name]!).sort(),
    after: after.map((name) => names[name]!).sort(),
    occurs: events.length > 1 ? "alternatives" : required ? "always" : "sometimes",
  } as const;
  const hops = new Float64Array(rows);
  let [count, started, both, inOrder] = [0, 0, 0, 0];
  for (let row = 0; row < rows; row++) {
    const start = earliestIn(observations, after, row);
    const done = earliestIn(observations, events, row);
    if (!Number.isNaN(start)) started += 1;
    if (!Number.isNaN(done)) count += 1;
    if (Number.isNaN(done - start)) continue;
    if (done > start) inOrder += 1;
    // Where clocks differ a hop takes no time at least.
    hops[both++] = Math.max(0, done - start);
  }
  if (after.length === 0) return { ...named, count, share: count / rows, confidence: wilson(count, rows) };
  const took = hops.subarray(0, both).sort();
  return {
    ...named,
    count,
    share: both / Math.max(1, started),
    confidence: wilson(inOrder, required ? started : both),
    hop: {
      count: both,
      p50: percentileOf(took, 50),
      p95: percentileOf(took, 95),
      p99: percentileOf(took, 99),
    },
  };
}

function definitionOf(
  stages: readonly LearnedStage[],
  graph: LearnedGraph,
  observations: Observations,
): Definition | undefined {
  const ends = endsOf(graph, observations);
  const first = graph.stages[0]?.events ?? [];
  // A lifecycle that completes every message as it opens would project none of them.
  if (ends.every((end) => first.includes(end))) return undefined;
  return {
    stages: stages.map(({ events, after, occurs, hop }) => ({
      events,
      after,
      ...(occurs !== "sometimes" &&
        hop !== undefined && { withinMs: Math.min(durationMsMax, neatDuration((2 * hop.p99) / 1_000)) }),
      optional: occurs === "sometimes",
    })),
    completeOn: ends.map((end) => observations.names[end]!).sort(),
    failOn: [],
    graceMs,
  };
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
