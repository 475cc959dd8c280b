/** Decodes the Huffman code of header strings (RFC 7541, 5.2 and appendix B). */
import { ConnectionError, ErrorCode } from "./errors.ts";

/**
 * The length in bits of the code of each byte. The code is canonical: shorter codes come first, and codes of one length are in
 * the order of their bytes, so that the lengths are the whole of appendix B. The code of the end is thirty bits of one.
 */
const codeLengths: readonly number[] = [
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28,
  28, 28, 28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7,
  8, 15, 6, 12, 10, 13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19,
  13, 14, 6, 15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13,
  28, 20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21,
  22, 23, 22, 23, 23, 24, 22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23,
  22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23, 26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25,
  19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25,
  25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
];
const endLength = 30;

/** The tree: at `2n` and `2n + 1` are the children of node `n`; a child below zero is the byte `-child - 1`, zero is none. */
const tree = new Int16Array(2 * 257);
build();

function build(): void {
  let nodes = 1;
  let code = 0;
  let length = 0;
  const bytes = codeLengths.map((_, byte) => byte);
  // Stable, so that bytes of one length keep their order.
  bytes.sort((a, b) => (codeLengths[a] ?? 0) - (codeLengths[b] ?? 0));
  for (const byte of bytes) {
    const bits = codeLengths[byte] ?? endLength;
    code <<= bits - length;
    length = bits;
    let node = 0;
    for (let bit = bits - 1; bit > 0; bit--) {
      const at = 2 * node + ((code >>> bit) & 1);
      if (tree[at] === 0) tree[at] = nodes++;
      node = tree[at] ?? 0;
    }
    tree[2 * node + (code & 1)] = -byte - 1;
    code += 1;
  }
}

/**
 * @param target takes the bytes, from its start; must have room for 8/5 of the encoded ones
 * @returns how many bytes there are
 * @throws `ConnectionError` for a code that is none, for the code of the end, and for padding that is not the begin of it
 */
export function decodeHuffman(source: Uint8Array, start: number, end: number, target: Uint8Array): number {
  let node = 0;
  let length = 0;
  /** Of the code that has begun. */
  let bits = 0;
  let ones = true;
  for (let at = start; at < end; at++) {
    const byte = source[at] as number;
    for (let shift = 7; shift >= 0; shift--) {
      const bit = (byte >>> shift) & 1;
      bits += 1;
      if (bit === 0) ones = false;
      const next = tree[2 * node + bit] as number;
      if (next < 0) {
        target[length++] = -next - 1;
        node = 0;
        bits = 0;
        ones = true;
      } else if (next > 0) {
        node = next;
      } else {
        throw new ConnectionError(ErrorCode.compressionError, "header string has a code that is none");
      }
    }
  }
  if (bits > 7 || !ones) {
    throw new ConnectionError(ErrorCode.compressionError, "header string has a wrong padding");
  }
  return length;
}
