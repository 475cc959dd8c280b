/**
 * Proposes a lifecycle from what messages did.
 *
 * 1. Messages that began too shortly before the end may still be under way and are left out.
 * 2. Names that hardly any message has are left out as noise.
 * 3. Names that exclude each other and together are nearly always there are alternatives, one stage.
 * 4. A stage comes after the nearest of those that nearly always come before it, unless it does not move with that one
 *    (`learn-cause.ts`).
 * 5. A stage that nearly all messages reach that had its cause is required, others are optional.
 * 6. The message is complete with the required stage that is most often its last.
 * 7. A deadline is twice the 99th percentile, rounded up to something that a person would write.
 *
 * "Nearly" allows for some lost events, clocks that differ, and messages that got stuck.
 */
import type { Micros } from "../event/event.ts";
import { type Definition, durationMsMax, namesMax } from "./definition.ts";
import { causeOf, hopsBetween, nearlyAll } from "./learn-cause.ts";
import { neatDuration } from "./neat-duration.ts";
import { percentileOf, type Sample } from "./sample.ts";

/** A name that fewer messages have is noise. */
const noiseShare = 0.02;
/** Names that can be stages: those that most messages have. */
const keptMax = 32;
/** Of the messages that have the rarer of two alternatives, so many may have both. */
const bothShare = 0.01;
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
   * In how many messages, at least, what is said of it holds: the lower end of Wilson's 95 % interval of those that had it
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
  /** Messages with names beyond those that are told apart. */
  readonly unnamed: number;
  /** Absent where there is too little to go by: no message, or nothing that comes after anything. */
  readonly definition?: Definition;
}

/** A stage while it is being found. */
interface Node {
  readonly events: readonly string[];
  /** When each judged message had it; `NaN` where it did not. */
  readonly column: Float64Array;
  readonly count: number;
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
  const messages = settledMessages(sample, until);
  await nextTurn();
  const judged = messages.length;
  const counts = sample.counts(messages);
  const byCount = [...sample.names.keys()].sort((a, b) => counts[b]! - counts[a]!);
  const kept = byCount.filter((name) => counts[name]! >= noiseShare * judged).slice(0, keptMax);
  const leftOut = byCount
    .filter((name) => !kept.includes(name))
    .map((name) => ({ event: sample.names[name]!, share: judged === 0 ? 0 : counts[name]! / judged }));
  const base = { messages: sample.messages, judged, leftOut, unnamed: sample.unnamed };

  const names: Node[] = [];
  for (const name of kept) {
    await nextTurn();
    const column = sample.column(name, messages);
    names.push({ events: [sample.names[name]!], column, count: counts[name]! });
  }
  const nodes = await groupAlternatives(names, judged, nextTurn);
  if (nodes.length === 0) return { ...base, stages: [] };

  const ends = countEnds(nodes, judged);
  const opening = nodes.toSorted((a, b) => ends.first.get(b)! - ends.first.get(a)!)[0]!;
  const stages = new Map<Node, LearnedStage>();
  for (const node of nodes) {
    await nextTurn();
    stages.set(node, await describe(node, nodes, { opening, judged, nextTurn }));
  }
  const sorted = sortStages([...stages.values()]);
  const lasts = new Map([...stages].map(([node, stage]) => [stage, ends.last.get(node)!]));
  const definition = definitionOf(sorted, lasts);
  return { ...base, stages: sorted, ...(definition !== undefined && { definition }) };
}

/** Messages that have had the time that nearly all take. */
function settledMessages(sample: Sample, until: Micros): Uint32Array {
  const { first, last } = sample.spans();
  const whole = percentileOf(last.map((at, message) => at - first[message]!).sort(), 99);
  const before = until - 2 * whole;
  const all = Uint32Array.from(first.keys());
  const old = all.filter((message) => first[message]! < before);
  // Where that leaves too few, those under way are better than nothing.
  return old.length * 2 >= all.length ? old : all;
}

/** Names that exclude each other, and of which one is nearly always there, become one node. */
async function groupAlternatives(
  names: readonly Node[],
  judged: number,
  nextTurn: () => Promise<void>,
): Promise<Node[]> {
  const nodes: Node[] = [];
  const taken = new Set<Node>();
  // The commonest first, so that a group forms around it.
  for (const name of names) {
    if (taken.has(name)) continue;
    await nextTurn();
    const group = [name];
    let total = name.count;
    for (const other of names) {
      if (other === name || taken.has(other) || group.length >= namesMax) continue;
      if (total + other.count > (1 + bothShare) * judged) continue;
      if (!group.every((member) => exclude(member, other))) continue;
      group.push(other);
      total += other.count;
    }
    const together = group.length > 1 && total >= nearlyAll * judged;
    for (const member of together ? group : [name]) taken.add(member);
    nodes.push(together ? join(group) : name);
  }
  return nodes;
}

function exclude(a: Node, b: Node): boolean {
  let both = 0;
  for (const [row, at] of a.column.entries()) if (!Number.isNaN(at + b.column[row]!)) both += 1;
  return both <= bothShare * Math.min(a.count, b.count);
}

function join(group: readonly Node[]): Node {
  const column = group[0]!.column.map((_, row) => {
    let first = Number.NaN;
    for (const member of group) {
      const at = member.column[row]!;
      if (!(at >= first)) first = Number.isNaN(at) ? first : at;
    }
    return first;
  });
  return {
    events: group.flatMap(({ events }) => events).sort(),
    column,
    count: column.reduce((sum, at) => sum + (Number.isNaN(at) ? 0 : 1), 0),
  };
}

/** How many messages each node was the first of, and the last. */
function countEnds(nodes: readonly Node[], judged: number) {
  const first = new Map(nodes.map((node) => [node, 0]));
  const last = new Map(nodes.map((node) => [node, 0]));
  for (let row = 0; row < judged; row++) {
    let [firstNode, lastNode]: (Node | undefined)[] = [];
    for (const node of nodes) {
      const at = node.column[row]!;
      if (Number.isNaN(at)) continue;
      if (firstNode === undefined || at < firstNode.column[row]!) firstNode = node;
      if (lastNode === undefined || at >= lastNode.column[row]!) lastNode = node;
    }
    if (firstNode !== undefined) first.set(firstNode, first.get(firstNode)! + 1);
    if (lastNode !== undefined) last.set(lastNode, last.get(lastNode)! + 1);
  }
  return { first, last };
}

interface Surroundings {
  readonly opening: Node;
  readonly judged: number;
  readonly nextTurn: () => Promise<void>;
}

async function describe(node: Node, nodes: readonly Node[], around: Surroundings): Promise<LearnedStage> {
  const { events, count } = node;
  const always = events.length > 1 ? "alternatives" : "always";
  if (node === around.opening) {
    const share = count / around.judged;
    return { events, after: [], occurs: always, count, share, confidence: wilson(count, around.judged) };
  }
  const others = nodes.filter((other) => other !== node);
  const cause = (await causeOf(node, others, around.nextTurn)) ?? around.opening;
  const hops = hopsBetween(cause.column, node.column);
  const share = hops.took.length / cause.count;
  const required = share >= nearlyAll;
  return {
    events,
    after: cause.events,
    occurs: required ? always : "sometimes",
    count,
    share,
    confidence: wilson(hops.inOrder, required ? cause.count : hops.took.length),
    hop: {
      count: hops.took.length,
      p50: percentileOf(hops.took, 50),
      p95: percentileOf(hops.took, 95),
      p99: percentileOf(hops.took, 99),
    },
  };
}

/** Each behind what it comes after; among equals the quicker first. */
function sortStages(stages: readonly LearnedStage[]): LearnedStage[] {
  const sorted = stages.filter(({ after }) => after.length === 0);
  const left = stages
    .filter(({ after }) => after.length > 0)
    .sort((a, b) => (a.hop?.p50 ?? 0) - (b.hop?.p50 ?? 0));
  while (left.length > 0) {
    const next = left.findIndex(({ after }) => sorted.some(({ events }) => events.includes(after[0]!)));
    // Nothing comes after itself, however far around: "nearly always before" holds one way only.
    if (next < 0) break;
    sorted.push(...left.splice(next, 1));
  }
  return sorted;
}

function definitionOf(
  stages: readonly LearnedStage[],
  lasts: ReadonlyMap<LearnedStage, number>,
): Definition | undefined {
  const required = stages.filter(({ occurs }) => occurs !== "sometimes");
  const followed = new Set(required.flatMap(({ after }) => after));
  const [end] = required
    .filter(({ events, after }) => after.length > 0 && !events.some((event) => followed.has(event)))
    .sort((a, b) => lasts.get(b)! - lasts.get(a)!);
  if (end === undefined) return undefined;
  return {
    stages: stages.map(({ events, after, occurs, hop }) => ({
      events,
      after,
      ...(occurs !== "sometimes" &&
        hop !== undefined && { withinMs: Math.min(durationMsMax, neatDuration((2 * hop.p99) / 1_000)) }),
      optional: occurs === "sometimes",
    })),
    completeOn: end.events,
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
