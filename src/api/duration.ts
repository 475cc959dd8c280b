/** A duration as a field of an operation's input: a whole number and a unit, such as `5m`. */
import { durationPattern, formatDuration, parseDuration } from "../core/duration.ts";
import { type FieldOptions, field, type Reading } from "./fields.ts";

/** The bounds of a duration, in milliseconds. */
export interface DurationBounds {
  readonly min: number;
  readonly max: number;
  /** Whether it may also be none: `off`, which is 0. */
  readonly off?: true;
}

/** Milliseconds. */
export function duration({ min, max, off }: DurationBounds, description?: string, options?: FieldOptions) {
  const range = `from ${min === 0 ? "0ms" : formatDuration(min)} to ${formatDuration(max)}`;
  const form = `a whole number and a unit (ms, s, m, h, d)${off ? ", or off" : ""}`;
  const problem = `must be a duration ${range}: ${form}`;
  const pattern = off ? `^off$|${durationPattern}` : durationPattern;
  const meta = {
    type: "string",
    pattern,
    examples: ["5m"],
    ...(description !== undefined && { description }),
  };
  const read = (value: unknown): Reading<number> => {
    const ms = value === "off" ? 0 : typeof value === "string" ? parseDuration(value) : undefined;
    if (ms === 0 && off) return { value: 0 };
    return ms !== undefined && ms >= min && ms <= max ? { value: ms } : { problem };
  };
  return field(meta, read, options);
}
