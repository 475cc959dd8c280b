/** When the queue of notifications stalls: for ten minutes in the past day, and for one minute in ten while the demo is live. */

const minute = 60_000;
const hour = 60 * minute;

export interface Incident {
  readonly fromMs: number;
  readonly untilMs: number;
}

/** In the busiest hour of the past day that ended long enough ago for all to have recovered. */
export function pastIncident(startMs: number, busyness: (atMs: number) => number): Incident {
  let fromMs = startMs - 2 * hour;
  for (let hours = 3; hours <= 22; hours++) {
    const other = startMs - hours * hour;
    if (busyness(other) > busyness(fromMs)) fromMs = other;
  }
  return { fromMs, untilMs: fromMs + 10 * minute };
}

/** The one around or after `atMs` while the demo is live: of every ten minutes the second, from the start on. */
export function liveIncident(startMs: number, atMs: number): Incident {
  const round = Math.floor(Math.max(0, atMs - startMs) / (10 * minute));
  const fromMs = startMs + round * 10 * minute + minute;
  return { fromMs, untilMs: fromMs + minute };
}

/** When something that would leave the queue at `atMs` leaves it: what waited leaves in order, ten times as fast. */
export function leavesAt(atMs: number, { fromMs, untilMs }: Incident): number {
  return atMs >= fromMs && atMs < untilMs ? untilMs + (atMs - fromMs) / 10 : atMs;
}
