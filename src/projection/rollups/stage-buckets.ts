/** Keys of what is counted by stage and time: a step counts by the minute, and rolls that up into the longer spans at its end. */
import type { Micros } from "../../core/event.ts";
import { bucketsOf } from "../../statistics/buckets.ts";

/** `<stage>,<span>,<start>`. */
export type BucketKey = string;

/** A stage and a minute in one number, which a map finds faster than a text. */
export function minuteKey(stage: number, at: Micros): number {
  return stage * minutesMax + (Math.floor(at / 60_000_000) + minutesMax / 2);
}

/** The stage of a `minuteKey`. */
export function stageOf(key: number): number {
  return Math.floor(key / minutesMax);
}

/** More than there are from 1685 to 2254; with four million stages it stays a safe integer. */
const minutesMax = 2 ** 31;

/** Adds the values of each minute to the buckets of every span. */
export function rollUp<Value>(
  minutes: ReadonlyMap<number, Value>,
  join: (all: Value, more: Value) => Value,
): Map<BucketKey, Value> {
  const buckets = new Map<BucketKey, Value>();
  for (const [minute, value] of minutes) {
    for (const key of bucketKeys(minute)) {
      const known = buckets.get(key);
      buckets.set(key, known === undefined ? value : join(known, value));
    }
  }
  return buckets;
}

/** The buckets of every span that have the minute. */
export function bucketKeys(key: number): BucketKey[] {
  const stage = stageOf(key);
  const at = ((key % minutesMax) - minutesMax / 2) * 60_000_000;
  return bucketsOf(at).map(({ span, start }) => `${stage},${span},${start}`);
}
