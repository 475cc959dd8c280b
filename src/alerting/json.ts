/** The JSON form of rules, sinks and silences: the same in answers and in the audit. Absent values are `null`. */
import { formatDuration } from "../core/duration.ts";
import type { Micros } from "../core/event.ts";
import { alternatives, stageToJson } from "../core/stage-name.ts";
import { formatTime, nowMicros } from "../core/time.ts";
import { conditionToJson } from "./conditions/condition.ts";
import { scheduleToJson } from "./hours/schedule.ts";
import { type Incident, incidentState, type StoredIncident } from "./incident.ts";
import type { AlertRule } from "./rule.ts";
import type { AlertSilence } from "./silence.ts";
import type { AlertSink } from "./sink.ts";
import { withoutSecrets } from "./sinks/hidden.ts";
import { overlapEnd } from "./sinks/rotation.ts";

export function ruleToJson({
  id,
  appId,
  kinds,
  stage,
  after,
  atLeast,
  condition,
  schedule,
  windowMs,
  repeatMs,
  growFactor,
  growAtLeast,
  growAfterMs,
  sinks,
}: AlertRule) {
  return {
    id,
    app_id: appId ?? null,
    kinds: [...kinds],
    stage: stage ?? null,
    after: after ?? null,
    ...alternatives("stage_events", stage),
    ...alternatives("after_events", after),
    at_least: atLeast,
    condition: condition === undefined ? null : conditionToJson(condition, formatDuration),
    schedule: schedule === undefined ? null : scheduleToJson(schedule),
    window: formatDuration(windowMs),
    repeat: repeatMs === 0 ? "off" : formatDuration(repeatMs),
    grow_factor: growFactor,
    grow_at_least: growAtLeast,
    grow_after: growAfterMs === 0 ? "off" : formatDuration(growAfterMs),
    sinks: [...sinks],
  };
}

/** @param before the sink that it replaces: its secrets that differ are shown as such */
export function sinkToJson(sink: AlertSink, before?: AlertSink) {
  const { id, type, ...all } = withoutSecrets(sink, before);
  const { contentType, ...shown } = { contentType: undefined, ...all };
  const until = overlapEnd(sink, nowMicros());
  return {
    id,
    type,
    ...("to" in shown ? { to: [...shown.to] } : shown),
    ...(contentType !== undefined && { content_type: contentType }),
    ...(until !== undefined && { former_secret_until: formatTime(until) }),
  };
}

export function silenceToJson(silence: AlertSilence, now: Micros) {
  return {
    id: silence.id,
    name: silence.name ?? null,
    app_id: silence.appId ?? null,
    rule: silence.rule ?? null,
    stage: silence.stage ?? null,
    ...alternatives("stage_events", silence.stage),
    kind: silence.kind ?? null,
    comment: silence.comment === "" ? null : silence.comment,
    created_at: formatTime(silence.createdAt),
    until: formatTime(silence.until),
    active: silence.until > now,
  };
}

/** An incident without figures, which are of the moment at which they are read: in lists, and on its topics. */
export function incidentToJson(incident: StoredIncident) {
  const { ending, text, closedAt, resolvedAt } = incident;
  return {
    id: incident.id,
    seq: incident.seq,
    rule: incident.rule,
    app_id: incident.appId,
    kind: incident.kind,
    ...stageToJson(incident.stage, incident.after),
    state: incidentState(incident),
    reason: ending === "" || ending === "resolved" ? null : ending,
    silenced: incident.silenced,
    silenced_until: timeOrNull(incident.silencedUntil),
    text: text === "" ? null : text,
    opened_at: formatTime(incident.openedAt),
    last_raised_at: formatTime(incident.lastRaisedAt),
    notified_at: timeOrNull(incident.notifiedAt),
    reopened_at: timeOrNull(incident.reopenedAt),
    closed_at: timeOrNull(Math.max(closedAt, resolvedAt)),
    ...careToJson(incident),
    note_count: incident.noteCount,
  };
}

function timeOrNull(at: Micros): string | null {
  return at === 0 ? null : formatTime(at);
}

/** What people have done with an incident, in answers and in the audit. Absent values are `null`. */
export function careToJson({ acknowledgedAt, acknowledgedBy, assignedTo, snoozedUntil }: Incident) {
  return {
    acknowledged_at: timeOrNull(acknowledgedAt),
    acknowledged_by: acknowledgedBy === "" ? null : acknowledgedBy,
    assigned_to: assignedTo === "" ? null : assignedTo,
    snoozed_until: timeOrNull(snoozedUntil),
  };
}
