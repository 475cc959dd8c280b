/** The methods that take events in: the original's and those of `mars.v1.IngestService`. */
import type { MessageInitShape } from "@bufbuild/protobuf";
import { MarsError } from "../../event/error.ts";
import type { Ingest } from "../../event/ports.ts";
import { receipts } from "../../event/receipt.ts";
import { parseTime } from "../../event/time.ts";
import { checkEvent, type Problems } from "../../event/validate.ts";
import type { EventRequest, EventResponseSchema } from "../../gen/event_pb.ts";
import type {
  CollectEventRequest,
  CollectEventResponseSchema,
  CollectEventsRequest,
  CollectEventsResponseSchema,
  CollectStreamRequest,
  CollectStreamResponseSchema,
} from "../../gen/mars/v1/ingest_service_pb.ts";
import { collectBatch, collectOne, invalidEvent } from "./collect.ts";
import { collectStream } from "./collect-stream.ts";

/** What a method is told of its call. */
export interface CallContext {
  /** Aborts at the deadline, when the client gives up, and, for streams, when Mars stops; its reason is then thrown. */
  readonly signal: AbortSignal;
}

/** The unary methods take no context: an event that is being written can no longer be called back. */
export interface IngestMethods {
  /** The original's. A `created_at` that is no timestamp means the time of receipt, as it did there. */
  collectLegacyEvent(request: EventRequest): Promise<MessageInitShape<typeof EventResponseSchema>>;
  collectEvent(request: CollectEventRequest): Promise<MessageInitShape<typeof CollectEventResponseSchema>>;
  collectEvents(request: CollectEventsRequest): Promise<MessageInitShape<typeof CollectEventsResponseSchema>>;
  collectStream(
    requests: AsyncIterable<CollectStreamRequest>,
    context: CallContext,
  ): AsyncGenerator<MessageInitShape<typeof CollectStreamResponseSchema>>;
}

/** The methods, over whoever accepts events. */
export function createIngestMethods(ingest: Ingest): IngestMethods {
  return {
    async collectLegacyEvent(request) {
      const receivedAt = receipts.next();
      const createdAt = parseTime(request.createdAt);
      const problems: Problems = { list: [] };
      const input = { app_id: request.appId, message_id: request.messageId, event: request.event };
      const micros = typeof createdAt === "number" ? createdAt : receivedAt;
      const event = checkEvent(input, receivedAt, problems, micros);
      if (event === undefined) throw invalidEvent(problems);
      await ingest.accept([event]);
      return { success: true };
    },

    async collectEvent(request) {
      return { seq: BigInt(await collectOne(ingest, request)) };
    },

    async collectEvents(request) {
      if (request.events.length === 0) {
        const message = "must not be empty";
        throw new MarsError("invalid_argument", `events ${message}`, {
          problems: [{ field: "events", message }],
        });
      }
      const result = await collectBatch(ingest, request.events);
      if (result.accepted === 0) throw invalidEvent({ list: result.errors });
      return result;
    },

    collectStream(requests, context) {
      return collectStream(ingest, requests, context.signal);
    },
  };
}
