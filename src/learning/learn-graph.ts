/**
 * From many messages to the graph of their stages.
 *
 * Names are placed one after the other, each behind all that usually come before it. The search for what a name comes after
 * begins at the first stage and descends: from a stage to one that comes after it, as long as that one was there
 * whenever the name was, came before it, and moved it (`learn-cause.ts`). So a stage that is only sometimes there is passed over, and of
 * stages that run side by side each keeps to its own branch. Where alternatives lead on by several ways, all of
 * those at hand are what the name comes after.
 */

import { namesMax } from "../lifecycle/definition.ts";
import { earliestIn, type Link, linkOf } from "./learn-cause.ts";
import { NamePairs } from "./name-pairs.ts";
import type { Observations } from "./sample.ts";

/** Names are places in `Observations`. */
export interface GraphStage {
  /** More than one are alternatives. The most frequent first. */
  readonly events: readonly number[];
  /** Empty for the first stage, which is the first of all. */
  readonly after: readonly number[];
  /** Whether a message that has what it comes after has it too, losses aside. */
  readonly required: boolean;
}

export interface LearnedGraph {
  /** Each behind what it comes after. */
  readonly stages: readonly GraphStage[];
  /** Rare names that keep to no place. */
  readonly drifting: readonly number[];
  readonly pairs: NamePairs;
}

/** Of the messages that have what a stage comes after. One percent of events may be lost, and some messages stay stuck. */
const alwaysShare = 0.95;
/** Of the messages that have both. Clocks that differ may reverse some. */
const orderShare = 0.85;
/** A pull is known when its standard error is at most this. */
const pullErrorMax = 0.4;
/** From here on a pull shows the one cause; */
const pullSole = 0.8;
/** of one of several, as where branches join; */
const pullShared = 0.1;
/** of the best one, where clocks that differ blur it. */
const pullMin = 0.4;
/** Alternatives of which a later event has this part of what it has of the others do not lead to it. */
const aloofShare = 0.1;
/** A name this rare is noise when it comes now before, now after at least two stages that messages always have. */
const driftingShare = 0.05;
const rowsPerTurn = 10_000;

/** @param nextTurn gives other work its turn; called often enough that none waits long */
export async function learnGraph(
  observations: Observations,
  nextTurn: () => Promise<void>,
): Promise<LearnedGraph> {
  const pairs = new NamePairs(observations);
  for (let row = 0; row < observations.rows; row += rowsPerTurn) {
    pairs.add(row, Math.min(observations.rows, row + rowsPerTurn));
    await nextTurn();
  }
  const all = [...observations.names.keys()];
  const drifting = all.filter((name) => drifts(pairs, all, name));
  const names = all.filter((name) => !drifting.includes(name));
  if (names.length === 0 || observations.rows === 0) return { stages: [], drifting, pairs };
  const graph = new Graph(observations, pairs, firstStage(pairs, names));
  for (const name of inOrder(pairs, names)) {
    if (graph.first.includes(name)) continue;
    await graph.place(name, nextTurn);
  }
  return { stages: graph.stages(), drifting, pairs };
}

class Graph {
  readonly first: readonly number[];
  readonly #observations: Observations;
  readonly #pairs: NamePairs;
  /** The names that each name comes after, in the order in which they were placed. */
  readonly #after = new Map<number, readonly number[]>();
  readonly #shares = new Map<string, number>();

  constructor(observations: Observations, pairs: NamePairs, first: readonly number[]) {
    this.#observations = observations;
    this.#pairs = pairs;
    this.first = first;
  }

  async place(name: number, nextTurn: () => Promise<void>): Promise<void> {
    const stages = this.stages();
    let at = this.#leadingTo(name, this.first);
    for (let next: readonly number[] | undefined = at; next !== undefined; ) {
      await nextTurn();
      at = next;
      next = this.#descend(name, at, stages);
    }
    this.#after.set(name, at.slice(0, namesMax));
    this.#reunite(name);
  }

  /**
   * Alternatives are rarer than the stage that they are, and one may have been placed elsewhere by chance: all of them go
   * to where together they always come.
   */
  #reunite(name: number): void {
    if (this.#share([name], this.#after.get(name)!) >= alwaysShare) return;
    const group = [name];
    for (const { events, after, required } of this.stages()) {
      const [event] = events;
      if (required || after.length === 0 || event === undefined || group.length >= namesMax) continue;
      if (group.every((one) => this.#pairs.exclusive(one, event))) group.push(event);
    }
    // Behind what it comes after each stays, so that nothing can lead in a circle.
    const placed = [...this.first, ...this.#after.keys()];
    for (const place of group.map((one) => this.#after.get(one)!)) {
      const together = this.#share(group, place) >= alwaysShare;
      const fits = (one: number) =>
        this.#share(place, [one]) >= alwaysShare &&
        place.every((before) => placed.indexOf(before) < placed.indexOf(one));
      if (!together || !group.every(fits)) continue;
      for (const one of group) this.#after.set(one, place);
      return;
    }
  }

  /** The placed names, with the alternatives found among them. */
  stages(): GraphStage[] {
    const stages: GraphStage[] = [{ events: this.first, after: [], required: true }];
    const taken = new Set<number>();
    for (const [name, after] of this.#after) {
      if (taken.has(name)) continue;
      const events = this.#alternativesOf(name, after, taken);
      for (const event of events) taken.add(event);
      stages.push({ events, after, required: this.#share(events, after) >= alwaysShare });
    }
    return stages;
  }

  /** The name with those that take its place in other messages, if together they always come; else alone. */
  #alternativesOf(name: number, after: readonly number[], taken: ReadonlySet<number>): readonly number[] {
    const key = after.join();
    const others = [...this.#after].filter(
      ([other, otherAfter]) => other !== name && !taken.has(other) && otherAfter.join() === key,
    );
    const group = [name];
    for (const [other] of others.sort(([a], [b]) => this.#pairs.count(b) - this.#pairs.count(a))) {
      if (group.length < namesMax && group.every((one) => this.#pairs.exclusive(one, other)))
        group.push(other);
    }
    if (group.length === 1 || this.#share(group, after) < alwaysShare) return [name];
    return group.sort((a, b) => this.#pairs.count(b) - this.#pairs.count(a));
  }

  /** One step nearer to what brings the name about; `undefined` where there is none. */
  #descend(
    name: number,
    at: readonly number[],
    stages: readonly GraphStage[],
  ): readonly number[] | undefined {
    const steps = stages
      .filter(({ events, after }) => after.some((event) => at.includes(event)) && !events.includes(name))
      .map(({ events, after }) => {
        const starts = after.filter((event) => at.includes(event));
        const earlier = this.#leadingTo(name, events);
        return { earlier, starts, link: linkOf(this.#observations, name, earlier, starts) };
      })
      .filter(({ link }) => link.coverage >= alwaysShare);
    const [chosen] = this.#joined(name, steps) ?? sole(steps);
    if (chosen === undefined) return undefined;
    const next = [...at.filter((event) => !chosen.starts.includes(event)), ...chosen.earlier];
    return [...new Set(next)];
  }

  /** Several stages that together bring it about: all of them, or the first of them that comes. */
  #joined(name: number, steps: readonly Step[]): readonly Step[] | undefined {
    const shared = steps.filter(({ link }) => known(link) && link.pull >= pullShared + 3 * link.pullError);
    if (shared.length < 2 || shared.some(({ link }) => link.pull >= pullSole && inTime(link)))
      return undefined;
    const earlier = [...new Set(shared.flatMap((step) => step.earlier))];
    const starts = [...new Set(shared.flatMap((step) => step.starts))];
    const link = linkOf(this.#observations, name, earlier, starts);
    return inTime(link) ? [{ earlier, starts, link }] : undefined;
  }

  /** Of alternatives those that the name is found with. */
  #leadingTo(name: number, events: readonly number[]): readonly number[] {
    const shares = events.map((event) => this.#share([name], [event]));
    const most = Math.max(...shares);
    return events.filter((_, index) => shares[index]! >= aloofShare * most);
  }

  /** Of the messages that have any of `given`, those that have any of `events`. */
  #share(events: readonly number[], given: readonly number[]): number {
    const key = `${events.join()}|${given.join()}`;
    let share = this.#shares.get(key);
    if (share === undefined) {
      const { rows } = this.#observations;
      let all = 0;
      let some = 0;
      for (let row = 0; row < rows; row++) {
        if (Number.isNaN(earliestIn(this.#observations, given, row))) continue;
        all++;
        if (!Number.isNaN(earliestIn(this.#observations, events, row))) some++;
      }
      share = some / Math.max(1, all);
      this.#shares.set(key, share);
    }
    return share;
  }
}

interface Step {
  readonly earlier: readonly number[];
  /** The names that it replaces. */
  readonly starts: readonly number[];
  readonly link: Link;
}

/** The one that moves the name most; without times, the latest that always comes before it. */
function sole(steps: readonly Step[]): readonly Step[] {
  const before = steps.filter(({ link }) => inTime(link));
  const moving = before
    .filter(({ link }) => known(link) && link.pull >= pullMin)
    .sort((a, b) => b.link.pull - a.link.pull);
  const untold = before.filter(({ link }) => !known(link)).sort((a, b) => b.link.delay - a.link.delay);
  return moving.length > 0 ? moving : untold;
}

function known({ pullError }: Link): boolean {
  return pullError <= pullErrorMax;
}

function inTime({ inOrder }: Link): boolean {
  return inOrder >= orderShare;
}

/** The name that is first most often, with others that are so in its place. */
function firstStage(pairs: NamePairs, names: readonly number[]): readonly number[] {
  const [first, ...others] = [...names].sort((a, b) => pairs.firsts(b) - pairs.firsts(a));
  const group = [first!];
  for (const other of others) {
    const leads = pairs.firsts(other) >= orderShare * pairs.count(other);
    if (leads && group.length < namesMax && group.every((one) => pairs.exclusive(one, other)))
      group.push(other);
  }
  const together = group.reduce((sum, name) => sum + pairs.share(name), 0);
  return together >= alwaysShare ? group : [first!];
}

/** Each name behind those that usually come before it: next is always the one that the others left are least ahead of. */
function inOrder(pairs: NamePairs, names: readonly number[]): number[] {
  const left = [...names].sort((a, b) => pairs.delay(a) - pairs.delay(b));
  const ordered: number[] = [];
  while (left.length > 0) {
    const ahead = left.map((name) =>
      Math.max(0, ...left.filter((other) => other !== name).map((other) => pairs.before(other, name))),
    );
    ordered.push(...left.splice(ahead.indexOf(Math.min(...ahead)), 1));
  }
  return ordered;
}

function drifts(pairs: NamePairs, names: readonly number[], name: number): boolean {
  if (pairs.share(name) >= driftingShare) return false;
  const passed = names.filter((other) => {
    const before = pairs.before(other, name);
    return pairs.share(other) >= 0.9 && before > 0.1 && before < 0.9;
  });
  return passed.length >= 2;
}
