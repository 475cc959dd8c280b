/**
 * Scans the bytes of a segment after a stop, a crash or worse: finds its whole records, and whether the rest was left by a
 * crash or is damage.
 *
 * A crash cuts off the last write, which is not acknowledged yet. Of a record that is being written any disk sectors
 * may be missing, and those are zeros then; text has no zeros. So a record that is broken and yet complete was complete
 * once, and has been damaged. Other signs distinguish the two: the length of the file, which is on disk before anything is written
 * there; whole records behind a broken one; and the mark (`journal-mark.ts`).
 */
import {
  bodyOf,
  headAt,
  headerBytes,
  isWhole,
  type JournalRecord,
  recordHeadBytes,
  type SegmentHeader,
  sectorBytes,
} from "./journal-record.ts";

/** The findings of a scan. */
export interface SegmentScan {
  /** Behind its last whole record. */
  readonly end: number;
  /** The last seq of that record; the one before the segment while it has none. */
  readonly lastSeq: number;
  readonly events: number;
  /**
   * Bytes from `end` on, up to the last one that is not zero: a write that was cut off, or one that failed and was
   * followed by a new segment.
   */
  readonly rest: number;
  /** Why the rest is neither; empty when it is. */
  readonly damage: string;
}

/**
 * Called with each whole record of a segment: its first seq, and up to `lookBytesMax` bytes of the beginning of its body. What it
 * throws, the scan throws.
 */
export type LookAtRecord = (firstSeq: number, beginning: string) => void;

const lookBytesMax = 64;

/**
 * @param bytes of the whole file
 * @param next where the next segment begins; `undefined` for the last segment
 */
export function scanSegment(
  bytes: Buffer,
  header: SegmentHeader,
  next: number | undefined,
  look?: LookAtRecord,
): SegmentScan {
  const { salt } = header;
  let end = headerBytes;
  let lastSeq = header.after;
  let events = 0;
  for (let head = headAt(salt, bytes, end); head !== undefined; head = headAt(salt, bytes, end)) {
    // Beyond: its write had failed, though it is there, and its seqs were used again in the next segment.
    if (head.firstSeq <= lastSeq || (next !== undefined && head.lastSeq > next)) break;
    if (!isWhole(salt, bytes, end, head)) break;
    const body = end + recordHeadBytes;
    look?.(head.firstSeq, bytes.toString("latin1", body, Math.min(body + lookBytesMax, end + head.bytes)));
    lastSeq = head.lastSeq;
    events += head.lastSeq - head.firstSeq + 1;
    end += head.bytes;
  }
  const rest = lengthWithoutZeros(bytes, end);
  const found = { end, lastSeq, events, rest };
  if (next !== undefined) {
    if (header.upTo === next || lastSeq === next) return { ...found, damage: "" };
    return { ...found, damage: `the records end at seq ${lastSeq}, the next segment begins behind ${next}` };
  }
  if (bytes.length === 0 || bytes.length % header.granule !== 0)
    return { ...found, damage: `the file is cut off: it has ${bytes.length} bytes` };
  return { ...found, damage: rest === 0 ? "" : damageOf(bytes, salt, end) };
}

/** All whole records from byte `from` on, also behind damaged bytes, with rising seqs beyond `after`. */
export function* wholeRecords(
  bytes: Buffer,
  { salt, from, after }: { readonly salt: number; readonly from: number; readonly after: number },
): Generator<JournalRecord> {
  const mark = Buffer.alloc(4);
  mark.writeUInt32LE(salt);
  let lastSeq = after;
  for (let at = bytes.indexOf(mark, from); at >= 0; ) {
    const head = headAt(salt, bytes, at);
    const whole = head !== undefined && head.firstSeq > lastSeq && isWhole(salt, bytes, at, head);
    if (whole) {
      yield { firstSeq: head.firstSeq, lastSeq: head.lastSeq, body: bodyOf(bytes, at, head) };
      lastSeq = head.lastSeq;
    }
    at = bytes.indexOf(mark, whole ? at + head.bytes : at + 1);
  }
}

/** The salt of a segment whose headers are gone: that of its first record. */
export function saltOf(bytes: Buffer): number | undefined {
  if (bytes.length < headerBytes + recordHeadBytes) return undefined;
  const salt = bytes.readUInt32LE(headerBytes);
  return headAt(salt, bytes, headerBytes) === undefined ? undefined : salt;
}

/** Why what begins at `end` is no write that was cut off; empty when it is one. */
function damageOf(bytes: Buffer, salt: number, end: number): string {
  const head = headAt(salt, bytes, end);
  if (head !== undefined && isWhole(salt, bytes, end, head))
    return "the seqs of a record do not follow those before it";
  if (wholeRecords(bytes, { salt, from: end + 1, after: 0 }).next().done !== true)
    return "whole records follow one that is not as it was written";
  if (bytes.length - end < recordHeadBytes) return "a record is cut off by the end of the file";
  if (head === undefined) {
    const cutOff = bytes[end] === 0 || bytes[end + recordHeadBytes - 1] === 0;
    return cutOff ? "" : "the head of a record is not as it was written";
  }
  if (end + head.bytes > bytes.length) return "a record is cut off by the end of the file";
  return hasUnwritten(bytes, end, end + head.bytes) ? "" : "the text of a record is not as it was written";
}

/** Whether a sector's bytes of the record, or its last byte, was not written: of a text no byte is zero. */
function hasUnwritten(bytes: Buffer, start: number, end: number): boolean {
  if (bytes[end - 1] === 0) return true;
  for (let from = start; from < end; ) {
    const to = Math.min(end, (Math.floor(from / sectorBytes) + 1) * sectorBytes);
    if (isZero(bytes.subarray(from, to))) return true;
    from = to;
  }
  return false;
}

const zeros = Buffer.alloc(64 * 1024);

/** Whether nothing was ever written there. */
export function isZero(bytes: Buffer): boolean {
  for (let at = 0; at < bytes.length; at += zeros.length) {
    const part = bytes.subarray(at, at + zeros.length);
    if (!part.equals(zeros.subarray(0, part.length))) return false;
  }
  return true;
}

/** How many bytes from `start` on there are up to the last one that is not zero. */
function lengthWithoutZeros(bytes: Buffer, start: number): number {
  let end = bytes.length;
  while (end - start > zeros.length && isZero(bytes.subarray(end - zeros.length, end))) end -= zeros.length;
  while (end > start && bytes[end - 1] === 0) end -= 1;
  return end - start;
}
