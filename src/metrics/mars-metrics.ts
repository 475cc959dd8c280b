/** All metrics of Mars. Nothing is counted for them: they are the figures of `GET /api/q/stats` under the names of Prometheus' conventions. */
import type { Stats } from "../runtime/stats.ts";
import type { Totals } from "../statistics/totals.ts";
import { brokerMetrics } from "./broker-metrics.ts";
import { edgeMetrics } from "./edge-metrics.ts";
import { counter, type Family, seconds } from "./family.ts";
import { pipelineMetrics } from "./pipeline-metrics.ts";
import { type ProcessFacts, processMetrics } from "./process-metrics.ts";
import { sourceMetrics } from "./source-metrics.ts";
import { storedMetrics } from "./stored-metrics.ts";

export interface Metered {
  readonly stats: Stats;
  readonly facts: ProcessFacts;
  /** See `storedMetrics`. */
  readonly totals: Totals | undefined;
}

export function marsMetrics({ stats, facts, totals }: Metered): Family[] {
  return [
    ...processMetrics(stats, facts),
    ...pipelineMetrics(stats),
    ...alerting(stats),
    ...brokerMetrics(stats),
    ...edgeMetrics(stats),
    ...sourceMetrics(stats),
    ...storedMetrics(totals),
  ];
}

function alerting({ alerts: { evaluations, attempts, deliveries, findings_skipped } }: Stats): Family[] {
  return [
    seconds("mars_alert_evaluation_seconds", "Steps of the evaluator of alerts, failed ones too.", {
      "": evaluations,
    }),
    seconds("mars_delivery_attempt_seconds", "Attempts to deliver a notification.", { "": attempts }),
    counter(
      "mars_deliveries",
      "Attempts by how they ended; failed ones are made again, until they are given up.",
      deliveries,
      "outcome",
    ),
    counter(
      "mars_alert_findings_skipped",
      "Changes of findings that alerting could not apply.",
      findings_skipped,
    ),
  ];
}
