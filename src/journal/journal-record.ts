/**
 * The bytes of a journal segment: a header, written twice, then one record for each commit, one after another.
 *
 *     header   "marsjrnl", format u32, salt u32, number u32, granule u32, after u64, up to u64, journal id (36 bytes of
 *              text), crc32 u32; a second copy in the next disk sector
 *     record   salt u32, body length u32, first seq u64, last seq u64, crc32 of the body u32, crc32 of the head u32,
 *              salt u32, body (UTF-8, no NUL)
 *
 * Numbers are little-endian. The salt is random and a segment's own, and none of its bytes is zero: no client can put
 * together bytes that pass for a record. A file's length is a multiple of its granule and on disk before a record is
 * written there, and bytes behind the last record are zeros. So a write that a crash has cut off leaves zeros, and damage
 * does not: see `journal-scan.ts`.
 */
import { crc32 } from "node:zlib";

/** Later formats get other numbers, and a reader for each stays: a journal may outlive the Mars that wrote it. */
const format = 2;
const magic = "marsjrnl";
const idBytes = 36;
const headerCrcAt = 40 + idBytes;
const headerCopyBytes = headerCrcAt + 4;

/** Bytes that a disk writes as a whole. */
export const sectorBytes = 512;
/** Both copies of the header, each in a sector of its own. */
export const headerBytes = 2 * sectorBytes;
/** Before the body of a record: salt, length, first and last seq, the checksums of body and head, and the salt again. */
export const recordHeadBytes = 36;

/** The events of one commit. */
export interface JournalRecord {
  readonly firstSeq: number;
  readonly lastSeq: number;
  /** The events as text, which the segments do not look into: see `journal-format.ts`. */
  readonly body: string;
}

/** The beginning of a segment: which one it is, and where it stands in the sequence. */
export interface SegmentHeader {
  readonly salt: number;
  /** Of the journal's segments, counted from 1; so two that begin behind the same seq differ. */
  readonly number: number;
  /** The length of the file is a multiple of this until the segment has a successor. */
  readonly granule: number;
  /** The last seq that was assigned before this segment began; its records are all beyond. */
  readonly after: number;
  /** Where the next segment begins, where records up to there have been lost; else 0. */
  readonly upTo: number;
  /** Names the journal; the same in all of its segments. */
  readonly id: string;
}

/** A salt without a zero byte, also after any one of its bits has flipped. */
export function newSalt(): number {
  const [random = 0] = crypto.getRandomValues(new Uint32Array(1));
  return (random | 0x81818181) >>> 0;
}

/** `headerBytes` bytes: the header and its copy. */
export function encodeHeader({ salt, number, granule, after, upTo, id }: SegmentHeader): Buffer {
  const bytes = Buffer.alloc(headerBytes);
  bytes.write(magic, 0, "latin1");
  bytes.writeUInt32LE(format, 8);
  bytes.writeUInt32LE(salt, 12);
  bytes.writeUInt32LE(number, 16);
  bytes.writeUInt32LE(granule, 20);
  bytes.writeBigUInt64LE(BigInt(after), 24);
  bytes.writeBigUInt64LE(BigInt(upTo), 32);
  bytes.write(id, 40, idBytes, "latin1");
  bytes.writeUInt32LE(crc32(bytes.subarray(0, headerCrcAt)), headerCrcAt);
  bytes.copy(bytes, sectorBytes, 0, headerCopyBytes);
  return bytes;
}

/**
 * Reads the first copy that is whole.
 *
 * @returns `undefined` where neither is. Throws for one of another format.
 */
export function decodeHeader(bytes: Buffer): SegmentHeader | undefined {
  return decodeCopy(bytes.subarray(0, sectorBytes)) ?? decodeCopy(bytes.subarray(sectorBytes, headerBytes));
}

function decodeCopy(bytes: Buffer): SegmentHeader | undefined {
  if (bytes.length < headerCopyBytes || bytes.toString("latin1", 0, 8) !== magic) return undefined;
  if (bytes.readUInt32LE(headerCrcAt) !== crc32(bytes.subarray(0, headerCrcAt))) return undefined;
  const written = bytes.readUInt32LE(8);
  if (written !== format) {
    throw new Error(`the journal has a segment of format ${written}, this Mars reads ${format}: upgrade it`);
  }
  return {
    salt: bytes.readUInt32LE(12),
    number: bytes.readUInt32LE(16),
    granule: bytes.readUInt32LE(20),
    after: Number(bytes.readBigUInt64LE(24)),
    upTo: Number(bytes.readBigUInt64LE(32)),
    id: bytes.toString("latin1", 40, 40 + idBytes),
  };
}

/** @param salt of the segment, so that a record of another one is never taken for one of this */
export function encodeRecord(salt: number, { firstSeq, lastSeq, body }: JournalRecord): Buffer {
  const bodyBytes = Buffer.byteLength(body);
  const bytes = Buffer.allocUnsafe(recordHeadBytes + bodyBytes);
  bytes.writeUInt32LE(salt, 0);
  bytes.writeUInt32LE(bodyBytes, 4);
  bytes.writeBigUInt64LE(BigInt(firstSeq), 8);
  bytes.writeBigUInt64LE(BigInt(lastSeq), 16);
  bytes.write(body, recordHeadBytes, "utf8");
  bytes.writeUInt32LE(crc32(bytes.subarray(recordHeadBytes), salt), 24);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 28), salt), 28);
  bytes.writeUInt32LE(salt, 32);
  return bytes;
}

/** A record's place in a segment's bytes. */
export interface RecordHead {
  readonly firstSeq: number;
  readonly lastSeq: number;
  /** Of the whole record, its head included. */
  readonly bytes: number;
}

/** The head of the record at `offset`; `undefined` where none begins, or it is not as it was written. */
export function headAt(salt: number, bytes: Buffer, offset: number): RecordHead | undefined {
  if (bytes.length - offset < recordHeadBytes || bytes.readUInt32LE(offset) !== salt) return undefined;
  if (bytes.readUInt32LE(offset + 32) !== salt) return undefined;
  if (bytes.readUInt32LE(offset + 28) !== crc32(bytes.subarray(offset, offset + 28), salt)) return undefined;
  return {
    firstSeq: Number(bytes.readBigUInt64LE(offset + 8)),
    lastSeq: Number(bytes.readBigUInt64LE(offset + 16)),
    bytes: recordHeadBytes + bytes.readUInt32LE(offset + 4),
  };
}

/** Whether the record is there to its end, and as it was written. */
export function isWhole(salt: number, bytes: Buffer, offset: number, head: RecordHead): boolean {
  const body = bytes.subarray(offset + recordHeadBytes, offset + head.bytes);
  return (
    body.length === head.bytes - recordHeadBytes && bytes.readUInt32LE(offset + 24) === crc32(body, salt)
  );
}

/** The body of the record at `offset`, which `isWhole` has found whole. */
export function bodyOf(bytes: Buffer, offset: number, head: RecordHead): string {
  return bytes.toString("utf8", offset + recordHeadBytes, offset + head.bytes);
}
