/** The hubs of all topics: events, findings, notifications of alerts, incidents. */
import { alertHistory } from "../alerting/alert-topic.ts";
import { incidentHistory } from "../alerting/incident-topic.ts";
import type { AlertReader } from "../alerting/ports.ts";
import type { SequencedEvent } from "../core/event.ts";
import type { FindingReader } from "../lifecycle/finding-query.ts";
import { findingHistory } from "../live/finding-history.ts";
import {
  createLive,
  createLiveAlerts,
  createLiveFindings,
  createLiveIncidents,
  type History,
  type LiveOptions,
} from "../live/hub.ts";

export interface TopicsOptions extends LiveOptions {
  readonly reader: History<SequencedEvent> &
    Pick<FindingReader, "findingHistory"> &
    Pick<AlertReader, "publishedAlerts" | "incidentHistory">;
  /** The last change of a finding that a client may have read. */
  readonly findingSeqRead: () => number;
  /** The same of incidents. */
  readonly incidentSeqRead: () => number;
  readonly publicUrl: string;
}

export function createTopics({
  reader,
  findingSeqRead,
  incidentSeqRead,
  publicUrl,
  lastSeq,
  skipped,
  ...followers
}: TopicsOptions) {
  return {
    live: createLive(reader, {
      ...(lastSeq !== undefined && { lastSeq }),
      ...(skipped !== undefined && { skipped }),
      ...followers,
    }),
    // Readers may see changes before these are published, and subscribe after them.
    findings: createLiveFindings(findingHistory(reader), { lastSeq: findingSeqRead, ...followers }),
    alertTopics: createLiveAlerts(alertHistory(reader, publicUrl), followers),
    incidents: createLiveIncidents(incidentHistory(reader), { lastSeq: incidentSeqRead, ...followers }),
  };
}
