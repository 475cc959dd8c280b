/** A flow of a fair queue, in the sense of fair queueing: the tasks of a peer, or of one of its connections. */

/** How much time it has used, and how many tasks it has. */
export interface Flow {
  /** Milliseconds that its tasks have used, and those that the running ones are expected to use. */
  used: number;
  /** Where a flow below it that is new, or that has rested, starts: rest earns no credit. */
  floor: number;
  active: number;
  waiting: number;
}

/** @param used of the flow above it, so that it begins among the others and not before them */
export function newFlow(used: number): Flow {
  return { used, floor: 0, active: 0, waiting: 0 };
}

/** Whether nothing of it runs or waits, so that it may be forgotten. */
export function isIdle({ active, waiting }: Flow): boolean {
  return active === 0 && waiting === 0;
}

/**
 * The flow whose turn it is.
 *
 * @param handicap milliseconds that are added to what a flow has used
 */
export function leastUsed<F extends Flow>(
  flows: Iterable<F>,
  eligible: (flow: F) => boolean,
  handicap: (flow: F) => number = () => 0,
): F | undefined {
  let least: F | undefined;
  let leastKey = Number.POSITIVE_INFINITY;
  for (const flow of flows) {
    if (!eligible(flow)) continue;
    const key = flow.used + handicap(flow);
    if (key >= leastKey) continue;
    least = flow;
    leastKey = key;
  }
  return least;
}

/** The flow that gives up a task when the queue is full. */
export function mostWaiting<F extends Flow>(flows: Iterable<F>): F | undefined {
  let most: F | undefined;
  for (const flow of flows) {
    if (most === undefined || flow.waiting > most.waiting) most = flow;
  }
  return most;
}
