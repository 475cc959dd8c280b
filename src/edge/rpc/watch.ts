/** The methods that watch a topic: the seq of its start, then its items in batches. */
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { AlertItem } from "../../core/alert-item.ts";
import { MarsError } from "../../core/error.ts";
import type { IncidentItem } from "../../core/incident-item.ts";
import type { Live, StreamItem, TopicItem } from "../../core/ports.ts";
import { parseTime } from "../../core/time.ts";
import { parseTopic, type Topic, type TopicKind, topicKind } from "../../core/topic.ts";
import { IncidentSchema } from "../../gen/mars/v1/alert_pb.ts";
import type {
  WatchAlertsRequest,
  WatchAlertsResponse_AlertSchema,
  WatchAlertsResponseSchema,
  WatchIncidentsRequest,
  WatchIncidentsResponseSchema,
} from "../../gen/mars/v1/alert_service_pb.ts";
import { FindingSchema } from "../../gen/mars/v1/lifecycle_pb.ts";
import type {
  WatchFindingsRequest,
  WatchFindingsResponseSchema,
} from "../../gen/mars/v1/lifecycle_service_pb.ts";
import type { WatchEventsRequest, WatchEventsResponseSchema } from "../../gen/mars/v1/message_service_pb.ts";
import { findingToJson } from "../../lifecycle/json.ts";
import type { EdgeParts } from "../parts.ts";
import { type CallContext, callerOf } from "./caller.ts";
import { sequencedEventToProto } from "./convert.ts";
import { microsTimestamp } from "./convert-time.ts";
import { messageOf } from "./proto-json.ts";

export interface WatchMethods {
  watchEvents(
    request: WatchEventsRequest,
    context: CallContext,
  ): AsyncGenerator<MessageInitShape<typeof WatchEventsResponseSchema>>;
  watchAlerts(
    request: WatchAlertsRequest,
    context: CallContext,
  ): AsyncGenerator<MessageInitShape<typeof WatchAlertsResponseSchema>>;
  watchIncidents(
    request: WatchIncidentsRequest,
    context: CallContext,
  ): AsyncGenerator<MessageInitShape<typeof WatchIncidentsResponseSchema>>;
  watchFindings(
    request: WatchFindingsRequest,
    context: CallContext,
  ): AsyncGenerator<MessageInitShape<typeof WatchFindingsResponseSchema>>;
}

/** The methods, over the topics. */
export function createWatchMethods({
  live,
  findings,
  alertTopics,
  incidents,
}: Pick<EdgeParts, "live" | "findings" | "alertTopics" | "incidents">): WatchMethods {
  return {
    async *watchEvents(request, context) {
      const items = follow(live, checkTopic(request.topic, "events"), request.afterSeq, context);
      yield* watch(items, (events) => ({ events: events.map(sequencedEventToProto) }), context.signal);
    },
    async *watchAlerts(request, context) {
      const items = follow(alertTopics, checkTopic(request.topic, "alerts"), request.afterSeq, context);
      yield* watch(items, (alerts) => ({ alerts: alerts.map(alertToProto) }), context.signal);
    },
    async *watchIncidents(request, context) {
      const items = follow(incidents, checkTopic(request.topic, "incidents"), request.afterSeq, context);
      const toProto = ({ json }: IncidentItem) => messageOf(IncidentSchema, JSON.parse(json));
      yield* watch(items, (changed) => ({ incidents: changed.map(toProto) }), context.signal);
    },
    async *watchFindings(request, context) {
      const items = follow(findings, checkTopic(request.topic, "findings"), request.afterSeq, context);
      const toProto = (changed: Parameters<typeof findingToJson>[0]) =>
        messageOf(FindingSchema, findingToJson(changed));
      yield* watch(items, (changed) => ({ findings: changed.map(toProto) }), context.signal);
    },
  };
}

function follow<Item extends TopicItem>(
  live: Live<Item>,
  topic: Topic,
  afterSeq: bigint | undefined,
  context: CallContext,
): AsyncIterable<StreamItem<Item>> {
  const { signal, ...caller } = callerOf(context);
  const after = afterSeq === undefined ? undefined : checkSeq("after_seq", afterSeq);
  return live.stream(topic, { signal: context.signal, caller, ...(after !== undefined && { after }) });
}

/**
 * Items in one response. An event takes up to some 30 KiB, and the common gRPC clients refuse responses over 4 MiB.
 */
const batchItemsMax = 100;

type Started = { case: "started"; value: { seq: bigint; recovered: boolean } };

/**
 * @param batch the value that brings these items
 * @throws the signal's reason when it has ended the stream
 */
async function* watch<Item extends TopicItem, Batch>(
  items: AsyncIterable<StreamItem<Item>>,
  batch: (items: readonly Item[]) => Batch,
  signal: AbortSignal,
): AsyncGenerator<{ item: Started | { case: "batch"; value: Batch } }> {
  for await (const item of items) {
    if (!("events" in item)) {
      yield { item: { case: "started", value: { seq: BigInt(item.seq), recovered: item.recovered } } };
      continue;
    }
    for (let at = 0; at < item.events.length; at += batchItemsMax) {
      yield { item: { case: "batch", value: batch(item.events.slice(at, at + batchItemsMax)) } };
    }
  }
  signal.throwIfAborted();
}

/** @throws `MarsError("invalid_argument")` beyond a safe integer */
function checkSeq(field: string, seq: bigint): number {
  if (seq <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(seq);
  const message = `must be at most ${Number.MAX_SAFE_INTEGER}`;
  throw new MarsError("invalid_argument", `${field} ${message}`, { problems: [{ field, message }] });
}

function alertToProto({ seq, json }: AlertItem): MessageInitShape<typeof WatchAlertsResponse_AlertSchema> {
  const { type, timestamp, data } = JSON.parse(json);
  const at = parseTime(timestamp);
  return { seq: BigInt(seq), type, timestamp: microsTimestamp(typeof at === "string" ? 0 : at), data };
}

/** The methods by what they watch. */
const methods = {
  events: "WatchEvents",
  findings: "WatchFindings",
  alerts: "WatchAlerts",
  incidents: "WatchIncidents",
} as const satisfies Record<TopicKind, string>;

/** @throws `MarsError("invalid_argument")` for a text that is no topic, or a topic of another kind */
function checkTopic(name: string, kind: TopicKind): Topic {
  const topic = parseTopic(name);
  const given = topicKind(topic);
  if (given === kind) return topic;
  const message = `must be one of ${kind}; ${given} are watched by ${methods[given]}`;
  throw new MarsError("invalid_argument", `topic ${message}`, { problems: [{ field: "topic", message }] });
}
