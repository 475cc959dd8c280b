/** The JSON form of alerts. Absent values are `null`. Secrets are not in it, nor what is as good as one. */
import { formatDuration } from "../core/duration.ts";
import type { Micros } from "../core/event.ts";
import { formatTime } from "../core/time.ts";
import type { Attempt, Delivery, DeliveryPage } from "./delivery.ts";
import type { Incident, IncidentPage } from "./incident.ts";
import type { AlertRule } from "./rule.ts";
import type { AlertSilence } from "./silence.ts";
import type { AlertSink } from "./sink.ts";

export function ruleToJson(rule: AlertRule): Record<string, unknown> {
  return {
    id: rule.id,
    app_id: rule.appId ?? null,
    kinds: rule.kinds,
    stage: rule.stage ?? null,
    after: rule.after ?? null,
    at_least: rule.atLeast,
    window: formatDuration(rule.windowMs),
    repeat: rule.repeatMs === 0 ? "off" : formatDuration(rule.repeatMs),
    sinks: rule.sinks,
  };
}

export function sinkToJson(sink: AlertSink): Record<string, unknown> {
  const { id, type } = sink;
  if (type === "email") return { id, type, to: sink.to };
  if (type === "webhook") return { id, type, url: sink.url, secret: "(hidden)" };
  // Whoever knows the rest of Slack's URL can write to the channel.
  return { id, type, url: `${new URL(sink.url).origin}/(hidden)` };
}

export function silenceToJson(silence: AlertSilence, now: Micros): Record<string, unknown> {
  return {
    id: silence.id,
    app_id: silence.appId ?? null,
    rule: silence.rule ?? null,
    stage: silence.stage ?? null,
    kind: silence.kind ?? null,
    comment: silence.comment === "" ? null : silence.comment,
    created_at: formatTime(silence.createdAt),
    until: formatTime(silence.until),
    active: silence.until > now,
  };
}

export function incidentPageToJson({ incidents, nextCursor }: IncidentPage): Record<string, unknown> {
  return { incidents: incidents.map(incidentToJson), next_cursor: nextCursor ?? null };
}

function incidentToJson(incident: Incident): Record<string, unknown> {
  return {
    id: incident.id,
    rule: incident.rule,
    app_id: incident.appId,
    kind: incident.kind,
    stage: incident.stage,
    after: incident.after === "" ? null : incident.after,
    state: incident.closedAt === 0 ? "active" : "resolved",
    silenced: incident.silenced,
    text: incident.text === "" ? null : incident.text,
    opened_at: formatTime(incident.openedAt),
    last_raised_at: formatTime(incident.lastRaisedAt),
    notified_at: timeOrNull(incident.notifiedAt),
    closed_at: timeOrNull(incident.closedAt),
  };
}

export function deliveryPageToJson({ deliveries, nextCursor }: DeliveryPage): Record<string, unknown> {
  return { deliveries: deliveries.map(deliveryToJson), next_cursor: nextCursor ?? null };
}

function deliveryToJson(delivery: Delivery): Record<string, unknown> {
  return {
    id: delivery.id,
    incident: delivery.incident ?? null,
    sink: delivery.sink,
    type: delivery.notification.type,
    text: delivery.notification.text,
    state: delivery.state,
    webhook_id: delivery.webhookId,
    created_at: formatTime(delivery.createdAt),
    next_at: timeOrNull(delivery.nextAt),
    attempts: delivery.attempts.map(attemptToJson),
  };
}

export function attemptToJson(attempt: Attempt): Record<string, unknown> {
  return {
    at: formatTime(attempt.at),
    outcome: attempt.outcome,
    status: attempt.status === 0 ? null : attempt.status,
    duration_ms: attempt.durationMs,
    error: attempt.error === "" ? null : attempt.error,
    response: attempt.response === "" ? null : attempt.response,
  };
}

/** 0 is none. */
function timeOrNull(at: Micros): string | null {
  return at === 0 ? null : formatTime(at);
}
