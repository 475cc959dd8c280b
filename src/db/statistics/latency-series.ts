/** Reads latencies over time, from the buckets of a minute, an hour or a day that fit the steps. Runs on a query thread. */
import { statisticsSql } from "../../gen/sql.ts";
import { wholeMinutes } from "../../statistics/buckets.ts";
import { Histogram } from "../../statistics/histogram.ts";
import {
  binOf,
  type LatencySeries,
  type LatencySeriesQuery,
  type LatencySeriesReader,
  type LatencyStep,
} from "../../statistics/latency-series.ts";
import type { ReadConnection } from "../read-connection.ts";

const minute = 60_000_000;
/** The longest first. */
const spans = [1_440 * minute, 60 * minute, minute] as const;

export class LatencySeriesQueries implements LatencySeriesReader {
  readonly #connection: ReadConnection;

  constructor(connection: ReadConnection) {
    this.#connection = connection;
  }

  /** See `LatencySeriesReader.latencySeries`. */
  async latencySeries({ appId, stage, after, step, ...window }: LatencySeriesQuery): Promise<LatencySeries> {
    const whole = wholeMinutes(window);
    const since = Math.floor(whole.since / step) * step;
    const count = Math.ceil((whole.until - since) / step);
    const span = spans.find((one) => step % one === 0) ?? minute;
    const histograms = Array.from({ length: count }, () => new Histogram());
    const [rows] = await this.#connection.read([
      { sql: statisticsSql.latencyRows, args: [appId, span, since, since + count * step, after, stage] },
    ]);
    this.#connection.decode(rows ?? [], (row) => {
      histograms[Math.floor((Number(row.start) - since) / step)]?.mergeText(String(row.histogram));
    });
    return { since, until: since + count * step, step, steps: histograms.map(stepOf) };
  }
}

function stepOf(histogram: Histogram): LatencyStep {
  const [p50, p95, p99] = histogram.percentiles([50, 95, 99]).map(({ value }) => value);
  const bins = new Map<number, number>();
  for (const { least, count } of histogram.counts()) {
    const bin = binOf(least);
    bins.set(bin, (bins.get(bin) ?? 0) + count);
  }
  return {
    count: histogram.count,
    p50: p50 ?? 0,
    p95: p95 ?? 0,
    p99: p99 ?? 0,
    max: histogram.count === 0 ? 0 : histogram.max,
    bins: [...bins].sort(([a], [b]) => a - b),
  };
}
