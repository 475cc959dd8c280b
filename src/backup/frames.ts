/**
 * The outside of a backup: Zstandard frames one after another (RFC 8878), and a seal behind them.
 *
 *     frame   up to `frameBytesMax` bytes of the tar archive, compressed, with its checksum
 *     seal    a skippable frame, which decompressors pass over: 0x184D2A5D u32, 40 u32, "marsback", and the SHA-256 of
 *             every byte before it
 *
 * So `tar` and `zstd` read the file as they read any `.tar.zst`, and no byte of it can change unnoticed. Frames are divided here,
 * and unpacked one at a time: the memory for reading is bounded for any file.
 */
import { createHash } from "node:crypto";
import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";

/** Of the archive, in one frame. */
export const frameBytesMax = 4 * 1024 * 1024;
/** Random bytes grow by less than this. */
const packedBytesMax = frameBytesMax + 64 * 1024;

const frameMagic = 0xfd2fb528;
const sealMagic = 0x184d2a5d;
const sealName = "marsback";
const digestBytes = 32;
const sealBytes = 8 + sealName.length + digestBytes;
/** The fastest: backups run beside the intake of events. */
const level = 1;

/** @param bytes at most `frameBytesMax` */
export function packFrame(bytes: Uint8Array): Buffer {
  return zstdCompressSync(bytes, {
    params: { [constants.ZSTD_c_compressionLevel]: level, [constants.ZSTD_c_checksumFlag]: 1 },
  });
}

/** @param digest SHA-256 of every byte before the seal */
export function sealOf(digest: Buffer): Buffer {
  const seal = Buffer.alloc(sealBytes);
  seal.writeUInt32LE(sealMagic, 0);
  seal.writeUInt32LE(sealBytes - 8, 4);
  seal.write(sealName, 8, "latin1");
  digest.copy(seal, 8 + sealName.length);
  return seal;
}

/** Thrown for a file that is not as it was written. */
export class DamagedBackup extends Error {
  override readonly name = "DamagedBackup";
}

/**
 * The contents of the frames, one after another.
 *
 * @param chunks of the file, from its beginning
 * @throws `DamagedBackup` for a file that is cut off or changed, with the place. What came before may be changed too: only when
 * this ends without an error is everything as it was written.
 */
export async function* unpackFrames(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  const hash = createHash("sha256");
  const input = new Input(chunks);
  for (;;) {
    const at = input.at;
    const magic = await input.peek(4);
    if (magic.length < 4) throw new DamagedBackup(cutOff(at));
    if (magic.readUInt32LE(0) === sealMagic) return checkSeal(input, hash.digest());
    const bytes = await input.take(await frameLength(input));
    hash.update(bytes);
    yield unpack(bytes, at);
  }
}

/** Finds out, while a backup passes by, whether it has its seal. */
export class SealCheck {
  readonly #hash = createHash("sha256");
  /** The last bytes, which may be the seal. */
  #last: Buffer = Buffer.alloc(0);

  add(piece: Uint8Array): void {
    const all = Buffer.concat([this.#last, piece]);
    const before = Math.max(0, all.length - sealBytes);
    this.#hash.update(all.subarray(0, before));
    this.#last = all.subarray(before);
  }

  /** @throws `DamagedBackup` */
  end(): void {
    if (!this.#last.equals(sealOf(this.#hash.digest())))
      throw new DamagedBackup("the backup is cut off or damaged: it does not end with its checksum");
  }
}

async function checkSeal(input: Input, digest: Buffer): Promise<void> {
  const at = input.at;
  const seal = await input.peek(sealBytes);
  if (seal.length < sealBytes) throw new DamagedBackup(cutOff(at));
  await input.take(sealBytes);
  if (!seal.equals(sealOf(digest)))
    throw new DamagedBackup("the backup is damaged: its bytes do not have the checksum at its end");
  if ((await input.peek(1)).length > 0)
    throw new DamagedBackup(`the backup is damaged: something follows its end, at byte ${input.at}`);
}

function unpack(bytes: Buffer, at: number): Buffer {
  try {
    return zstdDecompressSync(bytes, { maxOutputLength: frameBytesMax });
  } catch (cause) {
    throw new DamagedBackup(damagedAt(at), { cause });
  }
}

/** The bytes of the frame that begins here, by the lengths of its blocks: RFC 8878 section 3.1.1. */
async function frameLength(input: Input): Promise<number> {
  const { at } = input;
  const head = await input.peek(18);
  if (head.length < 6 || head.readUInt32LE(0) !== frameMagic) throw new DamagedBackup(damagedAt(at));
  const descriptor = head[4]!;
  const single = (descriptor & 0x20) !== 0;
  const contentSize = [single ? 1 : 0, 2, 4, 8][descriptor >> 6]!;
  const dictionary = [0, 1, 2, 4][descriptor & 3]!;
  let length = 5 + (single ? 0 : 1) + dictionary + contentSize;
  for (let last = false; !last; ) {
    const bytes = await input.peek(length + 3);
    if (bytes.length < length + 3) throw new DamagedBackup(cutOff(at));
    const block = bytes.readUIntLE(length, 3);
    last = (block & 1) !== 0;
    // A block of one repeated byte has that byte alone.
    length += 3 + (((block >> 1) & 3) === 1 ? 1 : block >> 3);
    if (length > packedBytesMax) throw new DamagedBackup(damagedAt(at));
  }
  length += (descriptor & 4) !== 0 ? 4 : 0;
  if ((await input.peek(length)).length < length) throw new DamagedBackup(cutOff(at));
  return length;
}

function damagedAt(at: number): string {
  return `the backup is damaged, from byte ${at} on`;
}

function cutOff(at: number): string {
  return `the backup is cut off, behind byte ${at}: its end is missing`;
}

/** Chunks as one row of bytes. It holds what has been looked at and not been taken. */
class Input {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #held: Buffer = Buffer.alloc(0);
  #at = 0;

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** Bytes that have been taken. */
  get at(): number {
    return this.#at;
  }

  /** The next so many bytes, fewer at the end. They stay. */
  async peek(length: number): Promise<Buffer> {
    if (this.#held.length >= length) return this.#held.subarray(0, length);
    const parts: Uint8Array[] = [this.#held];
    let held = this.#held.length;
    while (held < length) {
      const { done, value } = await this.#chunks.next();
      if (done === true) break;
      parts.push(value);
      held += value.length;
    }
    this.#held = Buffer.concat(parts);
    return this.#held.subarray(0, length);
  }

  async take(length: number): Promise<Buffer> {
    const bytes = await this.peek(length);
    this.#held = this.#held.subarray(bytes.length);
    this.#at += bytes.length;
    return bytes;
  }
}
