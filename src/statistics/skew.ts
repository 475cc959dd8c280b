/**
 * Estimates how far the clocks of producers are off, by the events that an app's latest messages have. A producer is
 * known by the name of its event: services have stages of their own.
 *
 * What is known of an event is its delay, from `created_at` to its receipt: the way to Mars, and by how much its clock is behind. The
 * way takes no less than nothing, so a negative delay is a clock ahead. The least delays have next to no way in them; they are taken at the
 * first percentile, so that one odd event does not decide. By a delay alone a slow way looks like a clock that is behind; a
 * stage that was done before the one that it comes after is proof.
 */
import type { Micros } from "../core/event.ts";

/** One event of a sampled message; `createdAt` as its producer has it. */
export interface SkewSample {
  readonly message: number;
  readonly event: string;
  readonly createdAt: Micros;
  readonly receivedAt: Micros;
}

/** A stage: any of these events, and any of those that it comes after. */
export interface SkewStage {
  readonly events: readonly string[];
  readonly after: readonly string[];
}

/** Pairs of a message's events that stand in the wrong order: the event, and the one that it comes after. */
export interface EarlyPairs {
  readonly after: string;
  readonly early: number;
  /** Messages that have both. */
  readonly pairs: number;
  /** The median of how much too early. */
  readonly earlyBy: Micros;
}

export interface EventSkew {
  readonly event: string;
  /** Events with a time of their own that is at most `pastMax` old. */
  readonly samples: number;
  /** Without a time of their own, or dated back. Nothing is known by these. */
  readonly others: number;
  /** The least and the median delay; absent without samples. */
  readonly delayMin?: Micros;
  readonly delayMedian?: Micros;
  /** How far the clock is ahead, at least; negative: behind, or the way is slow. Absent with fewer than `samplesMin` samples. */
  readonly skew?: Micros;
  readonly earlyPairs: readonly EarlyPairs[];
  readonly hint: string;
}

export interface Skew {
  readonly messages: number;
  /** The first and the last receipt in the sample. */
  readonly since?: Micros;
  readonly until?: Micros;
  /** By the size of the skew, the largest first; at most `eventsMax`. */
  readonly events: readonly EventSkew[];
}

/** Names in an answer. */
const eventsMax = 200;
/** An event that is dated back further is an import. */
const pastMax: Micros = 86_400_000_000;
const samplesMin = 20;
const lowShare = 0.01;
/** Less is the way. */
const noticed: Micros = 1_000_000;

/** @param stages of the app's lifecycle; none where it has no lifecycle */
export function estimateSkew(samples: readonly SkewSample[], stages: readonly SkewStage[]): Skew {
  const receipts = samples.map(({ receivedAt }) => receivedAt).sort(byNumber);
  const byEvent = Map.groupBy(samples, ({ event }) => event);
  const early = earlyPairs(samples, stages);
  const events = [...byEvent].map(([event, list]) => eventSkew(event, list, early.get(event) ?? []));
  const size = ({ skew = 0 }: EventSkew) => Math.abs(skew);
  return {
    messages: new Set(samples.map(({ message }) => message)).size,
    ...(receipts.length > 0 && { since: receipts[0]!, until: receipts.at(-1)! }),
    events: events
      .sort((a, b) => size(b) - size(a) || b.samples - a.samples || (a.event < b.event ? -1 : 1))
      .slice(0, eventsMax),
  };
}

function eventSkew(event: string, list: readonly SkewSample[], pairs: readonly EarlyPairs[]): EventSkew {
  const delays = list
    // An event without a `created_at` has that of its receipt.
    .filter(({ createdAt, receivedAt }) => createdAt !== receivedAt && receivedAt - createdAt <= pastMax)
    .map(({ createdAt, receivedAt }) => receivedAt - createdAt)
    .sort(byNumber);
  const low = delays[Math.floor((delays.length - 1) * lowShare)];
  const skew = low === undefined || delays.length < samplesMin ? undefined : 0 - low;
  return {
    event,
    samples: delays.length,
    others: list.length - delays.length,
    ...(delays.length > 0 && { delayMin: delays[0]!, delayMedian: delays[(delays.length - 1) >> 1]! }),
    ...(skew !== undefined && { skew }),
    earlyPairs: pairs,
    hint: hintOf(skew, delays.length, pairs),
  };
}

function hintOf(skew: Micros | undefined, samples: number, pairs: readonly EarlyPairs[]): string {
  const clock =
    skew === undefined
      ? samples === 0
        ? "no events with a time of their own"
        : `too few events with a time of their own to judge the clock: ${samples}`
      : skew > noticed
        ? `the clock of its producer is ahead by ${inSeconds(skew)} or more`
        : -skew > noticed
          ? `99 of 100 reports come ${inSeconds(-skew)} late or more: they are held back, or the clock of their producer is behind`
          : "the clock of its producer is right";
  const worst = pairs.toSorted((a, b) => b.early - a.early)[0];
  if (worst === undefined) return clock;
  const { early, pairs: all, after, earlyBy } = worst;
  return `${clock}; in ${early} of ${all} messages it is dated before ${after}, by ${inSeconds(earlyBy)}: one of the two clocks is wrong`;
}

/** By the event that is too early. */
function earlyPairs(
  samples: readonly SkewSample[],
  stages: readonly SkewStage[],
): ReadonlyMap<string, readonly EarlyPairs[]> {
  const found = new Map<string, Map<string, Micros[]>>();
  for (const list of Map.groupBy(samples, ({ message }) => message).values()) {
    const first = new Map<string, Micros>();
    for (const { event, createdAt } of list) {
      first.set(event, Math.min(first.get(event) ?? Number.POSITIVE_INFINITY, createdAt));
    }
    const firstOf = (names: readonly string[]) =>
      names
        .flatMap((name) => (first.has(name) ? [{ name, at: first.get(name)! }] : []))
        .sort((a, b) => a.at - b.at)[0];
    for (const stage of stages) {
      const [done, before] = [firstOf(stage.events), firstOf(stage.after)];
      if (done === undefined || before === undefined) continue;
      const pairs = found.get(done.name) ?? new Map<string, Micros[]>();
      found.set(done.name, pairs);
      const lengths = pairs.get(before.name);
      if (lengths === undefined) pairs.set(before.name, [before.at - done.at]);
      else lengths.push(before.at - done.at);
    }
  }
  const pairsOf = ([after, lengths]: readonly [string, readonly Micros[]]): EarlyPairs => {
    const early = lengths.filter((length) => length > 0).sort(byNumber);
    const earlyBy = early[(early.length - 1) >> 1] ?? 0;
    return { after, early: early.length, pairs: lengths.length, earlyBy };
  };
  return new Map(
    [...found].map(([event, pairs]) => [event, [...pairs].map(pairsOf).filter(({ early }) => early > 0)]),
  );
}

function inSeconds(micros: Micros): string {
  return `${Math.round(micros / 100_000) / 10} s`;
}

function byNumber(a: number, b: number): number {
  return a - b;
}
