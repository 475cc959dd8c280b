/**
 * Cuts a large document such as `{"events":[…]}` into chunks of whole elements, so that it is parsed piece by piece and
 * never as a whole. One pass over the bytes, without building a value.
 */
import { MarsError } from "../core/error.ts";
import { jsonDepthMax } from "../core/json-depth.ts";

/** A run of consecutive elements, with the commas between them and without those around them. */
export interface ElementChunk {
  readonly start: number;
  readonly end: number;
  /** How many elements a valid document has here; 0 where the array begins once more, and the last one counts. */
  readonly count: number;
  /** One element that is not to be parsed: why. */
  readonly refused?: string;
}

export interface ChunkOptions {
  /** The array's name in the document's object. */
  readonly member: string;
  readonly elementBytesMax: number;
  /** A chunk is closed when it has as many. */
  readonly chunkBytesMax: number;
  readonly chunkElementsMax: number;
}

/** The bound on a document's bytes beside its elements. */
const restBytesMax = 64 * 1024;
/** A name whose characters are all escaped has six bytes for each. */
const escapedBytesMax = 6;

const quote = 0x22;
const comma = 0x2c;
const openBracket = 0x5b;
const backslash = 0x5c;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;
/** Space, tab, line feed, carriage return. */
const blanks: readonly number[] = [0x20, 0x09, 0x0a, 0x0d];

/** The bytes that mean something outside a string; most bytes are none of these. */
const structural = new Uint8Array(256);
for (const byte of [quote, comma, openBracket, closeBracket, openBrace, closeBrace]) structural[byte] = 1;

/**
 * Yields the chunks in their order and returns the rest: the document with nothing in the arrays that were cut. The
 * document is valid JSON exactly when the rest is and each chunk, in brackets, is an array of `count` elements; only
 * refused elements are not known.
 *
 * @throws `MarsError("too_large")` when there is too much beside the elements
 */
export function* chunkElements(
  bytes: Uint8Array,
  options: ChunkOptions,
): Generator<ElementChunk, Uint8Array> {
  const rest = new Uint8Array(restBytesMax);
  const outside = { depth: 0, nameStart: 0, nameEnd: 0 };
  let restBytes = 0;
  let from = 0;
  for (let arrays = 0; ; arrays++) {
    const limit = Math.min(bytes.length, from + restBytesMax - restBytes);
    const open = findArray(bytes, { from, limit }, outside, options.member);
    const to = open === -1 ? limit : open + 1;
    rest.set(bytes.subarray(from, to), restBytes);
    restBytes += to - from;
    if (open === -1) {
      if (limit === bytes.length) return rest.subarray(0, restBytes);
      const message = `body must have at most ${restBytesMax} bytes beside its "${options.member}"`;
      throw new MarsError("too_large", message);
    }
    if (arrays > 0) yield { start: to, end: to, count: 0 };
    from = yield* chunkArray(bytes, to, options);
  }
}

/** Where the next array by that name begins; -1 when there is none before `limit`. */
function findArray(
  bytes: Uint8Array,
  { from, limit }: { from: number; limit: number },
  outside: { depth: number; nameStart: number; nameEnd: number },
  member: string,
): number {
  for (let at = from; at < limit; at++) {
    const byte = bytes[at]!;
    if (structural[byte] === 0) continue;
    if (byte === quote) {
      if (outside.depth === 1) outside.nameStart = at;
      at = endOfString(bytes, at);
      if (outside.depth === 1) outside.nameEnd = at + 1;
    } else if (byte === openBracket || byte === openBrace) {
      outside.depth++;
      if (outside.depth === 2 && byte === openBracket && isNamed(bytes, outside, member)) return at;
    } else if (byte !== comma) {
      outside.depth--;
    }
  }
  return -1;
}

function isNamed(
  bytes: Uint8Array,
  { nameStart, nameEnd }: { nameStart: number; nameEnd: number },
  member: string,
): boolean {
  if (nameEnd - nameStart > 2 + member.length * escapedBytesMax) return false;
  try {
    return JSON.parse(Buffer.from(bytes.subarray(nameStart, nameEnd)).toString("latin1")) === member;
  } catch {
    // No string: the rest will not parse either, and its parser reports that.
    return false;
  }
}

/** @returns where the array ends: at its bracket, or at the end of a document that is cut off */
function* chunkArray(
  bytes: Uint8Array,
  start: number,
  { elementBytesMax, chunkBytesMax, chunkElementsMax }: ChunkOptions,
): Generator<ElementChunk, number> {
  const element = { end: start - 1, levels: 0 };
  let chunkStart = start;
  let chunkEnd = start;
  let count = 0;
  for (let last = false; !last; ) {
    const elementStart = element.end + 1;
    findEnd(bytes, elementStart, element);
    const { end, levels } = element;
    last = bytes[end] !== comma;
    if (last && elementStart === start && isBlank(bytes, start, end)) return end;
    const refused = refusal(end - elementStart, levels, elementBytesMax);
    if (refused === undefined) {
      if (count++ === 0) chunkStart = elementStart;
      chunkEnd = end;
    }
    const full = count >= chunkElementsMax || end - chunkStart >= chunkBytesMax;
    if (count > 0 && (last || full || refused !== undefined)) {
      yield { start: chunkStart, end: chunkEnd, count };
      count = 0;
    }
    if (refused !== undefined) yield { start: elementStart, end, count: 1, refused };
  }
  return element.end;
}

function refusal(length: number, levels: number, elementBytesMax: number): string | undefined {
  if (length > elementBytesMax) return `must be at most ${elementBytesMax} bytes, has ${length}`;
  return levels > jsonDepthMax ? `must not nest deeper than ${jsonDepthMax} levels` : undefined;
}

/** Finds the comma or bracket that ends the element, and how deep the element nests. */
function findEnd(bytes: Uint8Array, from: number, element: { end: number; levels: number }): void {
  let depth = 0;
  let levels = 0;
  let at = from;
  for (; at < bytes.length; at++) {
    const byte = bytes[at]!;
    if (structural[byte] === 0) continue;
    if (byte === quote) {
      at = endOfString(bytes, at);
    } else if (byte === openBracket || byte === openBrace) {
      if (++depth > levels) levels = depth;
    } else if (byte === comma) {
      if (depth === 0) break;
    } else if (depth-- === 0) {
      break;
    }
  }
  element.end = Math.min(at, bytes.length);
  element.levels = levels;
}

/** The place of the closing quote; beyond the bytes when there is none. */
function endOfString(bytes: Uint8Array, start: number): number {
  let at = start + 1;
  for (let byte = bytes[at]; byte !== undefined && byte !== quote; byte = bytes[++at]) {
    if (byte === backslash) at++;
  }
  return at;
}

function isBlank(bytes: Uint8Array, start: number, end: number): boolean {
  return bytes.subarray(start, end).every((byte) => blanks.includes(byte));
}
