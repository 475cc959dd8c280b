/**
 * Decodes a large batch of events chunk by chunk, in turns of the event loop: in protobuf or JSON, decoding a
 * message of some megabytes at once would hold up all other requests for a second.
 */

import { fromBinary, fromJson, type JsonValue } from "@bufbuild/protobuf";
import { Code, ConnectError, createContextKey } from "@connectrpc/connect";
import { MarsError } from "../../core/error.ts";
import { eventBounds } from "../../core/event-bounds.ts";
import { eventBodyBytesMax } from "../../core/limits.ts";
import type { Sender } from "../../core/validate.ts";
import { EventSchema } from "../../gen/mars/v1/event_pb.ts";
import { parseJson } from "../json.ts";
import { chunkElements } from "../json-chunks.ts";
import type { Turns } from "../turns.ts";
import { CheckedBatch } from "./collect.ts";
import { undecodableError } from "./error.ts";
import { fieldAt, lengthDelimited } from "./proto-fields.ts";

/** The batches of a call that were decoded here, by the index of their request. */
export type LargeBatches = Map<number, CheckedBatch>;

/** Under this key a call has its batches in its context. */
export const largeBatches = createContextKey<LargeBatches>(new Map(), { description: "large batches" });

export interface LargeBatchOptions {
  readonly turns: Turns;
  readonly sender: Sender;
}

/** A request that was decoded in turns. */
export interface LargeBatch {
  readonly batch: CheckedBatch;
  /** The request without its events, in the same format. */
  readonly rest: Uint8Array;
}

/** The bytes that are decoded in one turn; longer messages than this are decoded here. */
export const chunkBytesMax = eventBodyBytesMax;
const chunkElementsMax = 1_000;
/** The bytes of a request beside its events: an id. Longer fields are unknown ones. */
const restBytesMax = 256;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Decodes and checks a message with a repeated `mars.v1.Event events`. Rejects with INVALID_ARGUMENT for another
 * message, `too_large` for too many events. An event that is too long or nests too deep is refused alone.
 *
 * @param eventsField the number of the field
 */
export async function readBinaryBatch(
  bytes: Uint8Array,
  eventsField: number,
  { turns, sender }: LargeBatchOptions,
): Promise<LargeBatch> {
  const batch = new CheckedBatch(sender);
  const rest: Uint8Array[] = [];
  let restBytes = 0;
  let turnEnd = 0;
  let turnCount = 0;
  for (let at = 0; at < bytes.byteLength; ) {
    if (at >= turnEnd || ++turnCount > chunkElementsMax) {
      turnEnd = at + chunkBytesMax;
      turnCount = 0;
      await turns.spend(chunkBytesMax);
    }
    const field = decoded(() => fieldAt(bytes, at));
    at = field.end;
    const length = field.end - field.valueStart;
    if (field.number !== eventsField || field.wireType !== lengthDelimited) {
      if (restBytes + length > restBytesMax) continue;
      const other = bytes.subarray(field.start, field.end);
      rest.push(other);
      restBytes += other.byteLength;
    } else if (length > eventBounds.bodyBytesMax) {
      batch.refuse(`must be at most ${eventBounds.bodyBytesMax} bytes, has ${length}`);
    } else {
      const event = bytes.subarray(field.valueStart, field.end);
      batch.add(decoded(() => fromBinary(EventSchema, event, { readUnknownFields: false })));
    }
  }
  return { batch, rest: Buffer.concat(rest) };
}

/** The same for the JSON of such a message. */
export async function readJsonBatch(
  bytes: Uint8Array,
  { turns, sender }: LargeBatchOptions,
): Promise<LargeBatch> {
  const batch = new CheckedBatch(sender);
  const chunks = chunkElements(bytes, {
    member: "events",
    elementBytesMax: eventBounds.bodyBytesMax,
    chunkBytesMax,
    chunkElementsMax,
  });
  for (let next = chunks.next(); ; next = chunks.next()) {
    if (next.done) return { batch, rest: next.value };
    const { start, end, count, refused } = next.value;
    if (count === 0) batch.clear();
    else if (refused !== undefined) batch.refuse(refused);
    else {
      await turns.spend(end - start);
      const elements = elementsOf(bytes.subarray(start, end));
      if (elements.length !== count) throw new MarsError("malformed", "an element is missing");
      for (const element of elements) batch.add(eventOf(element));
    }
  }
}

function elementsOf(bytes: Uint8Array): readonly JsonValue[] {
  try {
    return parseJson(`[${utf8.decode(bytes)}]`) as readonly JsonValue[];
  } catch (error) {
    throw ConnectError.from(error, Code.InvalidArgument);
  }
}

function eventOf(element: JsonValue) {
  try {
    return fromJson(EventSchema, element, { ignoreUnknownFields: true });
  } catch (error) {
    throw ConnectError.from(error, Code.InvalidArgument);
  }
}

function decoded<T>(decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    throw undecodableError(error);
  }
}
