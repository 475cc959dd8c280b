/**
 * Encodes header blocks (RFC 7541) by the static table alone. Without entries of its own a block means the same on every connection,
 * so that blocks which are sent often are encoded once.
 */
import { staticIndex } from "./hpack-table.ts";

export type FieldList = readonly (readonly [name: string, value: string])[];

/**
 * Says that this end's table is empty, at the begin of its first block: after it no setting of the peer can make it smaller, which
 * would have to be confirmed each time (RFC 7541, 4.2).
 */
export const noTable: Uint8Array = Uint8Array.of(0x20);

/** @param fields names in lower case; a character of more than a byte is replaced */
export function encodeFields(fields: FieldList): Uint8Array {
  const bytes: number[] = [];
  for (const [name, value] of fields) {
    const { index, whole } = staticIndex(name, value);
    if (whole) {
      pushInteger(bytes, index, 7, 0x80);
      continue;
    }
    // Without indexing.
    pushInteger(bytes, index, 4, 0);
    if (index === 0) pushString(bytes, name);
    pushString(bytes, value);
  }
  return Uint8Array.from(bytes);
}

function pushString(bytes: number[], text: string): void {
  pushInteger(bytes, text.length, 7, 0);
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    bytes.push(code > 0xff ? 0x3f : code);
  }
}

function pushInteger(bytes: number[], value: number, prefixBits: number, pattern: number): void {
  const max = (1 << prefixBits) - 1;
  if (value < max) {
    bytes.push(pattern | value);
    return;
  }
  bytes.push(pattern | max);
  let rest = value - max;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest & 0x7f) | 0x80);
  bytes.push(rest);
}
