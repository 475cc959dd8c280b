/** Where Mars sends spans of its own: opened with the collector's address, which few have, and loaded for those alone. */
import type { Config } from "../config/config.ts";
import type { Log } from "../core/ports.ts";
import type { SpanStats, Spans } from "../core/spans.ts";
import type { Supervisor } from "../runtime/supervisor.ts";
import type { Shutdown } from "./shutdown.ts";

export interface Tracing {
  readonly spans: Spans;
  readonly stats: SpanStats;
}

export interface TracingParts {
  readonly version: string;
  readonly log: Log;
  readonly supervisor: Supervisor;
  readonly shutdown: Shutdown;
}

/** @returns `undefined` where no collector is configured */
export async function openTracing(
  { otlpEndpoint: endpoint, otlpHeaders: headers, otlpService: service, ...config }: Config,
  { shutdown, ...parts }: TracingParts,
): Promise<Tracing | undefined> {
  if (endpoint === "") return undefined;
  const [{ SpanExporter }, { createTracer }] = await Promise.all([
    import("../tracing/exporter.ts"),
    import("../tracing/tracer.ts"),
  ]);
  const exporter = new SpanExporter({ endpoint, headers, service, ...parts });
  shutdown.defer("spans", () => exporter.stop());
  const { traceSampler: sampler, traceSamplerRatio: ratio } = config;
  return {
    spans: createTracer({ sampler, ratio, ended: exporter.add }),
    get stats() {
      return exporter.stats;
    },
  };
}
