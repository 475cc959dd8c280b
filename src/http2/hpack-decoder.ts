/** Decodes header blocks (RFC 7541). */
import { ConnectionError, ErrorCode } from "./errors.ts";
import { type Field, fieldOf } from "./field.ts";
import { HpackTable } from "./hpack-table.ts";
import { decodeHuffman } from "./huffman.ts";

/** The fields of a block, or `undefined` where the list is longer than allowed. */
export type Fields = readonly Field[] | undefined;

/** Kept for Huffman's strings of all connections: a string is copied out of it before the next is decoded. */
let scratch = Buffer.allocUnsafe(4096);

export class HpackDecoder {
  readonly #table: HpackTable;
  /** What the encoder may choose from. */
  readonly #tableBytesMax: number;
  readonly #listBytesMax: number;
  #block: Buffer = scratch;
  #at = 0;

  /**
   * @param tableBytesMax as the settings of this end say
   * @param listBytesMax the size of a header list, as RFC 9113, 6.5.2 counts it
   */
  constructor(tableBytesMax: number, listBytesMax: number) {
    this.#table = new HpackTable(tableBytesMax);
    this.#tableBytesMax = tableBytesMax;
    this.#listBytesMax = listBytesMax;
  }

  /** Grows with each change of the table: a block means the same for as long as this is the same. */
  get changes(): number {
    return this.#table.changes;
  }

  /**
   * Decodes a whole block. One whose list is too long is decoded all the same, for its entries of the table.
   *
   * @throws `ConnectionError` COMPRESSION_ERROR
   */
  decode(block: Buffer): Fields {
    this.#block = block;
    this.#at = 0;
    const fields: Field[] = [];
    let bytes = 0;
    let first = true;
    while (this.#at < block.length) {
      const byte = block[this.#at] as number;
      if ((byte & 0xe0) === 0x20) {
        // Only before the first field (4.2).
        if (!first) throw broken("a change of the table's size comes too late");
        const size = this.#integer(5);
        if (size > this.#tableBytesMax) throw broken("the table's size is larger than the settings allow");
        this.#table.resize(size);
        continue;
      }
      first = false;
      const field = byte >= 0x80 ? this.#indexed(7) : this.#literal(byte);
      bytes += field.bytes;
      if (bytes <= this.#listBytesMax) fields.push(field);
    }
    return bytes <= this.#listBytesMax ? fields : undefined;
  }

  #indexed(prefixBits: number): Field {
    const index = this.#integer(prefixBits);
    const field = index === 0 ? undefined : this.#table.at(index);
    if (field === undefined) throw broken(`there is no field with the index ${index}`);
    return field;
  }

  #literal(byte: number): Field {
    const added = byte >= 0x40;
    const prefixBits = added ? 6 : 4;
    const hasName = (byte & ((1 << prefixBits) - 1)) !== 0;
    let name: string;
    if (hasName) {
      name = this.#indexed(prefixBits).name;
    } else {
      this.#at += 1;
      name = this.#string();
    }
    const field = fieldOf(name, this.#string());
    if (added) this.#table.add(field);
    return field;
  }

  /** An integer whose first bits are the last ones of the byte that comes next (5.1). */
  #integer(prefixBits: number): number {
    const max = (1 << prefixBits) - 1;
    let value = this.#byte() & max;
    if (value < max) return value;
    for (let shift = 0; ; shift += 7) {
      // Four more bytes: no index, length or size is as large.
      if (shift > 21) throw broken("an integer is too large");
      const byte = this.#byte();
      value += (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  }

  #string(): string {
    const isHuffman = (this.#block[this.#at] ?? 0) >= 0x80;
    const length = this.#integer(7);
    const start = this.#at;
    const end = start + length;
    if (end > this.#block.length) throw broken("a string is cut off");
    this.#at = end;
    if (!isHuffman) return this.#block.toString("latin1", start, end);
    const room = Math.ceil((length * 8) / 5);
    if (scratch.length < room) scratch = Buffer.allocUnsafe(room);
    return scratch.toString("latin1", 0, decodeHuffman(this.#block, start, end, scratch));
  }

  #byte(): number {
    const byte = this.#block[this.#at++];
    if (byte === undefined) throw broken("a field is cut off");
    return byte;
  }
}

function broken(message: string): ConnectionError {
  return new ConnectionError(ErrorCode.compressionError, message);
}
