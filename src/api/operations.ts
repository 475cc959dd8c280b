/** The table of operations. */

import { deleteCalendar, getCalendar, listCalendars, putCalendar } from "./alert-calendars.ts";
import { acknowledgeIncident, assignIncident, noteIncident, snoozeIncident } from "./alert-care.ts";
import { listDeliveries, redeliver } from "./alert-deliveries.ts";
import { getIncident, listIncidents } from "./alert-incidents.ts";
import { previewAlertRule } from "./alert-preview.ts";
import { deleteRule, getRule, listRules, putRule } from "./alert-rules.ts";
import { createSilence, deleteSilence, listSilences } from "./alert-silences.ts";
import { deleteSink, getSink, listSinks, putSink, testSink } from "./alert-sinks.ts";
import { countMessages, getAttributes, putAttributes } from "./attributes.ts";
import { listAudit } from "./audit.ts";
import {
  deleteCollector,
  getCollector,
  listCollectors,
  pauseCollector,
  putCollector,
  resumeCollector,
} from "./collectors.ts";
import { getDeclared, putDeclared } from "./declared.ts";
import { getDrift } from "./drift.ts";
import { eraseApp, eraseMessage, listErasures } from "./erasures.ts";
import { listFindings, listOverdue } from "./findings.ts";
import { getFunnelBy } from "./funnel-by.ts";
import { getIncidentBundle } from "./incident-bundle.ts";
import { getJourney } from "./journeys.ts";
import { createKey, limitKey, listKeys, putKey, revokeKey, rotateKey } from "./keys.ts";
import { getLatencySeries } from "./latency-series.ts";
import { diffLifecycle } from "./lifecycle-changes.ts";
import { dryRunLifecycle, learnLifecycle } from "./lifecycle-trials.ts";
import { deleteLifecycle, getLifecycle, listLifecycleVersions, putLifecycle } from "./lifecycles.ts";
import { listEvents } from "./listed-events.ts";
import { listMessageEvents } from "./message-events.ts";
import { getMessage, listMessages } from "./messages.ts";
import type { Operation } from "./operation.ts";
import { listOverdueGroups } from "./overdue-groups.ts";
import { getOverview } from "./overview.ts";
import { deleteRejected, listRejected, replayRejected } from "./refused-messages.ts";
import { deleteRetention, getRetention, putRetention } from "./retentions.ts";
import { endSession, listSessions, whoAmI } from "./sessions.ts";
import { deleteSetAside, listSetAside, replaySetAside } from "./set-aside.ts";
import { getSkew } from "./skew.ts";
import { listSourceDeliveries, replaySource, trySource } from "./source-trials.ts";
import { deleteSource, getSource, listSources, putSource } from "./sources.ts";
import { getFunnel, getLatency, getRates, listApps } from "./statistics.ts";
import { getStats } from "./stats.ts";
import { createTicket } from "./tickets.ts";
import { triageFindings } from "./triage.ts";
import { deleteView, listViews, putView } from "./views.ts";

export const operations = [
  listMessages,
  getMessage,
  getAttributes,
  putAttributes,
  countMessages,
  listMessageEvents,
  listEvents,
  getJourney,
  listApps,
  getOverview,
  getFunnel,
  getFunnelBy,
  getLatency,
  getLatencySeries,
  getRates,
  getSkew,
  putLifecycle,
  getLifecycle,
  deleteLifecycle,
  listLifecycleVersions,
  diffLifecycle,
  dryRunLifecycle,
  learnLifecycle,
  getDrift,
  listFindings,
  listOverdue,
  listOverdueGroups,
  triageFindings,
  listRules,
  getRule,
  putRule,
  deleteRule,
  previewAlertRule,
  listSinks,
  getSink,
  putSink,
  deleteSink,
  testSink,
  listCalendars,
  getCalendar,
  putCalendar,
  deleteCalendar,
  listSilences,
  createSilence,
  deleteSilence,
  listIncidents,
  getIncident,
  getIncidentBundle,
  acknowledgeIncident,
  assignIncident,
  noteIncident,
  snoozeIncident,
  listDeliveries,
  redeliver,
  listSetAside,
  replaySetAside,
  deleteSetAside,
  eraseMessage,
  eraseApp,
  listErasures,
  listAudit,
  getRetention,
  putRetention,
  deleteRetention,
  getStats,
  listKeys,
  createKey,
  putKey,
  rotateKey,
  limitKey,
  revokeKey,
  whoAmI,
  listSessions,
  endSession,
  createTicket,
  getDeclared,
  putDeclared,
  listViews,
  putView,
  deleteView,
  listCollectors,
  getCollector,
  putCollector,
  deleteCollector,
  pauseCollector,
  resumeCollector,
  listRejected,
  replayRejected,
  deleteRejected,
  listSources,
  getSource,
  putSource,
  deleteSource,
  trySource,
  listSourceDeliveries,
  replaySource,
] as const satisfies readonly Operation[];
