/** Converts between generated messages and the events of `core/`. */
import type { JsonObject, MessageInitShape } from "@bufbuild/protobuf";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import type { MarsEvent, Micros, SequencedEvent } from "../../core/event.ts";
import { parseForAnswer } from "../../core/exact-json.ts";
import { traceFields } from "../../core/traceparent.ts";
import { checkEvent, type Problems } from "../../core/validate.ts";
import type { RecordedEventSchema } from "../../gen/mars/v1/event_pb.ts";
import { microsDuration, microsTimestamp, timestampMicros } from "./convert-time.ts";
import { structOf } from "./struct.ts";

/** The fields of an event in the ingest requests. */
export interface ProtoEvent {
  readonly appId: string;
  readonly messageId: string;
  readonly event: string;
  readonly createdAt?: Timestamp | undefined;
  readonly eventId: string;
  readonly externalId: string;
  readonly parentId: string;
  readonly attributes?: JsonObject | undefined;
  readonly traceparent: string;
}

/** Checks an event by the one validation; `undefined` when at least one problem was added. */
export function eventFromProto(
  message: ProtoEvent,
  receivedAt: Micros,
  problems: Problems,
): MarsEvent | undefined {
  const micros = message.createdAt === undefined ? receivedAt : timestampMicros(message.createdAt);
  const input = {
    app_id: message.appId,
    message_id: message.messageId,
    event: message.event,
    event_id: message.eventId,
    external_id: message.externalId,
    parent_id: message.parentId,
    attributes: message.attributes,
    traceparent: message.traceparent,
  };
  const event = checkEvent(input, receivedAt, problems, micros ?? receivedAt);
  if (micros !== undefined) return event;
  const { index } = problems;
  const problem = { field: "created_at", message: "must have nanos from 0 to 999999999" };
  problems.list.push(index === undefined ? problem : { ...problem, index });
  return undefined;
}

/** An event as topics carry it, with its message's ids. */
export function sequencedEventToProto(event: SequencedEvent): MessageInitShape<typeof RecordedEventSchema> {
  const { appId, messageId, replaces } = event;
  return {
    appId,
    messageId,
    ...eventToProto(event),
    ...(replaces !== undefined && { replaces: BigInt(replaces) }),
  };
}

function eventToProto(event: SequencedEvent): MessageInitShape<typeof RecordedEventSchema> {
  return {
    event: event.event,
    createdAt: microsTimestamp(event.createdAt),
    eventId: event.eventId,
    externalId: event.externalId,
    parentId: event.parentId,
    ...(event.attributes !== "" && { attributes: structOf(parseForAnswer(event.attributes)) as JsonObject }),
    receivedAt: microsTimestamp(event.receivedAt),
    seq: BigInt(event.seq),
    ...(event.aheadBy !== undefined && { aheadBy: microsDuration(event.aheadBy) }),
    ...(event.traceparent !== undefined && traceToProto(event.traceparent)),
  };
}

function traceToProto(traceparent: string) {
  const { trace_id, span_id, trace_flags } = traceFields(traceparent);
  return { traceId: trace_id, spanId: span_id, traceFlags: trace_flags };
}
