/** Percentiles over time. */
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import type { AnswerOf } from "../../../api/operation-types.ts";
import { dayAndMonthText, hourText, momentText, shortDuration, utc } from "../../data/text.ts";
import { theme } from "../../frame/theme.ts";
import { durationMarks } from "./time-scale.ts";

type Series = AnswerOf<"getLatencySeries">;

const height = 220;
const lines = [
  { name: "p50", field: "p50_ms", colour: "--good" },
  { name: "p95", field: "p95_ms", colour: "--cool" },
  { name: "p99", field: "p99_ms", colour: "--bad" },
] as const;

export function PercentileChart({ series }: { series: Series }) {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot>(undefined);
  const inUtc = utc.value;
  const colours = theme.value;

  useEffect(() => {
    const element = place.current!;
    const styles = getComputedStyle(element);
    const colour = (name: string) => styles.getPropertyValue(name).trim();
    const made = new uPlot(
      {
        width: element.clientWidth,
        height,
        tzDate: (seconds) => (inUtc ? uPlot.tzDate(new Date(seconds * 1e3), "UTC") : new Date(seconds * 1e3)),
        // Messages differ by powers of ten: on a linear scale only the slowest would be seen.
        scales: {
          y: { distr: 3, range: (_, min, max) => [Math.max(0.001, (min ?? 1) / 1.3), (max ?? 1_000) * 1.3] },
        },
        axes: [
          {
            stroke: colour("--muted"),
            grid: { stroke: colour("--line") },
            ticks: { stroke: colour("--line") },
            values: (_, seconds, __, ___, step) => seconds.map((at) => tickText(at * 1e3, step)),
          },
          {
            stroke: colour("--muted"),
            grid: { stroke: colour("--line") },
            ticks: { stroke: colour("--line") },
            size: 72,
            splits: (_, __, min, max) => durationMarks(min, max),
            filter: (_, marks) => marks,
            values: (_, values) => values.map((value) => (value == null ? "" : shortDuration(value))),
          },
        ],
        hooks: { setLegend: [showLast] },
        series: [
          { label: "Time", value: (_, seconds) => (seconds == null ? "–" : momentText(seconds * 1e3)) },
          ...lines.map(({ name, colour: variable }) => ({
            label: name,
            stroke: colour(variable),
            width: 2,
            points: { size: 4 },
            value: (_: uPlot, value: number | null) => (value == null ? "–" : shortDuration(value)),
          })),
        ],
      },
      dataOf(series),
      element,
    );
    chart.current = made;
    showLast(made);
    const observer = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
    };
  }, [inUtc, colours]);

  useEffect(() => {
    const made = chart.current;
    made?.setData(dataOf(series));
    if (made !== undefined) showLast(made);
  }, [series]);

  return <div ref={place} class="chart" role="img" aria-label={sentence(series)} />;
}

/** Where no step is pointed at, the legend has the last one in which something was counted. */
function showLast(chart: uPlot): void {
  if ((chart.cursor.left ?? -1) >= 0) return;
  const idx = (chart.data[1] ?? []).findLastIndex((value) => value != null);
  if (idx !== -1) chart.setLegend({ idx }, false);
}

function dataOf({ since, step_ms, steps }: Series): uPlot.AlignedData {
  const start = Date.parse(since);
  return [
    steps.map((_, index) => (start + index * step_ms) / 1_000),
    // A logarithmic scale has no zero.
    ...lines.map(({ field }) =>
      steps.map((step) => (step[field] === null ? null : Math.max(0.001, step[field]))),
    ),
  ] as uPlot.AlignedData;
}

function sentence({ steps }: Series): string {
  const last = steps.findLast(({ count }) => count > 0);
  if (last === undefined) return "Nothing was counted in this time";
  return `Percentiles over time; the last: half within ${shortDuration(last.p50_ms ?? 0)}, 95 of 100 within ${shortDuration(last.p95_ms ?? 0)}`;
}

/** The hour; at midnight, and where marks are days apart, the date. */
function tickText(at: number, stepSeconds: number): string {
  const hour = hourText(at);
  return stepSeconds >= 86_400 || hour === "00:00" ? dayAndMonthText(at) : hour;
}
