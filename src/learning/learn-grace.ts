/** How much later than due a stage may come without a finding, as far as the sample shows. */
import type { Micros } from "../core/event.ts";
import { earliestIn } from "./learn-cause.ts";
import type { GraphStage } from "./learn-graph.ts";
import { neatDuration } from "./neat-duration.ts";
import { type Observations, percentileOf } from "./sample.ts";

/** The default of a lifecycle. */
const graceMsMin = 500;
/** A producer that sends later than this sends in bulk, or what it sends is imported: no grace would be long enough. */
export const deliveryMicrosMax: Micros = 5 * 60 * 1_000_000;
/** Of the events, those that are no imports. */
const liveShare = 0.9;
const percent = 99;

/**
 * As long as 99 % of events take to be received, and as 99 % of hops seem to go back in time because clocks differ.
 *
 * @param deliveries from when an event happened to when it was received, of all events; sorted by this function
 */
export function graceMsOf(
  deliveries: Float32Array,
  stages: readonly GraphStage[],
  observations: Observations,
): number {
  deliveries.sort();
  const taken = deliveries[Math.ceil((percent / 100) * deliveries.length) - 1] ?? 0;
  const live = deliveries.findLastIndex((delivery) => delivery <= deliveryMicrosMax) + 1;
  const delivery = live < liveShare * deliveries.length ? 0 : Math.min(deliveryMicrosMax, taken);
  const back = Math.max(0, ...stages.map((stage) => backwards(stage, observations)));
  return neatDuration(Math.max(graceMsMin, delivery / 1_000, back / 1_000));
}

function backwards({ events, after }: GraphStage, observations: Observations): Micros {
  const hops = new Float64Array(observations.rows);
  let count = 0;
  for (let row = 0; row < observations.rows; row++) {
    const hop = earliestIn(observations, after, row) - earliestIn(observations, events, row);
    if (!Number.isNaN(hop)) hops[count++] = Math.max(0, hop);
  }
  return count === 0 ? 0 : percentileOf(hops.subarray(0, count).sort(), percent);
}
