/** How many took how long, over time: whether all messages became slow, or only some. */
import type { AnswerOf } from "../../../api/operation-types.ts";
import { countText, momentText, shortDuration } from "../../data/text.ts";

type Series = AnswerOf<"getLatencySeries">;

const cellHeight = 12;
const labelEvery = 3;

export function HeatMap({ series }: { series: Series }) {
  const bounds = boundsOf(series);
  if (bounds.length === 0) return null;
  const highest = Math.max(...series.steps.flatMap(({ bins }) => bins.map(({ count }) => count)));
  const start = Date.parse(series.since);
  return (
    <figure class="heat">
      <ol class="scale" aria-hidden="true">
        {bounds.map((from, row) => (
          <li key={from} style={{ height: `${cellHeight}px` }}>
            {row % labelEvery === labelEvery - 1 && shortDuration(from)}
          </li>
        ))}
      </ol>
      <svg
        role="img"
        aria-label={`From ${shortDuration(bounds.at(-1)!)} to ${shortDuration(bounds[0]! * 2)}, over time`}
        viewBox={`0 0 ${series.steps.length} ${bounds.length * cellHeight}`}
        preserveAspectRatio="none"
        style={{ height: `${bounds.length * cellHeight}px` }}
      >
        {series.steps.flatMap(({ bins }, index) =>
          bins.map(({ from_ms, count }) => (
            <rect
              key={`${index} ${from_ms}`}
              x={index}
              y={bounds.indexOf(from_ms) * cellHeight}
              width={1}
              height={cellHeight}
              // Few beside many must be seen, too.
              style={{ opacity: `${0.15 + 0.85 * (Math.log(count + 1) / Math.log(highest + 1))}` }}
            >
              <title>
                {`${momentText(start + index * series.step_ms)}: ${countText(count)} took ${shortDuration(from_ms)} to ${shortDuration(Math.max(2, from_ms * 2))}`}
              </title>
            </rect>
          )),
        )}
      </svg>
      <figcaption class="muted">How many messages took how long. Stronger colour: more messages.</figcaption>
    </figure>
  );
}

/** From the longest to the shortest, each half of the one before: with those that nothing took, so that the scale is even. */
function boundsOf({ steps }: Series): number[] {
  const seen = new Set(steps.flatMap(({ bins }) => bins.map(({ from_ms }) => from_ms)));
  const longest = Math.max(...seen);
  // Below 2 ms there is one more, from 0 on.
  const shortest = seen.has(0) ? 2 : Math.min(...seen);
  const bounds: number[] = [];
  for (let from = longest; from >= shortest && from > 0; from /= 2) bounds.push(from);
  return seen.has(0) ? [...bounds, 0] : bounds;
}
