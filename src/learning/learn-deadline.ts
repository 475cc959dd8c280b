/**
 * Deadlines from the times that a hop took.
 *
 * A deadline is such that at most a stated number of the sample's messages would have been raised although they reached the stage.
 * Messages that never reached it do not count, since no deadline could spare them: they stay overdue.
 *
 * Where so few may be raised that the longest hops decide, chance does. So a deadline is not shorter than the log-normal
 * distribution with the same median and 95th percentile would make it; most services' times have nearly that shape.
 */
import type { Micros } from "../core/event.ts";
import { durationMsMax } from "../lifecycle/definition.ts";
import { neatDuration } from "./neat-duration.ts";
import { percentileOf } from "./sample.ts";

/** So many of the longest hops show where the tail ends. */
const tailMin = 3;
/** The quantile of the normal distribution at 95 %. */
const normal95 = 1.6449;

export interface DeadlineOptions {
  /** Messages of the sample. */
  readonly messages: number;
  /** The share of them that may be raised although they reached the stage; above 0. */
  readonly raiseAtMost: number;
}

/** @param took sorted, at least one */
export function deadlineMs(took: Float64Array, { messages, raiseAtMost }: DeadlineOptions): number {
  const raised = Math.floor(raiseAtMost * messages);
  let within: Micros = took[Math.max(0, took.length - 1 - raised)]!;
  if (raised < tailMin) within = Math.max(within, tail(took, raiseAtMost));
  return Math.min(durationMsMax, neatDuration(within / 1_000));
}

/** How many of the hops took longer than a deadline and its grace. */
export function raisedBy(took: Float64Array, withinMs: number, graceMs: number): number {
  let raised = 0;
  while (raised < took.length && took[took.length - 1 - raised]! > (withinMs + graceMs) * 1_000) raised++;
  return raised;
}

function tail(took: Float64Array, share: number): Micros {
  const median = percentileOf(took, 50);
  if (median <= 0) return 0;
  return median * (percentileOf(took, 95) / median) ** (normalQuantile(1 - share) / normal95);
}

/**
 * The quantile of the standard normal distribution for 0.5 to 1, at most 0.0005 off.
 * Abramowitz and Stegun, Handbook of Mathematical Functions, 26.2.23.
 */
function normalQuantile(share: number): number {
  const t = Math.sqrt(-2 * Math.log(1 - Math.max(0.5, share)));
  const above = 2.515517 + t * (0.802853 + t * 0.010328);
  const below = 1 + t * (1.432788 + t * (0.189269 + t * 0.001308));
  return t - above / below;
}
