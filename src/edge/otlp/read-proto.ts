/** Reads an OTLP request in protobuf record by record, in turns of the event loop: whole it would hold up all other requests. */
import { fromBinary } from "@bufbuild/protobuf";
import { MarsError } from "../../core/error.ts";
import { eventBodyBytesMax, recordBytesMax } from "../../core/limits.ts";
import { noAttributes } from "../../formats/otlp/record.ts";
import { ResourceSchema } from "../../gen/opentelemetry/proto/resource/v1/resource_pb.ts";
import { fieldAt, lengthDelimited, type ProtoField } from "../rpc/proto-fields.ts";
import { attributesFromProto } from "./proto-records.ts";
import type { Reading } from "./reading.ts";
import type { Signal } from "./signals.ts";

/** Of the request: the records of a resource. */
const resourcesField = 1;
/** Of these: the resource, and the records of a library. */
const resourceField = 1;
const scopesField = 2;
/** Of these: a record. The same in both signals, as are the others. */
const recordsField = 2;

/** Where a message lies in the request. */
interface Range {
  readonly start: number;
  readonly end: number;
}

/** Rejects with `MarsError` `malformed` for what is no request of this signal, and as `Reading.count` throws. */
export async function readOtlpProto(bytes: Uint8Array, signal: Signal, reading: Reading): Promise<void> {
  const { batch } = reading;
  const whole = { start: 0, end: bytes.byteLength };
  for (const resources of messagesIn(bytes, whole, resourcesField)) {
    await reading.spend(0);
    if (resources === undefined) continue;
    let attributes = noAttributes;
    for (const resource of messagesIn(bytes, resources, resourceField)) {
      await reading.spend(0);
      if (resource === undefined) continue;
      const size = resource.end - resource.start;
      if (size > eventBodyBytesMax) throw malformed(`a resource has ${size} bytes`);
      await reading.spend(size);
      const part = bytes.subarray(resource.start, resource.end);
      attributes = attributesFromProto(
        decoded(() => fromBinary(ResourceSchema, part, { readUnknownFields: false })).attributes,
      );
    }
    const context = reading.contextOf(attributes);
    for (const scope of messagesIn(bytes, resources, scopesField)) {
      await reading.spend(0);
      if (scope === undefined) continue;
      for (const record of messagesIn(bytes, scope, recordsField)) {
        const size = record === undefined ? 0 : record.end - record.start;
        await reading.spend(size);
        if (record === undefined) continue;
        if (size > recordBytesMax) batch.refuse("too_large");
        else decoded(() => signal.addProto(bytes.subarray(record.start, record.end), context, batch));
        reading.assertRoom();
      }
    }
  }
}

/** The messages of a repeated field, and `undefined` for each field that is another one. */
function* messagesIn(bytes: Uint8Array, { start, end }: Range, number: number): Generator<Range | undefined> {
  for (let at = start; at < end; ) {
    const field: ProtoField = decoded(() => fieldAt(bytes, at));
    if (field.end > end) throw malformed("premature end");
    at = field.end;
    const isMessage = field.number === number && field.wireType === lengthDelimited;
    yield isMessage ? { start: field.valueStart, end: field.end } : undefined;
  }
}

function decoded<T>(decode: () => T): T {
  try {
    return decode();
  } catch (cause) {
    throw cause instanceof MarsError
      ? cause
      : malformed(cause instanceof Error ? cause.message : String(cause));
  }
}

function malformed(reason: string): MarsError {
  return new MarsError("malformed", `body is no OTLP message in protobuf: ${reason}`);
}
