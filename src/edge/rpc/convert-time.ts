/** Converts between protobuf's times and microseconds. */
import type { Duration, Timestamp } from "@bufbuild/protobuf/wkt";
import type { Micros } from "../../core/event.ts";

/**
 * Microseconds of a timestamp, digits past them cut off; `undefined` when its nanos are none. Seconds out of any range
 * give a number out of range, which the validation refuses.
 */
export function timestampMicros(timestamp: Timestamp): Micros | undefined {
  if (timestamp.nanos < 0 || timestamp.nanos > 999_999_999) return undefined;
  return Number(timestamp.seconds) * 1_000_000 + Math.floor(timestamp.nanos / 1000);
}

/** A timestamp's fields. Seconds are rounded down, so that nanos are never negative. */
export function microsTimestamp(micros: Micros): { seconds: bigint; nanos: number } {
  const seconds = Math.floor(micros / 1_000_000);
  return { seconds: BigInt(seconds), nanos: (micros - seconds * 1_000_000) * 1000 };
}

/** Microseconds of a duration; `undefined` where it is negative, has nanoseconds, or is no duration. */
export function durationMicros({ seconds, nanos }: Duration): Micros | undefined {
  if (seconds < 0n || nanos < 0 || nanos > 999_999_999 || nanos % 1000 !== 0) return undefined;
  return Number(seconds) * 1_000_000 + nanos / 1000;
}

/** A duration's fields. Seconds are rounded towards zero, since both fields must have the same sign. */
export function microsDuration(micros: Micros): { seconds: bigint; nanos: number } {
  const seconds = Math.trunc(micros / 1_000_000);
  return { seconds: BigInt(seconds), nanos: (micros - seconds * 1_000_000) * 1000 };
}
