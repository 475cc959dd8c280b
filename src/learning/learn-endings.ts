/**
 * How messages end: by events that fail them, or by getting stuck on the way. Neither kind shows the way to completion.
 *
 * An event fails messages when hardly anything of other messages comes behind it, when it keeps them from a stage that
 * nearly all others reach, and when it is an exception:
 * - It cuts the way short: at least two events that others have do not come.
 * - Or it takes the place of one event that is many times as frequent.
 *
 * A message got stuck, or is under way, when its last event is one that nearly always goes on to another. So stuck messages make
 * no stage optional.
 */
import type { Micros } from "../core/event.ts";
import { namesMax } from "../lifecycle/definition.ts";
import { EventSteps } from "./event-steps.ts";
import type { Sample } from "./sample.ts";

export interface FailingEvent {
  /** A place in `Sample.names`. */
  readonly name: number;
  /** Messages that have it; and those of them that have what it keeps others from all the same. */
  readonly count: number;
  readonly despite: number;
  /** Places of the names that hardly come with it, the most frequent first. */
  readonly insteadOf: readonly number[];
}

export interface Endings {
  /** The most frequent first, `namesMax` at most. */
  readonly failing: readonly FailingEvent[];
  /** The judged messages: those that failed, those of the others that got stuck or are under way, and the rest. */
  readonly failed: Uint32Array;
  readonly stuck: Uint32Array;
  readonly whole: Uint32Array;
}

/** Fewer messages do not show that an event fails them: of three, hardly all get stuck by chance. */
const failingMin = 3;
/** Of the messages with the event, those that may go on all the same: clocks differ, and events have the wrong message. */
const despiteMax = 0.05;
/** Of the other messages, those that reach what the event keeps messages from. */
const othersShare = 0.9;
/** Of the messages that have it or what is in its place. One that more have is an exception only when it cuts the way short. */
const rareShare = 0.1;
/** Of all messages. What more have is no exception. */
const exceptionMax = 0.5;
/** Of events in one place: the count of one against that of the next more frequent one, where they are of two kinds. */
const gapShare = 0.3;
/** A name belongs to the way of others when so many of them have it. */
const wayShare = 0.02;
/** An event of a failing message that comes before the failure, and that so few others have, is another way's. */
const ownShare = 0.5;
/** Of an event's messages, those that go on to another. */
const goesOnShare = 0.9;

/**
 * @param judged the messages that had the time that nearly all take; of failures others show something, too
 * @param until how far the sample is known
 */
export async function endingsOf(
  sample: Sample,
  judged: Uint32Array,
  until: Micros,
  nextTurn: () => Promise<void>,
): Promise<Endings> {
  const steps = new EventSteps(sample, until);
  await nextTurn();
  const goesOn = sample.names.map((_, name) => steps.goesOn(name) >= goesOnShare);
  const isStuck = (message: number) => goesOn[sample.eventsOf(message).names.at(-1)!]!;
  // Those that neither got stuck nor are under way, nor failed by an event that is known to fail.
  let others = steps.messages.filter((message) => !isStuck(message));
  const failing: FailingEvent[] = [];
  for (const name of steps.byCount()) {
    await nextTurn();
    const found = failing.length < namesMax ? judge(name, steps, others) : undefined;
    if (found === undefined) continue;
    failing.push(found);
    others = others.filter((message) => !sample.eventsOf(message).names.includes(name));
  }
  const fails = sample.names.map((_, name) => failing.some((one) => one.name === name));
  const isFailed = (message: number) => sample.eventsOf(message).names.some((name) => fails[name]);
  const failed = judged.filter(isFailed);
  const unfailed = judged.filter((message) => !isFailed(message));
  const whole = unfailed.filter((message) => !isStuck(message));
  // Without any that came to an end, all of them have to do.
  if (whole.length === 0) return { failing, failed, stuck: whole, whole: unfailed };
  return { failing, failed, stuck: unfailed.filter(isStuck), whole };
}

/** @param others messages that may have come to their end, with or without the event */
function judge(name: number, steps: EventSteps, others: Uint32Array): FailingEvent | undefined {
  const { sample, messages } = steps;
  const count = steps.count(name);
  if (count < failingMin || count >= exceptionMax * messages.length) return undefined;
  const names = [...sample.names.keys()];
  const onTheWay = names.map(
    (other) =>
      other !== name && steps.count(other) - steps.both(name, other) >= wayShare * (messages.length - count),
  );
  const { aged, opened, went } = steps.around(name, onTheWay);
  if (aged < failingMin || opened < (1 - despiteMax) * aged || went > despiteMax * aged) return undefined;
  const insteadOf = names
    .filter((other) => onTheWay[other] && steps.exclusive(name, other))
    .sort((a, b) => steps.count(b) - steps.count(a));
  const { one, several } = reached(sample, others, name, insteadOf);
  if (one < othersShare) return undefined;
  const cutsShort = several >= othersShare;
  const hasOwn = names.some(
    (other) => other !== name && steps.both(name, other) >= ownShare * Math.max(count, steps.count(other)),
  );
  const inPlace = siblings(insteadOf, steps).map((other) => steps.count(other));
  const rareMax = rareShare * inPlace.reduce((sum, other) => sum + other, count);
  const isException =
    count <= rareMax ? cutsShort || behindGap(inPlace, count, rareMax) : cutsShort && !hasOwn;
  return isException ? { name, count, despite: steps.withAny(name, insteadOf), insteadOf } : undefined;
}

/** Of the messages without the event, the shares that have one of the others, and more than one. */
function reached(sample: Sample, messages: Uint32Array, without: number, others: readonly number[]) {
  const isOther = sample.names.map((_, name) => others.includes(name));
  let [all, one, several] = [0, 0, 0];
  for (const message of messages) {
    const { names } = sample.eventsOf(message);
    if (names.includes(without)) continue;
    const found = names.reduce((sum, name) => sum + (isOther[name] ? 1 : 0), 0);
    all += 1;
    if (found > 0) one += 1;
    if (found > 1) several += 1;
  }
  return { one: one / Math.max(1, all), several: several / Math.max(1, all) };
}

/** Of these names, the most frequent first, those that take each other's place. */
function siblings(names: readonly number[], steps: EventSteps): readonly number[] {
  const found: number[] = [];
  for (const name of names) if (found.every((one) => steps.exclusive(one, name))) found.push(name);
  return found;
}

/**
 * Whether a count is behind a gap, with nothing but rare ones behind it.
 *
 * @param counts of the others in its place, the greatest first
 */
function behindGap(counts: readonly number[], count: number, rareMax: number): boolean {
  const down = [...counts.filter((one) => one > count), count];
  return down.some((one, index) => index > 0 && one <= rareMax && one <= gapShare * down[index - 1]!);
}
