/**
 * The headers of a tar archive (POSIX ustar), as far as backups need them: regular files with short names, which every `tar`
 * can read. A size from 8 GiB on is written as GNU and BSD tar write it: in binary, marked by the highest bit.
 */

/** A header, and what contents are filled up to. */
export const tarBlockBytes = 512;
const nameBytesMax = 100;
const octalSizeMax = 8 ** 11 - 1;
const [sizeAt, sumAt] = [124, 148];

export interface TarEntry {
  readonly name: string;
  readonly bytes: number;
}

/** @param seconds when it was made, since 1970 */
export function tarHeader({ name, bytes }: TarEntry, seconds: number): Buffer {
  if (Buffer.byteLength(name) > nameBytesMax) throw new Error(`the name ${name} is too long for the archive`);
  const block = Buffer.alloc(tarBlockBytes);
  block.write(name, 0, "utf8");
  block.write("0000600\0", 100, "latin1");
  block.write("0000000\0".repeat(2), 108, "latin1");
  writeSize(block, bytes);
  block.write(`${octal(seconds, 11)}\0`, 136, "latin1");
  block.write("0", 156, "latin1");
  block.write("ustar\u000000", 257, "latin1");
  block.write(`${octal(sumOf(block), 6)}\0 `, sumAt, "latin1");
  return block;
}

/** Zeros that fill up the contents of an entry. */
export function tarPadding(bytes: number): Buffer {
  return Buffer.alloc((tarBlockBytes - (bytes % tarBlockBytes)) % tarBlockBytes);
}

/** The end of an archive. */
export const tarEnd = Buffer.alloc(2 * tarBlockBytes);

/** @returns `undefined` at the end of the archive. Throws for a block that is no header of a regular file. */
export function parseTarHeader(block: Buffer): TarEntry | undefined {
  if (block.every((byte) => byte === 0)) return undefined;
  const written = Number.parseInt(block.toString("latin1", sumAt, sumAt + 6), 8);
  if (written !== sumOf(block) || block.toString("latin1", 257, 262) !== "ustar" || block[156] !== 0x30)
    throw new Error("an entry of the archive does not begin with the header of a file");
  const end = block.indexOf(0);
  return { name: block.toString("utf8", 0, Math.min(end, nameBytesMax)), bytes: readSize(block) };
}

function writeSize(block: Buffer, bytes: number): void {
  if (bytes <= octalSizeMax) {
    block.write(`${octal(bytes, 11)}\0`, sizeAt, "latin1");
    return;
  }
  block[sizeAt] = 0x80;
  block.writeBigUInt64BE(BigInt(bytes), sizeAt + 4);
}

function readSize(block: Buffer): number {
  if (block[sizeAt] === 0x80) return Number(block.readBigUInt64BE(sizeAt + 4));
  return Number.parseInt(block.toString("latin1", sizeAt, sizeAt + 11), 8);
}

/** Of all bytes of the header, with blanks in the place of the sum. */
function sumOf(block: Buffer): number {
  let sum = 0;
  for (let at = 0; at < tarBlockBytes; at++) sum += at >= sumAt && at < sumAt + 8 ? 0x20 : block[at]!;
  return sum;
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, "0");
}
