/** The methods of `mars.v1.MessageService`: reading and watching. */
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { MarsError } from "../../event/error.ts";
import { minSeqWaitMs } from "../../event/limits.ts";
import { parseTopic } from "../../event/topic.ts";
import {
  type GetMessageRequest,
  type GetMessageResponseSchema,
  type ListMessagesRequest,
  type ListMessagesResponseSchema,
  MessageOrder,
  type WatchEventsRequest,
  type WatchEventsResponseSchema,
} from "../../gen/mars/v1/message_service_pb.ts";
import { checkMessageKey, checkMessageQuery, checkMinSeq } from "../parse-query.ts";
import type { EdgeParts } from "../parts.ts";
import { messageToProto, sequencedEventToProto, summaryToProto, timestampMicros } from "./convert.ts";
import type { CallContext } from "./ingest-service.ts";

/**
 * Events in one response of `WatchEvents`. An event takes up to some 30 KiB, and the common gRPC clients refuse responses
 * over 4 MiB.
 */
const watchEventsMax = 100;

export interface MessageMethods {
  getMessage(request: GetMessageRequest): Promise<MessageInitShape<typeof GetMessageResponseSchema>>;
  listMessages(request: ListMessagesRequest): Promise<MessageInitShape<typeof ListMessagesResponseSchema>>;
  watchEvents(
    request: WatchEventsRequest,
    context: CallContext,
  ): AsyncGenerator<MessageInitShape<typeof WatchEventsResponseSchema>>;
}

/** The methods, over the parts that read and publish. */
export function createMessageMethods(parts: Pick<EdgeParts, "reader" | "progress" | "live">): MessageMethods {
  return {
    async getMessage(request) {
      const key = checkMessageKey(request.appId, request.messageId);
      await visible(request.minSeq);
      const { message, asOfSeq } = await parts.reader.get(key);
      if (message === undefined) throw new MarsError("not_found", "no event of this message is stored");
      return { message: messageToProto(message), asOfSeq: BigInt(asOfSeq) };
    },

    async listMessages(request) {
      const query = checkMessageQuery(queryFields(request));
      await visible(request.minSeq);
      const page = await parts.reader.list(query);
      return {
        messages: page.messages.map(summaryToProto),
        nextCursor: page.nextCursor ?? "",
        asOfSeq: BigInt(page.asOfSeq),
      };
    },

    async *watchEvents(request, { signal }) {
      const topic = parseTopic(request.topic);
      if (topic.findings) throw notOfEvents;
      const after = request.afterSeq === undefined ? undefined : checkSeq("after_seq", request.afterSeq);
      const items = parts.live.stream(topic, { signal, ...(after !== undefined && { after }) });
      for await (const item of items) {
        if (!("events" in item)) {
          yield { item: { case: "started", value: { seq: BigInt(item.seq), recovered: item.recovered } } };
          continue;
        }
        for (let at = 0; at < item.events.length; at += watchEventsMax) {
          const events = item.events.slice(at, at + watchEventsMax).map(sequencedEventToProto);
          yield { item: { case: "batch", value: { events } } };
        }
      }
      signal.throwIfAborted();
    },
  };

  async function visible(minSeq: bigint): Promise<void> {
    const seq = checkMinSeq(minSeq);
    if (seq !== undefined && seq > parts.progress.storedSeq) await parts.progress.reached(seq, minSeqWaitMs);
  }
}

const notOfEvents = new MarsError(
  "invalid_argument",
  "topic must be one of events; findings are watched by WatchFindings",
  {
    problems: [{ field: "topic", message: "must be one of events; findings are watched by WatchFindings" }],
  },
);

const orderNames: Readonly<Record<MessageOrder, string | undefined>> = {
  [MessageOrder.UNSPECIFIED]: undefined,
  [MessageOrder.NEWEST]: "newest",
  [MessageOrder.OLDEST]: "oldest",
  [MessageOrder.UPDATED]: "updated",
};

function queryFields(request: ListMessagesRequest): Parameters<typeof checkMessageQuery>[0] {
  return {
    app_id: present(request.appId),
    message_id: present(request.messageId),
    external_id: present(request.externalId),
    event: present(request.event),
    missing: present(request.missing),
    prefix: present(request.prefix),
    since: time(request.since),
    until: time(request.until),
    // An enum is open: a client newer than we are may send a number without a name here.
    order: request.order in orderNames ? orderNames[request.order] : String(request.order),
    limit: request.limit === 0 ? undefined : request.limit,
    cursor: present(request.cursor),
  };
}

function present(text: string): string | undefined {
  return text === "" ? undefined : text;
}

function time(timestamp: Timestamp | undefined): number | undefined {
  if (timestamp === undefined) return undefined;
  return timestampMicros(timestamp) ?? Number.NaN;
}

function checkSeq(field: string, seq: bigint): number {
  if (seq <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(seq);
  const message = `must be at most ${Number.MAX_SAFE_INTEGER}`;
  throw new MarsError("invalid_argument", `${field} ${message}`, { problems: [{ field, message }] });
}
