/** Metrics as data: families of samples, before they are written in one of the formats of `exposition.ts`. */
import { type TimingStats, timingBoundsMs } from "../core/timing.ts";

export type Labels = Readonly<Record<string, string>>;

/** One value of a family. */
export interface Sample {
  readonly labels: Labels;
  readonly value: number;
}

/** The buckets of one series of a histogram. */
export interface HistogramSample {
  readonly labels: Labels;
  readonly count: number;
  readonly sum: number;
  /** Each counts all values up to its bound. That without a bound has `count`, and is not among them. */
  readonly buckets: readonly { readonly le: number; readonly count: number }[];
}

interface Head {
  /** Without the suffixes that formats add, `_total` and `_info`; ends with the unit where there is one. */
  readonly name: string;
  readonly help: string;
  /** `seconds` or `bytes`: Prometheus' base units. */
  readonly unit?: "seconds" | "bytes";
}

/** All samples of one name. Without any the name is written all the same, so that it can be looked up. */
export type Family = Head &
  (
    | { readonly type: "counter" | "gauge" | "info"; readonly samples: readonly Sample[] }
    | { readonly type: "histogram"; readonly samples: readonly HistogramSample[] }
  );

/** One value without labels, or values by the value of one label; `{}` where there are none. */
type Values = number | Readonly<Record<string, number>>;

/** Since the start; it never falls. @param label the name of the label, where there are values by one */
export function counter(name: string, help: string, values: Values, label?: string): Family {
  return { name, help, ...unitOf(name), type: "counter", samples: samplesOf(values, label) };
}

/** At this moment. @param label as of `counter` */
export function gauge(name: string, help: string, values: Values, label?: string): Family {
  return { name, help, ...unitOf(name), type: "gauge", samples: samplesOf(values, label) };
}

/** Durations. @param labels as of `counter`; or the labels of each by its name */
export function seconds(
  name: string,
  help: string,
  timings: Readonly<Record<string, TimingStats>>,
  labels: string | ((name: string) => Labels) = () => ({}),
): Family {
  const labelsOf = typeof labels === "string" ? (name: string) => ({ [labels]: name }) : labels;
  const samples = Object.entries(timings).map(([key, timing]) => histogramOf(timing, labelsOf(key)));
  return { name, help, unit: "seconds", type: "histogram", samples };
}

function histogramOf({ count, sum_ms, buckets }: TimingStats, labels: Labels): HistogramSample {
  let below = 0;
  const cumulative = timingBoundsMs.map((bound, at) => {
    below += buckets[at] ?? 0;
    return { le: bound / 1_000, count: below };
  });
  return { labels, count, sum: sum_ms / 1_000, buckets: cumulative };
}

function samplesOf(values: Values, label = ""): Sample[] {
  if (typeof values === "number") return [{ labels: {}, value: values }];
  return Object.entries(values).map(([name, value]) => ({ labels: { [label]: name }, value }));
}

function unitOf(name: string): Pick<Head, "unit"> {
  if (name.endsWith("_seconds")) return { unit: "seconds" };
  return name.endsWith("_bytes") ? { unit: "bytes" } : {};
}
