/** All queries, over one connection that cannot write. Runs in `query-worker.ts`. */
import type { Notify } from "../core/ports.ts";
import type { HistoryQuery } from "../core/query.ts";
import { AlertQueries } from "../db/alerts/alert-queries.ts";
import { DeliveryQueries } from "../db/alerts/delivery-queries.ts";
import { IncidentQueries } from "../db/alerts/incident-queries.ts";
import { AttributeQueries } from "../db/attributes/attribute-queries.ts";
import { AuditQueries } from "../db/audit/audit-queries.ts";
import { BrokerQueries } from "../db/brokers/broker-queries.ts";
import { DeclaredQueries } from "../db/declared/declared-queries.ts";
import { ErasureQueries } from "../db/erasure/erasure-queries.ts";
import { FindingQueries } from "../db/findings/finding-queries.ts";
import { OverdueGroupQueries } from "../db/findings/overdue-groups.ts";
import { JourneyQueries } from "../db/journeys/journey-queries.ts";
import { LifecycleQueries } from "../db/lifecycles/lifecycle-queries.ts";
import { MessageHistories } from "../db/lifecycles/message-histories.ts";
import { PlanCache } from "../db/lifecycles/plan-cache.ts";
import { HistoryQueries } from "../db/messages/history-queries.ts";
import { ListedEventQueries } from "../db/messages/listed-events.ts";
import { MessageEventQueries } from "../db/messages/message-events.ts";
import { MessageQueries, type MessageQueriesOptions } from "../db/messages/message-queries.ts";
import { ReadConnection } from "../db/read-connection.ts";
import { SetAsideQueries } from "../db/set-aside/set-aside-queries.ts";
import { SourceQueries } from "../db/sources/source-queries.ts";
import { FunnelByQueries } from "../db/statistics/funnel-by.ts";
import { LatencySeriesQueries } from "../db/statistics/latency-series.ts";
import { PulseQueries } from "../db/statistics/pulse-queries.ts";
import { SkewQueries } from "../db/statistics/skew-queries.ts";
import { StatisticsQueries } from "../db/statistics/statistics-queries.ts";
import { TotalsQueries } from "../db/statistics/totals-queries.ts";
import { TriageQueries } from "../db/triage/triage-queries.ts";
import { ViewQueries } from "../db/views/view-queries.ts";

export type QueryService = ReturnType<typeof createQueryService>;

/** @param notify called with rows that cannot be read */
export function createQueryService(options: MessageQueriesOptions, notify: Notify = () => undefined) {
  const connection = new ReadConnection(options, notify);
  const plans = new PlanCache();
  const messages = new MessageQueries(connection, plans, options);
  const history = new HistoryQueries(connection);
  const events = new MessageEventQueries(connection, plans);
  const listed = new ListedEventQueries(connection, messages);
  const journeys = new JourneyQueries(connection, plans);
  const findings = new FindingQueries(connection, options);
  const groups = new OverdueGroupQueries(connection);
  const triage = new TriageQueries(connection);
  const lifecycles = new LifecycleQueries(connection);
  const histories = new MessageHistories(connection);
  const alerts = new AlertQueries(connection);
  const incidents = new IncidentQueries(connection);
  const deliveries = new DeliveryQueries(connection);
  const erasures = new ErasureQueries(connection);
  const audit = new AuditQueries(connection);
  const aside = new SetAsideQueries(connection);
  const statistics = new StatisticsQueries(connection);
  const attributes = new AttributeQueries(connection);
  const funnels = new FunnelByQueries(connection, plans);
  const views = new ViewQueries(connection);
  const declared = new DeclaredQueries(connection);
  const brokers = new BrokerQueries(connection);
  const sources = new SourceQueries(connection);
  const skews = new SkewQueries(connection);
  const series = new LatencySeriesQueries(connection);
  const pulses = new PulseQueries(connection);
  const totals = new TotalsQueries(connection);
  return {
    /** Sets the journal by whose position answers name the seq that they are as of. */
    open: (journalId: string) => connection.open(journalId),
    // As values, of which the next three have the texts.
    get: messages.get.bind(messages),
    list: messages.list.bind(messages),
    journey: journeys.journey.bind(journeys),
    messageJson: messages.json.bind(messages),
    listJson: messages.listJson.bind(messages),
    journeyJson: journeys.journeyJson.bind(journeys),
    messageEvents: events.messageEvents.bind(events),
    listedEvents: listed.listedEvents.bind(listed),
    eventsSince: history.eventsSince.bind(history),
    history: (query: HistoryQuery) =>
      query.topic.externalId === undefined ? history.history(query) : journeys.history(query),
    findings: findings.findings.bind(findings),
    findingHistory: findings.findingHistory.bind(findings),
    overdue: findings.overdue.bind(findings),
    overdueGroups: groups.overdueGroups.bind(groups),
    triageFindings: triage.triageFindings.bind(triage),
    lifecycleVersions: lifecycles.lifecycleVersions.bind(lifecycles),
    lifecycleVersion: lifecycles.lifecycleVersion.bind(lifecycles),
    messagesSince: lifecycles.messagesSince.bind(lifecycles),
    histories: histories.histories.bind(histories),
    funnel: statistics.funnel.bind(statistics),
    funnelBy: funnels.funnelBy.bind(funnels),
    latency: statistics.latency.bind(statistics),
    rates: statistics.rates.bind(statistics),
    apps: statistics.apps.bind(statistics),
    skew: skews.skew.bind(skews),
    latencySeries: series.latencySeries.bind(series),
    pulses: pulses.pulses.bind(pulses),
    totals: totals.totals.bind(totals),
    indexedAttributes: attributes.indexedAttributes.bind(attributes),
    counts: attributes.counts.bind(attributes),
    savedViews: views.savedViews.bind(views),
    declaredThings: declared.declaredThings.bind(declared),
    refusedMessages: brokers.refusedMessages.bind(brokers),
    sources: sources.sources.bind(sources),
    sourceDeliveries: sources.sourceDeliveries.bind(sources),
    hasApp: statistics.hasApp.bind(statistics),
    alertRules: alerts.rules.bind(alerts),
    alertSinks: alerts.sinks.bind(alerts),
    alertCalendars: alerts.calendars.bind(alerts),
    alertRulePage: alerts.rulePage.bind(alerts),
    alertSilences: alerts.silences.bind(alerts),
    alertState: alerts.state.bind(alerts),
    alertCounts: alerts.counts.bind(alerts),
    alertArrivals: alerts.arrivals.bind(alerts),
    alertArrivedAt: alerts.arrivedAt.bind(alerts),
    alertLooks: alerts.looks.bind(alerts),
    alertHopTimes: alerts.hopTimes.bind(alerts),
    alertFigures: alerts.figures.bind(alerts),
    alertHopP99s: alerts.hopP99s.bind(alerts),
    dueDeliveries: deliveries.due.bind(deliveries),
    alertIncident: incidents.get.bind(incidents),
    incidentHistory: incidents.history.bind(incidents),
    lastIncidentSeq: incidents.lastSeq.bind(incidents),
    publishedAlerts: deliveries.published.bind(deliveries),
    lastPublishedAlert: deliveries.lastPublished.bind(deliveries),
    alertNotes: incidents.notes.bind(incidents),
    alertIncidents: incidents.list.bind(incidents),
    audit: audit.list.bind(audit),
    alertDeliveries: deliveries.list.bind(deliveries),
    erasures: erasures.list.bind(erasures),
    listSetAside: aside.list.bind(aside),
    close: () => connection.close(),
  };
}
