/** A duration as a field of an operation's input: a whole number and a unit, such as `5m`. */
import { parseDuration } from "../core/duration.ts";
import { field } from "./fields.ts";

const day = 86_400_000;

/** The bounds of a duration, in milliseconds. */
export interface DurationBounds {
  readonly min: number;
  readonly max: number;
  /** Whether it may also be none: `off`, which is 0. */
  readonly off?: true;
}

/** Milliseconds. */
export function duration({ min, max, off }: DurationBounds, description?: string) {
  const range = `from ${min / 1_000}s to ${max / day}d`;
  const problem = `must be a duration ${range}, such as 5m${off ? ", or off" : ""}`;
  const meta = { type: "string", examples: ["5m"], ...(description !== undefined && { description }) };
  return field<number>(meta, (value) => {
    const ms = value === "off" ? 0 : typeof value === "string" ? parseDuration(value) : undefined;
    if (ms === 0 && off) return { value: 0 };
    return ms !== undefined && ms >= min && ms <= max ? { value: ms } : { problem };
  });
}
