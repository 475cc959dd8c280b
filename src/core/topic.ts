/**
 * Topics: named like the resource they watch.
 *
 *     all                                    every event
 *     apps/{app_id}                          the events of one app
 *     apps/{app_id}/messages/{message_id}    the events of one message
 *     journeys/{external_id}                 the events of a journey's messages, see journey.ts
 *     findings                               every finding, see lifecycle/finding.ts
 *     apps/…/findings                        findings of one app, or of one message
 *     alerts                                 notifications of alerts to a sink of type topic
 *     alerts/{rule}                          those of one rule
 *     incidents                              every incident as it opens, is cared for and ends
 *     apps/{app_id}/incidents                those of one app
 *     incidents/{id}                         one of them
 *     event_timeline:{message_id}            the original's name: that message id in any app, not decoded
 *
 * Behind a topic of events may stand `?attributes.NAME=VALUE`, several joined by `&`: its events that have these values themselves.
 *
 * Segments of the `apps/` and `journeys/` forms are percent-encoded, and so are names and values of attributes; two spellings of one topic parse to the same `name`.
 */
import {
  type AttributeFilter,
  attributeNameBytesMax,
  attributeValueBytesMax,
  indexedNamesMax,
} from "./attributes.ts";
import { MarsError } from "./error.ts";
import type { MessageKey } from "./event.ts";
import { appIdBytesMax, externalIdBytesMax, messageIdBytesMax } from "./limits.ts";
import { textProblem } from "./validate.ts";

/** A topic: every field that is present must match. */
export interface Topic {
  /** The canonical name, by which subscriptions are kept. */
  readonly name: string;
  readonly appId?: string;
  readonly messageId?: string;
  /** Of the journey with this name; without an app and a message. */
  readonly externalId?: string;
  /** Of findings, and not of events. */
  readonly findings?: true;
  /** Of notifications of alerts. The `messageId` is a rule's id: see `AlertItem`. */
  readonly alerts?: true;
  /** Of incidents. The `messageId` is an incident's id: see `IncidentItem`. */
  readonly incidents?: true;
  /** Of events that have all of these values. */
  readonly attributes?: readonly AttributeFilter[];
}

/** See `alertId` of `api/alert-fields.ts`. */
const ruleBytesMax = 64;

const timelinePrefix = "event_timeline:";

/** What a topic carries. */
export type TopicKind = "events" | "findings" | "alerts" | "incidents";

export function topicKind({ findings, alerts, incidents }: Topic): TopicKind {
  return findings ? "findings" : alerts ? "alerts" : incidents ? "incidents" : "events";
}

export const allTopic: Topic = { name: "all" };

/** Parses a topic's name. Throws `MarsError("invalid_argument")` for a name that can never have an event. */
export function parseTopic(text: string): Topic {
  if (text === "all") return allTopic;
  const query = text.startsWith(timelinePrefix) ? -1 : text.indexOf("?");
  if (query !== -1) return withAttributes(parseTopic(text.slice(0, query)), text.slice(query + 1));
  if (text.startsWith(timelinePrefix)) {
    const messageId = checkId("message_id", text.slice(timelinePrefix.length), messageIdBytesMax);
    return { name: timelinePrefix + messageId, messageId };
  }
  if (text === "findings") return { name: text, findings: true };
  if (text === "alerts") return { name: text, alerts: true };
  if (text === "incidents") return { name: text, incidents: true };
  const segments = text.split("/");
  if (segments[0] === "apps" && segments.length === 3 && segments[2] === "incidents") {
    const { name, ...topic } = parseTopic(segments.slice(0, 2).join("/"));
    return { ...topic, name: `${name}/incidents`, incidents: true };
  }
  if (segments[0] === "incidents" && segments.length === 2) {
    const id = segments[1] ?? "";
    if (!/^[1-9]\d{0,14}$/.test(id)) throw invalid("must have an incident's id behind incidents/");
    return { name: text, messageId: id, incidents: true };
  }
  // Ids are percent-encoded, so that no id looks like this segment.
  if (segments[0] === "apps" && segments.length % 2 === 1 && segments.at(-1) === "findings") {
    const { name, ...topic } = parseTopic(segments.slice(0, -1).join("/"));
    return { ...topic, name: `${name}/findings`, findings: true };
  }
  if (
    segments[0] === "apps" &&
    (segments.length === 2 || (segments.length === 4 && segments[2] === "messages"))
  ) {
    const appId = checkId("app_id", decodeSegment(segments[1] ?? ""), appIdBytesMax);
    if (segments.length === 2) return { name: appTopicName(appId), appId };
    const messageId = checkId("message_id", decodeSegment(segments[3] ?? ""), messageIdBytesMax);
    return { name: messageTopicName({ appId, messageId }), appId, messageId };
  }
  if (segments[0] === "alerts" && segments.length === 2) {
    const rule = checkId("rule", decodeSegment(segments[1] ?? ""), ruleBytesMax);
    return { name: `alerts/${encodeURIComponent(rule)}`, messageId: rule, alerts: true };
  }
  if (segments[0] === "journeys" && segments.length === 2) {
    const externalId = checkId("external_id", decodeSegment(segments[1] ?? ""), externalIdBytesMax);
    return { name: journeyTopicName(externalId), externalId };
  }
  throw invalid(
    "must be all, apps/{app_id}, apps/{app_id}/messages/{message_id}, journeys/{external_id}, event_timeline:{message_id}, findings, one of apps/… with /findings at its end, alerts, alerts/{rule}, incidents, apps/{app_id}/incidents or incidents/{id}",
  );
}

function withAttributes(topic: Topic, query: string): Topic {
  const kind = topicKind(topic);
  if (kind !== "events") throw invalid(`of ${kind} has no attributes`);
  const attributes = query.split("&").map((part): AttributeFilter => {
    const [, name = "", value = ""] = /^attributes\.([^=]+)=(.*)$/s.exec(part) ?? [];
    if (name === "") throw invalid("must have attributes.NAME=VALUE behind its question mark");
    return { name: decodeSegment(name), value: decodeSegment(value) };
  });
  if (attributes.length > indexedNamesMax) throw invalid(`must have at most ${indexedNamesMax} attributes`);
  for (const { name, value } of attributes) {
    const problem = textProblem(name, attributeNameBytesMax) ?? textProblem(value, attributeValueBytesMax);
    if (problem !== undefined) throw invalid(`attributes ${problem}`);
  }
  const parts = attributes.map(
    ({ name, value }) => `attributes.${encodeURIComponent(name)}=${encodeURIComponent(value)}`,
  );
  return { ...topic, name: `${topic.name}?${parts.sort().join("&")}`, attributes };
}

export function appTopicName(appId: string): string {
  return `apps/${encodeURIComponent(appId)}`;
}

export function messageTopicName(key: MessageKey): string {
  return `apps/${encodeURIComponent(key.appId)}/messages/${encodeURIComponent(key.messageId)}`;
}

export function journeyTopicName(externalId: string): string {
  return `journeys/${encodeURIComponent(externalId)}`;
}

export function timelineTopicName(messageId: string): string {
  return timelinePrefix + messageId;
}

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw invalid("has a broken percent-encoding");
  }
}

function checkId(field: string, text: string, bytesMax: number): string {
  const problem = text === "" ? "must not be empty" : textProblem(text, bytesMax);
  if (problem !== undefined) throw invalid(`${field} ${problem}`);
  return text;
}

function invalid(message: string): MarsError {
  return new MarsError("invalid_argument", `topic ${message}`, { problems: [{ field: "topic", message }] });
}
