/**
 * The JSON form of events and messages, the same in every protocol that speaks JSON. That of a published event is text, because
 * its `attributes` already are, and because it is encoded once for all of its subscribers.
 */
import type { Micros, SequencedEvent, StoredEvent } from "./event.ts";
import { parseForAnswer } from "./exact-json.ts";
import type { Journey } from "./journey.ts";
import { markToJson } from "./mark.ts";
import type { Message, MessagePage, MessageSummary } from "./query.ts";
import { stageToJson } from "./stage-name.ts";
import type { InstanceStage, LifecycleInstance, Owed } from "./state.ts";
import { formatTime } from "./time.ts";
import { traceFields } from "./traceparent.ts";

const text = JSON.stringify;

/**
 * An event as topics carry it: with its message's ids. Absent optional fields are `null`. Only one that was published
 * before has `replaces`, only one from ahead `ahead_by_ms`, only one with a trace its fields.
 */
export function eventJson(event: SequencedEvent): string {
  const replaces = event.replaces === undefined ? "" : `,"replaces":${event.replaces}`;
  return `{"app_id":${text(event.appId)},"message_id":${text(event.messageId)},${eventFields(event)}${replaces}}`;
}

/** The answer to a message by its ids. */
export function messageToJson(message: Message, asOfSeq: number) {
  return {
    ...summaryToJson(message),
    lifecycle: message.instance === undefined ? null : instanceToJson(message.instance),
    events: message.events.map(storedEventToJson),
    next_cursor: message.nextCursor ?? null,
    as_of_seq: asOfSeq,
  };
}

/** The answer to a list. */
export function messagePageToJson({ messages, nextCursor, asOfSeq }: MessagePage) {
  return { messages: messages.map(summaryToJson), next_cursor: nextCursor ?? null, as_of_seq: asOfSeq };
}

/** The answer to a journey. */
export function journeyToJson(externalId: string, journey: Journey) {
  return {
    external_id: externalId,
    messages: journey.messages.map(summaryToJson),
    ...(journey.partial && { partial: true as const }),
    events: journey.events.map((event) => ({
      app_id: event.appId,
      message_id: event.messageId,
      ...storedEventToJson(event),
    })),
    next_cursor: journey.nextCursor ?? null,
    as_of_seq: journey.asOfSeq,
  };
}

function summaryToJson(summary: MessageSummary) {
  return {
    app_id: summary.appId,
    message_id: summary.messageId,
    created_at: formatTime(summary.createdAt),
    updated_at: formatTime(summary.updatedAt),
    event_count: summary.eventCount,
    last_event: summary.lastEvent,
    stages: summary.stages,
    external_ids: summary.externalIds,
    parent_id: summary.parentId === "" ? null : summary.parentId,
    state: summary.state,
    overdue_since: timeOrNull(summary.overdueSince),
    ...(summary.skewed && { skewed: true as const }),
    ...(summary.partial && { partial: true as const }),
  };
}

/** An event within its message. */
export function storedEventToJson(event: StoredEvent) {
  return {
    event: event.event,
    created_at: formatTime(event.createdAt),
    received_at: formatTime(event.receivedAt),
    seq: event.seq,
    event_id: event.eventId === "" ? null : event.eventId,
    external_id: event.externalId === "" ? null : event.externalId,
    parent_id: event.parentId === "" ? null : event.parentId,
    attributes:
      event.attributes === "" ? null : (parseForAnswer(event.attributes) as Record<string, unknown>),
    duplicates: event.duplicates,
    ...(event.aheadBy !== undefined && { ahead_by_ms: event.aheadBy / 1_000 }),
    ...(event.run !== undefined && { run: event.run }),
    ...(event.traceparent !== undefined && traceFields(event.traceparent)),
  };
}

/** The state of a message along its lifecycle. */
function instanceToJson(instance: LifecycleInstance) {
  const { failures, runs = [] } = instance;
  return {
    version: instance.version,
    clock: formatTime(instance.watermark),
    run: instance.run,
    completed_at: timeOrNull(instance.completedAt),
    failed_at: timeOrNull(instance.failedAt),
    abandoned_at: timeOrNull(instance.abandonedAt),
    failures: failures === undefined ? null : { count: failures.count, last_at: formatTime(failures.lastAt) },
    stages: instance.stages.map(instanceStageToJson),
    runs: runs.map((run) => ({
      run: run.number,
      state: run.state,
      began_at: formatTime(run.beganAt),
      ended_at: timeOrNull(run.endedAt),
      stages: run.stages.map(instanceStageToJson),
    })),
    ...(instance.runsPartial && { runs_partial: true as const }),
  };
}

function instanceStageToJson(stage: InstanceStage) {
  return {
    ...stageToJson(stage.name, stage.after),
    optional: stage.optional,
    status: stage.status,
    done_at: timeOrNull(stage.doneAt),
    due_at: timeOrNull(stage.dueAt),
    missing_since: timeOrNull(stage.missingSince),
    late_by_ms: stage.lateBy === undefined ? null : stage.lateBy / 1_000,
    early_by_ms: stage.earlyBy === undefined ? null : stage.earlyBy / 1_000,
    owed: owedToJson(stage.owed),
    done_by:
      stage.doneBy === undefined ? null : { app_id: stage.doneBy.appId, message_id: stage.doneBy.messageId },
    triage: markToJson(stage.mark),
  };
}

/** How far a stage is that is owed by several; `null` for any other. */
export function owedToJson(owed: Owed | undefined) {
  if (owed === undefined) return null;
  const { expected, received, missing, extra, extraCount, late, lateCount, partial, countIgnored } = owed;
  return {
    ...{ expected, received, missing, extra },
    extra_count: extraCount,
    late,
    late_count: lateCount,
    ...(partial && { partial }),
    ...(countIgnored !== undefined && { count_ignored: countIgnored }),
  };
}

function timeOrNull(at: Micros | undefined): string | null {
  return at === undefined ? null : formatTime(at);
}

function eventFields(event: SequencedEvent): string {
  return (
    `"event":${text(event.event)},"created_at":"${formatTime(event.createdAt)}",` +
    `"received_at":"${formatTime(event.receivedAt)}","seq":${event.seq},` +
    `"event_id":${textOrNull(event.eventId)},"external_id":${textOrNull(event.externalId)},` +
    `"parent_id":${textOrNull(event.parentId)},"attributes":${event.attributes === "" ? "null" : event.attributes}` +
    (event.aheadBy === undefined ? "" : `,"ahead_by_ms":${event.aheadBy / 1_000}`) +
    (event.traceparent === undefined ? "" : `,${text(traceFields(event.traceparent)).slice(1, -1)}`)
  );
}

function textOrNull(value: string): string {
  return value === "" ? "null" : text(value);
}
