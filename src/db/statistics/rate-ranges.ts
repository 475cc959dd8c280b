/**
 * Rates of a long window, read a range at a time: three months have rows by the hundred thousand, and other callers get their
 * turn between two ranges.
 */
import { MarsError } from "../../core/error.ts";
import { wholeMinutes } from "../../statistics/buckets.ts";
import type { RateQuery, Rates } from "../../statistics/statistics.ts";

/** Of one read; a longer step is one range by itself. */
const range = 2 * 86_400_000_000;
/** Bound on all reads together, less than the idle timeout of a connection. */
const wholeMsMax = 20_000;
/** As in `statistics-queries.ts`. */
const eventsMax = 200;

/**
 * @param read reads one range
 * @throws what `read` rejects with, `MarsError("deadline_exceeded")` when all take too long
 */
export async function readRatesByRange(
  read: (query: RateQuery) => Promise<Rates>,
  { appId, step, ...window }: RateQuery,
): Promise<Rates> {
  const { since, until } = wholeMinutes(window);
  const perRead = Math.max(1, Math.floor(range / step)) * step;
  if (until - since <= perRead) return read({ appId, step, since, until });
  const steps = Math.ceil((until - since) / step);
  const end = performance.now() + wholeMsMax;
  const counts = new Map<string, number[]>();
  for (let from = since; from < until; from += perRead) {
    if (performance.now() > end) {
      throw new MarsError("deadline_exceeded", `these rates took longer than ${wholeMsMax} ms to read`);
    }
    const rates = await read({ appId, step, since: from, until: Math.min(from + perRead, until) });
    const first = (from - since) / step;
    for (const { event, counts: some } of rates.stages) {
      const all = counts.get(event) ?? new Array<number>(steps).fill(0);
      counts.set(event, all);
      for (const [index, count] of some.entries()) all[first + index] = count;
    }
  }
  const total = (list: readonly number[]) => list.reduce((sum, count) => sum + count, 0);
  const stages = [...counts].map(([event, list]) => ({ event, counts: list, total: total(list) }));
  stages.sort((a, b) => b.total - a.total);
  return {
    appId,
    since,
    until,
    step,
    stages: stages.slice(0, eventsMax).map(({ event, counts: list }) => ({ event, counts: list })),
  };
}
