/** The steps of a window: one grammar and one bound for all that is answered step by step. */
import type * as z from "zod";
import { durationPattern, parseDuration } from "../core/duration.ts";
import type { Window } from "../core/window.ts";
import { field, type Reading } from "./fields.ts";

const minuteMs = 60_000;
const niceSteps = [1, 5, 15, 60, 360, 1_440, 10_080].map((minutes) => minutes * minuteMs);

/** Milliseconds. @param max how many steps a window may have */
export function step(max: number) {
  return field(
    {
      type: "string",
      pattern: durationPattern,
      examples: ["5m", "1h"],
      description: `Whole minutes, at most ${max} steps.`,
    },
    (value): Reading<number> => {
      const length = typeof value === "string" ? (parseDuration(value) ?? 0) : 0;
      return length >= minuteMs && length % minuteMs === 0
        ? { value: length }
        : { problem: "must be a duration of whole minutes, such as 5m" };
    },
  );
}

/**
 * The step in milliseconds: what was given, or the least usual one with which there are at most `defaultMax` steps. More than `max`
 * become an issue of the context.
 */
export function stepOf(
  { since, until }: Window,
  given: number | undefined,
  { max, defaultMax }: { readonly max: number; readonly defaultMax: number },
  { issues }: Pick<z.core.ParsePayload, "issues">,
): number {
  const lengthMs = (until - since) / 1_000;
  const stepMs = given ?? niceSteps.find((one) => lengthMs / one <= defaultMax) ?? niceSteps.at(-1)!;
  if (lengthMs / stepMs > max) {
    const message = `must leave at most ${max} steps between since and until`;
    issues.push({ code: "custom", path: ["step"], message, input: given });
  }
  return stepMs;
}
