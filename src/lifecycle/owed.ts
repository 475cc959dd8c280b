/**
 * Stages that are owed by several: by each of the names that an earlier event lists, or a number of times.
 *
 * Everything else goes by one time of each stage, so such a stage has one, too: it is done when the last of those that owe it
 * has acknowledged. That is a function of all of its events, and no sum of increments: another recipient may be listed later,
 * and a repeat may change an event's time. So it is computed again from these events whenever one of them changes.
 */
import type { Micros } from "../core/event.ts";
import { compareText } from "../core/fold.ts";
import type { Owed } from "../core/state.ts";
import { earliest, type Plan, type Times } from "./plan.ts";

/** Recipients of one stage of a message; of more those count that are first by their names. */
export const recipientsMax = 1_000;
/** Bytes of a recipient's name, a text or the digits of a whole number. Longer ones are ignored, as is anything else. */
export const recipientBytesMax = 256;
/** Names that each list of `Owed` has at most, and bytes of them: a page of 1,000 findings has to fit into an answer by RPC. */
const listedMax = 100;
const listedBytesMax = 1024;

/** A stage that is owed by several. */
export interface OwedStage {
  /** Its index among the plan's stages. */
  readonly stage: number;
  readonly event: string;
  readonly slot: number;
  /** With what reopens a message and stands for the first stage, where it comes after that. */
  readonly after: readonly string[];
  /** Names of attributes: the first lists who owes, in events of `after`; the second says who acknowledges. */
  readonly each?: { readonly of: string; readonly by: string };
  /** How many events it needs; 1 where each of several owes it. */
  readonly times: number;
}

/** The events of a stage that is owed by several, and of those before it, of one message. */
export interface OwedEvents {
  /** The names that events of `after` list: sorted by their bytes, at most one more than `recipientsMax`. */
  readonly listed: readonly string[];
  /** Whether there is an event of `after`. */
  readonly started: boolean;
  /** Who has acknowledged, each name once, and when first: when it happened, and when it was received. */
  readonly named: readonly (readonly [name: string, at: Micros, receivedAt: Micros])[];
  /** How many events of the stage there are. */
  readonly count: number;
  /** The times of the first of them, `times` at most. */
  readonly first: readonly Micros[];
  /** When the event was received with which there were `times` of them; `null` where there are fewer, and where it was not read. */
  readonly receivedAt: Micros | null;
}

export interface Completion {
  readonly at: Micros;
  readonly receivedAt: Micros | null;
}

/** When the stage was done: when the last of those that owe it had acknowledged; `null` where it is not done. */
export function completionOf(stage: OwedStage, events: OwedEvents): Completion | null {
  if (stage.each === undefined) return nthOf(stage, events);
  // Who owes it is not known before.
  if (!events.started) return null;
  if (events.listed.length === 0) return nthOf(stage, events);
  const named = new Map(events.named.map((one) => [one[0], one]));
  let [at, receivedAt] = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const name of events.listed.slice(0, recipientsMax)) {
    const one = named.get(name);
    if (one === undefined) return null;
    at = Math.max(at, one[1]);
    receivedAt = Math.max(receivedAt, one[2]);
  }
  return { at, receivedAt };
}

function nthOf({ times }: OwedStage, { first, receivedAt }: OwedEvents): Completion | null {
  const at = first[times - 1];
  return at === undefined ? null : { at, receivedAt };
}

/**
 * The times with those of stages that are owed by several.
 *
 * @param events by `Plan.owed`
 */
export function withOwed(plan: Plan, times: Times, events: readonly OwedEvents[]): Times {
  if (plan.owed.length === 0) return times;
  const all = [...times];
  for (const [index, stage] of plan.owed.entries()) {
    const known = events[index];
    all[stage.slot] = known === undefined ? null : (completionOf(stage, known)?.at ?? null);
  }
  return all;
}

/**
 * Who owes the stage and who has acknowledged it; `undefined` where that is not known yet, and where no event before lists
 * anyone, so that the stage is an ordinary one.
 *
 * @param times as `withOwed` has them
 */
export function owedOf(plan: Plan, stage: OwedStage, times: Times, events: OwedEvents): Owed | undefined {
  const { within, starts } = plan.stages[stage.stage]!;
  const startedAt = earliest(times, starts);
  const dueAt = startedAt === null || within === undefined ? undefined : startedAt + within;
  const isLate = (at: Micros) => dueAt !== undefined && at > dueAt + plan.grace;
  if (stage.each === undefined) {
    if (!events.started && events.count === 0) return undefined;
    const received = Math.min(events.count, stage.times);
    return {
      expected: stage.times,
      received,
      missing: [],
      extra: [],
      extraCount: events.count - received,
      late: [],
      lateCount: events.first.filter(isLate).length,
    };
  }
  if (!events.started || events.listed.length === 0) return undefined;
  const listed = events.listed.slice(0, recipientsMax);
  const partial = events.listed.length > listed.length;
  const owing = new Set(listed);
  const named = new Map(events.named.map(([name, at]) => [name, at]));
  const missing = listed.filter((name) => !named.has(name));
  // Of more recipients than count, it is not known who else is one.
  const isExtra = (name: string) => !owing.has(name) && !(partial && compareText(name, listed.at(-1)!) > 0);
  const extra = [...named.keys()].filter(isExtra).sort(compareText);
  const late = listed.filter((name) => isLate(named.get(name) ?? Number.NEGATIVE_INFINITY));
  return {
    expected: listed.length,
    received: listed.length - missing.length,
    missing: shownNames(missing),
    extra: shownNames(extra),
    extraCount: extra.length,
    late: shownNames(late),
    lateCount: late.length,
    ...(partial && { partial }),
  };
}

/** The stages of which `owedOf` knows who owes them, by their index among the plan's stages. */
export function owedStages(
  plan: Plan,
  times: Times,
  events: readonly OwedEvents[],
): ReadonlyMap<number, Owed> {
  const found = new Map<number, Owed>();
  for (const [index, stage] of plan.owed.entries()) {
    const known = events[index];
    const owed = known && owedOf(plan, stage, times, known);
    if (owed !== undefined) found.set(stage.stage, owed);
  }
  return found;
}

/** A list of `Owed`, as far as it is shown. */
export function shownNames(names: readonly string[]): string[] {
  let bytes = 0;
  return names.slice(0, listedMax).filter((name) => {
    bytes += Buffer.byteLength(name);
    return bytes <= listedBytesMax;
  });
}
