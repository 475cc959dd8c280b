/** The outermost fields of a protobuf message, found without decoding it. https://protobuf.dev/programming-guides/encoding */

/** Where a field is. */
export interface ProtoField {
  readonly number: number;
  readonly wireType: number;
  /** Of its tag. */
  readonly start: number;
  /** Of its value; behind the length, where there is one. */
  readonly valueStart: number;
  readonly end: number;
}

/** A value with its length before it: a text, bytes, a message, packed numbers. */
export const lengthDelimited = 2;

/** The field at this place. Throws `Error` for bytes that are no protobuf message, and for the groups of proto2. */
export function fieldAt(bytes: Uint8Array, start: number): ProtoField {
  const tag = varintAt(bytes, start);
  const number = Math.floor(tag.value / 8);
  const wireType = tag.value % 8;
  if (number === 0) throw new Error("invalid field number 0");
  const { valueStart, end } = valueAt(bytes, tag.end, wireType);
  if (end > bytes.byteLength) throw new Error("premature end");
  return { number, wireType, start, valueStart, end };
}

function valueAt(bytes: Uint8Array, at: number, wireType: number): { valueStart: number; end: number } {
  switch (wireType) {
    case 0:
      return { valueStart: at, end: varintAt(bytes, at).end };
    case 1:
      return { valueStart: at, end: at + 8 };
    case lengthDelimited: {
      const length = varintAt(bytes, at);
      return { valueStart: length.end, end: length.end + length.value };
    }
    case 5:
      return { valueStart: at, end: at + 4 };
    default:
      throw new Error(`cannot skip wire type ${wireType}`);
  }
}

/** Exact up to 2^53, more than any length or tag. */
function varintAt(bytes: Uint8Array, start: number): { value: number; end: number } {
  let value = 0;
  let factor = 1;
  for (let at = start; at < start + 10; at++) {
    const byte = bytes[at];
    if (byte === undefined) throw new Error("premature end");
    value += (byte & 0x7f) * factor;
    if (byte < 0x80) return { value, end: at + 1 };
    factor *= 128;
  }
  throw new Error("invalid varint");
}
