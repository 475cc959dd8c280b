/** Every part that answers questions, over one connection that cannot write. Runs in `query-worker.ts`. */

import type { Notify } from "../core/ports.ts";
import { AlertQueries } from "../db/alerts/alert-queries.ts";
import { FindingQueries } from "../db/lifecycles/finding-queries.ts";
import { LifecycleQueries } from "../db/lifecycles/lifecycle-queries.ts";
import { StatisticsQueries } from "../db/lifecycles/statistics-queries.ts";
import { HistoryQueries } from "../db/messages/history-queries.ts";
import { MessageQueries, type MessageQueriesOptions } from "../db/messages/message-queries.ts";
import { Plans } from "../db/messages/plans.ts";
import { SetAsideQueries } from "../db/messages/set-aside-queries.ts";
import { Reads } from "../db/reads.ts";

export type QueryPart = ReturnType<typeof createQueryPart>;

/** @param notify called with rows that cannot be read */
export function createQueryPart(options: MessageQueriesOptions, notify: Notify = () => undefined) {
  const reads = new Reads(options, notify);
  const plans = new Plans();
  const messages = new MessageQueries(reads, plans, options);
  const history = new HistoryQueries(reads);
  const findings = new FindingQueries(reads, options);
  const lifecycles = new LifecycleQueries(reads);
  const alerts = new AlertQueries(reads);
  const aside = new SetAsideQueries(reads);
  const statistics = new StatisticsQueries(reads);
  return {
    /** Says by whose position answers name the seq that they are as of. */
    open: (journalId: string) => reads.open(journalId),
    get: messages.get.bind(messages),
    list: messages.list.bind(messages),
    history: history.history.bind(history),
    findings: findings.findings.bind(findings),
    findingHistory: findings.findingHistory.bind(findings),
    overdue: findings.overdue.bind(findings),
    lifecycleVersions: lifecycles.lifecycleVersions.bind(lifecycles),
    histories: lifecycles.histories.bind(lifecycles),
    funnel: statistics.funnel.bind(statistics),
    latency: statistics.latency.bind(statistics),
    rates: statistics.rates.bind(statistics),
    apps: statistics.apps.bind(statistics),
    alertRules: alerts.rules.bind(alerts),
    alertSinks: alerts.sinks.bind(alerts),
    alertSilences: alerts.silences.bind(alerts),
    alertState: alerts.state.bind(alerts),
    alertCounts: alerts.counts.bind(alerts),
    alertFigures: alerts.figures.bind(alerts),
    dueDeliveries: alerts.dueDeliveries.bind(alerts),
    alertIncidents: alerts.incidents.bind(alerts),
    alertDeliveries: alerts.deliveries.bind(alerts),
    listSetAside: aside.list.bind(aside),
    close: () => reads.close(),
  };
}
