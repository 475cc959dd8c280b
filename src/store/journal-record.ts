/**
 * The bytes of a journal segment: a header, then one record for each group commit, one after another.
 *
 *     header   "marsjrnl", format u32, salt u32, after u64, journal id (36 bytes of text), crc32 u32
 *     record   salt u32, body length u32, crc32 u32, first seq u64, last seq u64, body (UTF-8)
 *
 * Numbers are little-endian. The salt is random and a segment's own: no client can put together bytes that pass for a
 * record, and what is left of a write that failed passes for none either.
 */
import { crc32 } from "node:zlib";
import type { JournalGroup } from "../event/ports.ts";

/** Later formats get other numbers, and a reader for each stays: a journal may outlive the Mars that wrote it. */
const format = 1;
const magic = "marsjrnl";
const idBytes = 36;
const headerCrcAt = 24 + idBytes;

export const headerBytes = headerCrcAt + 4;
const recordHeadBytes = 28;

export interface SegmentHeader {
  readonly salt: number;
  /** The last seq that was given out before this segment began; its records are all beyond. */
  readonly after: number;
  /** Names the journal; the same in all of its segments. */
  readonly id: string;
}

export function encodeHeader({ salt, after, id }: SegmentHeader): Buffer {
  const bytes = Buffer.alloc(headerBytes);
  bytes.write(magic, 0, "latin1");
  bytes.writeUInt32LE(format, 8);
  bytes.writeUInt32LE(salt, 12);
  bytes.writeBigUInt64LE(BigInt(after), 16);
  bytes.write(id, 24, idBytes, "latin1");
  bytes.writeUInt32LE(crc32(bytes.subarray(0, headerCrcAt)), headerCrcAt);
  return bytes;
}

/** @returns `undefined` for bytes that are no complete header. Throws for one that a newer Mars has written. */
export function decodeHeader(bytes: Buffer): SegmentHeader | undefined {
  if (bytes.length < headerBytes || bytes.toString("latin1", 0, 8) !== magic) return undefined;
  if (bytes.readUInt32LE(headerCrcAt) !== crc32(bytes.subarray(0, headerCrcAt))) return undefined;
  const written = bytes.readUInt32LE(8);
  if (written !== format) {
    throw new Error(`the journal has a segment of format ${written}, this Mars reads ${format}: upgrade it`);
  }
  return {
    salt: bytes.readUInt32LE(12),
    after: Number(bytes.readBigUInt64LE(16)),
    id: bytes.toString("latin1", 24, 24 + idBytes),
  };
}

export function encodeRecord(salt: number, { firstSeq, lastSeq, body }: JournalGroup): Buffer {
  const bodyBytes = Buffer.byteLength(body);
  const bytes = Buffer.allocUnsafe(recordHeadBytes + bodyBytes);
  bytes.writeUInt32LE(salt, 0);
  bytes.writeUInt32LE(bodyBytes, 4);
  bytes.writeBigUInt64LE(BigInt(firstSeq), 12);
  bytes.writeBigUInt64LE(BigInt(lastSeq), 20);
  bytes.write(body, recordHeadBytes, "utf8");
  bytes.writeUInt32LE(checksum(salt, bytes), 8);
  return bytes;
}

/** A record's place in a segment's bytes. */
interface RecordHead {
  readonly firstSeq: number;
  readonly lastSeq: number;
  /** Of the whole record, its head included. */
  readonly bytes: number;
}

/** The head of the record at `offset`, unchecked but for its salt; `undefined` where none begins or its head is cut off. */
export function headAt(salt: number, bytes: Buffer, offset: number): RecordHead | undefined {
  if (bytes.length - offset < recordHeadBytes || bytes.readUInt32LE(offset) !== salt) return undefined;
  return {
    firstSeq: Number(bytes.readBigUInt64LE(offset + 12)),
    lastSeq: Number(bytes.readBigUInt64LE(offset + 20)),
    bytes: recordHeadBytes + bytes.readUInt32LE(offset + 4),
  };
}

/** Whether the record is there to its end, and as it was written. */
export function isWhole(salt: number, bytes: Buffer, offset: number, head: RecordHead): boolean {
  const record = bytes.subarray(offset, offset + head.bytes);
  return record.length === head.bytes && record.readUInt32LE(8) === checksum(salt, record);
}

export function bodyOf(bytes: Buffer, offset: number, head: RecordHead): string {
  return bytes.toString("utf8", offset + recordHeadBytes, offset + head.bytes);
}

/** Over everything but itself, and begun with the salt. */
function checksum(salt: number, record: Buffer): number {
  return crc32(record.subarray(12), crc32(record.subarray(4, 8), salt));
}
