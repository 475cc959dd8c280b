/** Which events complete a message, by its learned graph. */
import { namesMax } from "../lifecycle/definition.ts";
import type { LearnedGraph } from "./learn-graph.ts";
import type { Observations } from "./sample.ts";

/**
 * The end that most messages come to last, and what takes its place in others. An end is an event of a stage that every message
 * goes through, or one of its alternatives, which no required stage comes after. Of branches that run side by side only the one
 * that is usually the last counts: an earlier one would complete messages whose other stages are still to come.
 */
export function endsOf({ stages, pairs }: LearnedGraph, { rows, columns }: Observations): readonly number[] {
  const onTheWay = new Set<number>();
  const ends = new Set<number>();
  for (const { events, after, required } of stages) {
    if (!required || !after.every((event) => onTheWay.has(event))) continue;
    for (const event of after) ends.delete(event);
    for (const event of events) {
      onTheWay.add(event);
      ends.add(event);
    }
  }
  const lasts = new Map([...ends].map((end) => [end, 0]));
  for (let row = 0; row < rows; row++) {
    let last = -1;
    for (const end of ends) {
      const at = columns[end]![row]!;
      if (!Number.isNaN(at) && (last < 0 || at >= columns[last]![row]!)) last = end;
    }
    if (last >= 0) lasts.set(last, lasts.get(last)! + 1);
  }
  const chosen: number[] = [];
  for (const [end] of [...lasts].sort(([, a], [, b]) => b - a)) {
    if (chosen.length < namesMax && chosen.every((one) => pairs.exclusive(one, end))) chosen.push(end);
  }
  return chosen;
}
