/** The two messages of `CollectEvent` in protobuf's encoding (https://protobuf.dev/programming-guides/encoding). */
import type { BenchEvent } from "./bench-event.ts";

/** Of `CollectEventRequest` and of `google.protobuf.Timestamp`. */
const fields = { appId: 1, messageId: 2, event: 3, createdAt: 4, eventId: 5, seconds: 1, nanos: 2 } as const;
const varintType = 0;
const bytesType = 2;

export function collectEventRequest({ app_id, message_id, event, event_id, created_at }: BenchEvent): Buffer {
  const ms = Date.parse(created_at);
  const time = Buffer.from([
    ...tag(fields.seconds, varintType),
    ...varint(Math.floor(ms / 1_000)),
    ...tag(fields.nanos, varintType),
    ...varint((ms % 1_000) * 1e6),
  ]);
  return Buffer.concat([
    ...bytesOf(fields.appId, Buffer.from(app_id)),
    ...bytesOf(fields.messageId, Buffer.from(message_id)),
    ...bytesOf(fields.event, Buffer.from(event)),
    ...bytesOf(fields.createdAt, time),
    ...bytesOf(fields.eventId, Buffer.from(event_id)),
  ]);
}

/** Of a `CollectEventResponse`, whose only field it is. */
export function seqOfResponse(message: Buffer): number {
  let [seq, factor] = [0, 1];
  for (const byte of message.subarray(1)) {
    seq += (byte & 0x7f) * factor;
    factor *= 128;
    if (byte < 0x80) break;
  }
  return seq;
}

function bytesOf(field: number, bytes: Buffer): Buffer[] {
  return [Buffer.from([...tag(field, bytesType), ...varint(bytes.length)]), bytes];
}

function tag(field: number, type: number): number[] {
  return [(field << 3) | type];
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  return [...bytes, rest];
}
