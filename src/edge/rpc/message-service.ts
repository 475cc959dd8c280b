/** The methods of `mars.v1.MessageService`: reading and watching. */
import type { MessageInitShape } from "@bufbuild/protobuf";
import { MarsError } from "../../core/error.ts";
import {
  EventOrder,
  type GetMessageRequest,
  type GetMessageResponseSchema,
  type ListMessagesRequest,
  type ListMessagesResponseSchema,
  MessageOrder,
  type WatchEventsRequest,
  type WatchEventsResponseSchema,
} from "../../gen/mars/v1/message_service_pb.ts";
import { checkMessageQuery, checkMessageRead, goesByState } from "../parse-query.ts";
import type { EdgeParts } from "../parts.ts";
import { type CallContext, callerOf } from "./caller.ts";
import { messageToProto, sequencedEventToProto, summaryToProto } from "./convert.ts";
import { funnelStatusValues, stateValues } from "./convert-lifecycle.ts";
import { checkSeq, checkTopic, positive, present, time, visible, wordOf } from "./request.ts";
import { watch } from "./watch.ts";

export interface MessageMethods {
  getMessage(
    request: GetMessageRequest,
    context: CallContext,
  ): Promise<MessageInitShape<typeof GetMessageResponseSchema>>;
  listMessages(
    request: ListMessagesRequest,
    context: CallContext,
  ): Promise<MessageInitShape<typeof ListMessagesResponseSchema>>;
  watchEvents(
    request: WatchEventsRequest,
    context: CallContext,
  ): AsyncGenerator<MessageInitShape<typeof WatchEventsResponseSchema>>;
}

/**
 * Bytes of a message's events in one answer. Clients take 4 MiB unless configured otherwise, and a list of small numbers is 5.5
 * times as long in a `google.protobuf.Struct` as in JSON.
 */
const eventsBytesMax = 512 * 1024;

/** The methods, over the parts that read and publish. */
export function createMessageMethods(
  parts: Pick<EdgeParts, "reader" | "progress" | "projected" | "live">,
): MessageMethods {
  const { reader, progress, projected, live } = parts;
  return {
    async getMessage(request, context) {
      const read = checkMessageRead(request.appId, request.messageId, {
        order: wordOf(request.order, eventOrderValues),
        limit: positive(request.limit),
        cursor: present(request.cursor),
      });
      await visible(progress, request.minSeq, context);
      const { message, asOfSeq } = await reader(callerOf(context)).get({ ...read, bytesMax: eventsBytesMax });
      if (message === undefined) throw new MarsError("not_found", "no event of this message is stored");
      return {
        message: messageToProto(message),
        asOfSeq: BigInt(asOfSeq),
        nextCursor: message.nextCursor ?? "",
      };
    },

    async listMessages(request, context) {
      const query = checkMessageQuery(queryFields(request));
      await visible(goesByState(query) ? projected : progress, request.minSeq, context);
      const page = await reader(callerOf(context)).list(query);
      return {
        messages: page.messages.map(summaryToProto),
        nextCursor: page.nextCursor ?? "",
        asOfSeq: BigInt(page.asOfSeq),
      };
    },

    async *watchEvents(request, context) {
      const { signal } = context;
      const { peer } = callerOf(context);
      const topic = checkTopic(request.topic, "events");
      const after = request.afterSeq === undefined ? undefined : checkSeq("after_seq", request.afterSeq);
      const items = live.stream(topic, { signal, peer, ...(after !== undefined && { after }) });
      yield* watch(items, (events) => ({ events: events.map(sequencedEventToProto) }), signal);
    },
  };
}

const eventOrderValues = { oldest: EventOrder.OLDEST, newest: EventOrder.NEWEST } as const;

const orderValues = {
  newest: MessageOrder.NEWEST,
  oldest: MessageOrder.OLDEST,
  updated: MessageOrder.UPDATED,
  overdue: MessageOrder.OVERDUE,
} as const;

function queryFields(request: ListMessagesRequest): Parameters<typeof checkMessageQuery>[0] {
  // One that says "unspecified" would be any state, and is refused like a state that we do not know.
  const states = request.state.map((state) => wordOf(state, stateValues) ?? "unspecified");
  return {
    app_id: present(request.appId),
    message_id: present(request.messageId),
    external_id: present(request.externalId),
    event: present(request.event),
    missing: present(request.missing),
    prefix: present(request.prefix),
    state: present(states.join(",")),
    overdue_since: time(request.overdueSince),
    stage: present(request.stage),
    stage_state: wordOf(request.stageState, funnelStatusValues),
    after: request.after,
    followed: request.followed ? "1" : undefined,
    since: time(request.since),
    until: time(request.until),
    order: wordOf(request.order, orderValues),
    limit: positive(request.limit),
    cursor: present(request.cursor),
  };
}
