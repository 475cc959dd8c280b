/** The events that are sent: five a message, ids random and distinct, all derived from a counter. */
import { create, toBinary } from "@bufbuild/protobuf";
import { EventSchema } from "../src/gen/mars/v1/event_pb.ts";
import {
  CollectEventsRequestSchema,
  CollectStreamRequestSchema,
} from "../src/gen/mars/v1/ingest_service_pb.ts";

export const stages = ["CREATED", "ACCEPTED", "QUEUED", "SENT", "DELIVERED"] as const;
export const eventsPerMessage = stages.length;

/** The byte length of `messageId`, always the same, so that ids can be overwritten in place. */
const digits = 10;

/**
 * The id of message `n`: it begins with a hash of `n`, so that neighbours in time are far apart in any index.
 * `run` is six characters that no other run has.
 */
export function messageId(n: number, run: string): string {
  return `${mix(n).toString(16).padStart(8, "0")}-${run}-${String(n).padStart(digits, "0")}`;
}

/** Six characters for `messageId`. */
export function newRun(): string {
  return crypto.randomUUID().slice(0, 6);
}

/** Makes the body with the messages from `first` on. The buffer is the same every time: use it before the next call. */
export type Body = (first: number) => Buffer;

/**
 * Creates bodies of one shape. Encoding hundreds of events takes longer than Mars may take for them, so they are encoded
 * once, and for every body only the ids in the bytes are replaced.
 */
export function createBody(
  encode: (ids: readonly string[]) => Uint8Array,
  { messages, run }: { readonly messages: number; readonly run: string },
): Body {
  const ids = Array.from({ length: messages }, (_, n) => messageId(n, run));
  const bytes = Buffer.from(encode(ids));
  const places = ids.map((id) => {
    const found: number[] = [];
    for (let at = bytes.indexOf(id); at >= 0; at = bytes.indexOf(id, at + id.length)) found.push(at);
    return found;
  });
  return (first) => {
    places.forEach((found, n) => {
      const id = messageId(first + n, run);
      for (const at of found) bytes.write(id, at, "latin1");
    });
    return bytes;
  };
}

/** `{"events":[…]}`, five of each message. */
export function encodeBulk(ids: readonly string[]): Uint8Array {
  const events = ids.flatMap((id) => stages.map((stage, n) => eventJson(id, stage, n)));
  return Buffer.from(`{"events":[${events.join(",")}]}`);
}

/** One event as REST takes it. */
export function eventJson(id: string, stage: string, n: number): string {
  return `{"app_id":"bench","message_id":"${id}","event":"${stage}","created_at":"2026-01-01T00:00:00.00000${n}Z"}`;
}

/** A gRPC frame with a `CollectEventsRequest`, five events of each message. */
export function encodeCollectEvents(ids: readonly string[]): Uint8Array {
  const request = create(CollectEventsRequestSchema, { events: protoEvents(ids) });
  return grpcFrame(toBinary(CollectEventsRequestSchema, request));
}

/** The gRPC frames of a whole `CollectStream` call: batches of `batchMessages`, one after the other. */
export function encodeCollectStream(ids: readonly string[], batchMessages: number): Uint8Array {
  const frames: Uint8Array[] = [];
  for (let at = 0; at < ids.length; at += batchMessages) {
    const events = protoEvents(ids.slice(at, at + batchMessages));
    const batch = create(CollectStreamRequestSchema, { batchId: BigInt(at), events });
    frames.push(grpcFrame(toBinary(CollectStreamRequestSchema, batch)));
  }
  return Buffer.concat(frames);
}

/** Five bytes of head, then the message. https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md */
export function grpcFrame(message: Uint8Array): Buffer {
  const frame = Buffer.alloc(5 + message.length);
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, 5);
  return frame;
}

function protoEvents(ids: readonly string[]) {
  const seconds = BigInt(Date.UTC(2026, 0, 1) / 1000);
  return ids.flatMap((messageId) =>
    stages.map((event, n) =>
      create(EventSchema, { appId: "bench", messageId, event, createdAt: { seconds, nanos: n * 1000 } }),
    ),
  );
}

/** The finalizer of MurmurHash3: every bit of `n` moves half of the answer's, and no two numbers share an answer. */
function mix(n: number): number {
  let h = n ^ (n >>> 16);
  h = Math.imul(h, 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
