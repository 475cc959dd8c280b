/** The methods that collect events: the original's and those of `mars.v1.IngestService`. */
import type { MessageInitShape } from "@bufbuild/protobuf";
import { MarsError } from "../../core/error.ts";
import { receipts } from "../../core/receipt.ts";
import { parseTime } from "../../core/time.ts";
import { checkEvent, type Problems } from "../../core/validate.ts";
import type { EventRequest, EventResponseSchema } from "../../gen/event_pb.ts";
import type {
  CollectEventRequest,
  CollectEventResponseSchema,
  CollectEventsRequest,
  CollectEventsResponseSchema,
  CollectStreamRequest,
  CollectStreamResponseSchema,
} from "../../gen/mars/v1/ingest_service_pb.ts";
import type { EdgeParts } from "../parts.ts";
import { type CallContext, callerOf } from "./caller.ts";
import {
  acceptBatch,
  acceptOne,
  type CheckedBatch,
  type CollectSender,
  checkBatch,
  collectOne,
  invalidEvent,
} from "./collect.ts";
import { collectStream, type StreamBatch } from "./collect-stream.ts";
import { type LargeBatches, largeBatches } from "./large-batch.ts";

/** What the methods need. */
export type IngestParts = Pick<EdgeParts, "ingest" | "eventLimits" | "shares" | "doors">;

type CollectEventsResponseInit = MessageInitShape<typeof CollectEventsResponseSchema>;

/** The unary methods take no signal: an event that is being written can no longer be called back. */
export interface IngestMethods {
  /** The original's. A `created_at` that is no timestamp means the time of receipt, as it did there. */
  collectLegacyEvent(
    request: EventRequest,
    sender: CollectSender,
  ): Promise<MessageInitShape<typeof EventResponseSchema>>;
  collectEvent(
    request: CollectEventRequest,
    sender: CollectSender,
  ): Promise<MessageInitShape<typeof CollectEventResponseSchema>>;
  collectEvents(request: CollectEventsRequest, sender: CollectSender): Promise<CollectEventsResponseInit>;
  /** The same for a batch that has been decoded and checked. */
  collectChecked(batch: CheckedBatch, sender: CollectSender): Promise<CollectEventsResponseInit>;
  collectStream(
    requests: AsyncIterable<CollectStreamRequest>,
    context: CallContext,
  ): AsyncGenerator<MessageInitShape<typeof CollectStreamResponseSchema>>;
}

/** The methods, over a port that accepts events. */
export function createIngestMethods(parts: IngestParts): IngestMethods {
  const { eventLimits } = parts;

  async function collectChecked(
    batch: CheckedBatch,
    sender: CollectSender,
  ): Promise<CollectEventsResponseInit> {
    if (batch.size === 0) {
      const message = "must not be empty";
      throw new MarsError("invalid_argument", `events ${message}`, {
        problems: [{ field: "events", message }],
      });
    }
    eventLimits.charge(sender, batch.events, batch.size);
    const result = await acceptBatch(parts, batch, sender);
    if (result.accepted === 0) throw invalidEvent({ ...batch.problems, list: result.errors }, batch.size);
    return result;
  }

  return {
    async collectLegacyEvent(request, sender) {
      const receivedAt = receipts.next();
      const createdAt = parseTime(request.createdAt);
      const problems: Problems = { list: [], sender: sender.identity };
      const input = { app_id: request.appId, message_id: request.messageId, event: request.event };
      const micros = typeof createdAt === "number" ? createdAt : receivedAt;
      const event = checkEvent(input, receivedAt, problems, micros);
      if (event === undefined) throw invalidEvent(problems);
      await acceptOne(parts, event, sender);
      return { success: true };
    },

    async collectEvent(request, sender) {
      return { seq: BigInt(await collectOne(parts, request, sender)) };
    },

    async collectEvents(request, sender) {
      return collectChecked(checkBatch(request.events, sender.identity), sender);
    },

    collectChecked,

    async *collectStream(requests, context) {
      const caller = callerOf(context);
      const { streams } = parts.shares;
      const lease = streams.take(caller.peer);
      if (lease === undefined) throw streams.full("streams", caller.peer);
      try {
        yield* collectStream(parts, withLarge(requests, context.values.get(largeBatches)), caller);
      } finally {
        lease.release();
      }
    },
  };
}

/** The requests in their order, with the batches of those that were too large to be decoded as a whole. */
async function* withLarge(
  requests: AsyncIterable<CollectStreamRequest>,
  large: LargeBatches,
): AsyncGenerator<StreamBatch> {
  let index = 0;
  for await (const request of requests) {
    const checked = large.get(index);
    large.delete(index++);
    yield checked === undefined ? request : { ...request, checked };
  }
}
