/**
 * One of the two texts of a `StoreChunk`, written as bytes. Four numbers an event, put together of strings, cost more
 * than all else that is done to make a batch.
 */
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Characters of a number: a safe integer and its sign. */
const numberChars = 17;
/** The characters of an entry beside its texts: numbers, quotes, a colon, a comma. */
const entryChars = 4 * numberChars + 8;
const firstBytes = 64 * 1024;
const nothing = encoder.encode("null");

const [blank, minus, zero, quote, backslash] = [0x20, 0x2d, 0x30, 0x22, 0x5c];
const [comma, colon, open, close, lastAscii] = [0x2c, 0x3a, 0x7b, 0x7d, 0x7e];

/** A JSON object in the making. */
export class ChunkText {
  #bytes = new Uint8Array(firstBytes);
  /** The opening brace, or the comma that it replaces, is written with each entry. */
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Begins an entry's key with four safe integers. */
  begin(a: number, b: number, c: number, d: number): void {
    this.#reserve(entryChars);
    this.#bytes[this.#length] = this.#length === 0 ? open : comma;
    this.#bytes[this.#length + 1] = quote;
    this.#length += 2;
    this.#number(a);
    this.#number(b);
    this.#number(c);
    this.#number(d);
  }

  /** Goes on with the key. */
  text(text: string): void {
    this.#reserve(text.length);
    const bytes = this.#bytes;
    for (let i = 0, at = this.#length; i < text.length; i++, at++) {
      const char = text.charCodeAt(i);
      if (char < blank || char > lastAscii || char === quote || char === backslash) {
        this.#encode(JSON.stringify(text).slice(1, -1));
        return;
      }
      bytes[at] = char;
    }
    this.#length += text.length;
  }

  /** Ends the entry with its value, which most have none of. */
  end(json: string | null): void {
    this.#reserve(2 + nothing.length);
    this.#bytes[this.#length] = quote;
    this.#bytes[this.#length + 1] = colon;
    this.#length += 2;
    if (json !== null) {
      this.#encode(json);
      return;
    }
    this.#bytes.set(nothing, this.#length);
    this.#length += nothing.length;
  }

  toString(): string {
    if (this.#length === 0) return "{}";
    this.#reserve(1);
    this.#bytes[this.#length] = close;
    return decoder.decode(this.#bytes.subarray(0, this.#length + 1));
  }

  /** In halves that are 32-bit integers, with which everything is quicker. */
  #number(n: number): void {
    const bytes = this.#bytes;
    const start = this.#length;
    let at = start + numberChars;
    this.#length = at;
    const size = Math.abs(n);
    let high = Math.floor(size / 1e8);
    let low = size - high * 1e8;
    if (high > 0) {
      for (let i = 0; i < 8; i++) {
        const tenth = (low / 10) | 0;
        bytes[--at] = zero + low - tenth * 10;
        low = tenth;
      }
    } else {
      high = low;
    }
    do {
      const tenth = (high / 10) | 0;
      bytes[--at] = zero + high - tenth * 10;
      high = tenth;
    } while (high > 0);
    if (n < 0) bytes[--at] = minus;
    while (at > start) bytes[--at] = blank;
  }

  #encode(text: string): void {
    this.#reserve(text.length * 3);
    this.#length += encoder.encodeInto(text, this.#bytes.subarray(this.#length)).written;
  }

  #reserve(more: number): void {
    const needed = this.#length + more;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }
}
