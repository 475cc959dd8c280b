/**
 * Writes families as text: Prometheus' format 0.0.4, or OpenMetrics 1.0.
 * https://prometheus.io/docs/instrumenting/exposition_formats/
 * https://github.com/prometheus/OpenMetrics/blob/main/specification/OpenMetrics.md
 */
import type { Family, HistogramSample, Labels } from "./family.ts";

export type MetricsFormat = "prometheus" | "openmetrics";

export const contentTypes: Readonly<Record<MetricsFormat, string>> = {
  prometheus: "text/plain; version=0.0.4; charset=utf-8",
  openmetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8",
};

/** The suffix of a family's samples, by its type. */
const suffixes = { counter: "_total", gauge: "", info: "_info" } as const;

export function writeMetrics(families: readonly Family[], format: MetricsFormat): string {
  const lines = families.flatMap((family) => [...headOf(family, format), ...samplesOf(family, format)]);
  if (format === "openmetrics") lines.push("# EOF");
  return `${lines.join("\n")}\n`;
}

function headOf(family: Family, format: MetricsFormat): string[] {
  const { name, help, type, unit } = family;
  if (format === "openmetrics") {
    const units = unit === undefined ? [] : [`# UNIT ${name} ${unit}`];
    return [`# TYPE ${name} ${type}`, ...units, `# HELP ${name} ${escaped(help)}`];
  }
  // There a family has the name of its samples, and no type for information.
  const full = type === "histogram" ? name : name + suffixes[type];
  return [
    `# HELP ${full} ${help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")}`,
    `# TYPE ${full} ${type === "info" ? "gauge" : type}`,
  ];
}

function samplesOf(family: Family, format: MetricsFormat): string[] {
  const { name } = family;
  if (family.type === "histogram") {
    return family.samples.flatMap((sample) => histogramLines(name, sample, format));
  }
  const full = name + suffixes[family.type];
  return family.samples.map(({ labels, value }) => `${full}${labelsText(labels)} ${numberText(value)}`);
}

function histogramLines(name: string, sample: HistogramSample, format: MetricsFormat): string[] {
  const { labels, count, sum, buckets } = sample;
  const bucket = (le: string, below: number) => `${name}_bucket${labelsText({ ...labels, le })} ${below}`;
  return [
    ...buckets.map(({ le, count }) => bucket(boundText(le, format), count)),
    bucket("+Inf", count),
    `${name}_sum${labelsText(labels)} ${numberText(sum)}`,
    `${name}_count${labelsText(labels)} ${count}`,
  ];
}

/** OpenMetrics wants bounds as floating-point numbers, so that `1` and `1.0` are one series. */
function boundText(le: number, format: MetricsFormat): string {
  return format === "openmetrics" && Number.isInteger(le) ? `${le}.0` : String(le);
}

function labelsText(labels: Labels): string {
  const entries = Object.entries(labels);
  if (entries.length === 0) return "";
  return `{${entries.map(([name, value]) => `${name}="${escaped(value)}"`).join(",")}}`;
}

function escaped(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
}

function numberText(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
}

/** The format that an `accept` gives more weight to; Prometheus' own where it has no preference (RFC 9110, 12.5.1). */
export function preferredFormat(accept: string | null): MetricsFormat {
  let [open, plain] = [0, 0];
  for (const item of (accept ?? "").toLowerCase().split(",")) {
    const [type = "", ...parameters] = item.split(";").map((part) => part.trim());
    const version = parameterOf(parameters, "version");
    const weight = Number(parameterOf(parameters, "q") ?? 1) || 0;
    if (type === "application/openmetrics-text" && (version === undefined || version === "1.0.0")) {
      open = Math.max(open, weight);
    }
    if (type === "text/plain" && (version === undefined || version === "0.0.4")) {
      plain = Math.max(plain, weight);
    }
  }
  return open > 0 && open >= plain ? "openmetrics" : "prometheus";
}

function parameterOf(parameters: readonly string[], name: string): string | undefined {
  return parameters.find((one) => one.startsWith(`${name}=`))?.slice(name.length + 1);
}
