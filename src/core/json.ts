/**
 * The JSON form of events and messages, the same in every protocol that speaks JSON. Written as text because
 * `attributes` already is text, and because a published event is encoded once for all of its subscribers.
 */
import type { Micros, SequencedEvent, StoredEvent } from "./event.ts";
import type { Message, MessagePage, MessageSummary } from "./query.ts";
import type { LifecycleInstance } from "./state.ts";
import { formatTime } from "./time.ts";

const text = JSON.stringify;

/**
 * An event as topics carry it: with its message's ids. Absent optional fields are `null`. Only one that was published
 * before has `replaces`.
 */
export function eventJson(event: SequencedEvent): string {
  const replaces = event.replaces === undefined ? "" : `,"replaces":${event.replaces}`;
  return `{"app_id":${text(event.appId)},"message_id":${text(event.messageId)},${eventFields(event)}${replaces}}`;
}

/** An event within its message. */
function storedEventJson(event: StoredEvent): string {
  return `{${eventFields(event)},"duplicates":${event.duplicates}}`;
}

function summaryJson(summary: MessageSummary): string {
  return `{${summaryFields(summary)}}`;
}

/** The answer to a message by its ids. */
export function messageJson(message: Message, asOfSeq: number): string {
  const events = message.events.map(storedEventJson).join(",");
  const lifecycle = message.instance === undefined ? "null" : text(instanceToJson(message.instance));
  const cursor = cursorJson(message.nextCursor);
  return `{${summaryFields(message)},"lifecycle":${lifecycle},"events":[${events}],"next_cursor":${cursor},"as_of_seq":${asOfSeq}}`;
}

/** Where a message stands along its lifecycle. */
function instanceToJson(instance: LifecycleInstance): Record<string, unknown> {
  return {
    version: instance.version,
    clock: formatTime(instance.watermark),
    completed_at: timeOrNull(instance.completedAt),
    failed_at: timeOrNull(instance.failedAt),
    stages: instance.stages.map((stage) => ({
      stage: stage.name,
      after: stage.after === "" ? null : stage.after,
      optional: stage.optional,
      status: stage.status,
      done_at: timeOrNull(stage.doneAt),
      due_at: timeOrNull(stage.dueAt),
      missing_since: timeOrNull(stage.missingSince),
      late_by_ms: stage.lateBy === undefined ? null : stage.lateBy / 1_000,
      early_by_ms: stage.earlyBy === undefined ? null : stage.earlyBy / 1_000,
    })),
  };
}

function timeOrNull(at: Micros | undefined): string | null {
  return at === undefined ? null : formatTime(at);
}

/** The answer to a list. */
export function pageJson(page: MessagePage): string {
  const messages = page.messages.map(summaryJson).join(",");
  const cursor = cursorJson(page.nextCursor);
  return `{"messages":[${messages}],"next_cursor":${cursor},"as_of_seq":${page.asOfSeq}}`;
}

function cursorJson(cursor: string | undefined): string {
  return cursor === undefined ? "null" : text(cursor);
}

function eventFields(event: SequencedEvent): string {
  return (
    `"event":${text(event.event)},"created_at":"${formatTime(event.createdAt)}",` +
    `"received_at":"${formatTime(event.receivedAt)}","seq":${event.seq},` +
    `"event_id":${textOrNull(event.eventId)},"external_id":${textOrNull(event.externalId)},` +
    `"attributes":${event.attributes === "" ? "null" : event.attributes}`
  );
}

function summaryFields(summary: MessageSummary): string {
  return (
    `"app_id":${text(summary.appId)},"message_id":${text(summary.messageId)},` +
    `"created_at":"${formatTime(summary.createdAt)}","updated_at":"${formatTime(summary.updatedAt)}",` +
    `"event_count":${summary.eventCount},"last_event":${text(summary.lastEvent)},` +
    `"stages":${text(summary.stages)},"external_ids":${text(summary.externalIds)},` +
    `"state":"${summary.state}","overdue_since":${text(timeOrNull(summary.overdueSince))}` +
    (summary.partial ? ',"partial":true' : "")
  );
}

function textOrNull(value: string): string {
  return value === "" ? "null" : text(value);
}
