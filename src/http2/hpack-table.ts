/** The tables of header compression (RFC 7541, 2.3 and appendix A). */
import { type Field, fieldOf } from "./field.ts";

/** In the order of appendix A; the first has the index 1. */
const staticTexts = `:authority
:method|GET
:method|POST
:path|/
:path|/index.html
:scheme|http
:scheme|https
:status|200
:status|204
:status|206
:status|304
:status|400
:status|404
:status|500
accept-charset
accept-encoding|gzip, deflate
accept-language
accept-ranges
accept
access-control-allow-origin
age
allow
authorization
cache-control
content-disposition
content-encoding
content-language
content-length
content-location
content-range
content-type
cookie
date
etag
expect
expires
from
host
if-match
if-modified-since
if-none-match
if-range
if-unmodified-since
last-modified
link
location
max-forwards
proxy-authenticate
proxy-authorization
range
referer
refresh
retry-after
server
set-cookie
strict-transport-security
transfer-encoding
user-agent
vary
via
www-authenticate`;

const staticFields: readonly Field[] = staticTexts.split("\n").map((text) => {
  const [name = "", value = ""] = text.split("|");
  return fieldOf(name, value);
});

export const staticFieldsCount = staticFields.length;

/** The index of a field with this name and value, else of one with this name, else 0. */
export function staticIndex(
  name: string,
  value: string,
): { readonly index: number; readonly whole: boolean } {
  const whole = staticFields.findIndex((field) => field.name === name && field.value === value);
  if (whole >= 0) return { index: whole + 1, whole: true };
  return { index: staticFields.findIndex((field) => field.name === name) + 1, whole: false };
}

/** The static fields, and behind them those that the peer has added, the newest first. */
export class HpackTable {
  /** A ring: the newest is at `#head - 1`. */
  #ring: (Field | undefined)[] = new Array(8).fill(undefined);
  #head = 0;
  #count = 0;
  #bytes = 0;
  #bytesMax: number;
  #changes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Grows with each change: a block means the same for as long as this is the same. */
  get changes(): number {
    return this.#changes;
  }

  /** `undefined` where there is none with this index. */
  at(index: number): Field | undefined {
    if (index <= staticFieldsCount) return staticFields[index - 1];
    const nth = index - staticFieldsCount;
    if (nth > this.#count) return undefined;
    return this.#ring[(this.#head - nth) & (this.#ring.length - 1)];
  }

  /** Adds one, and evicts the oldest until it fits; one that never fits empties the table. */
  add(field: Field): void {
    this.#changes += 1;
    this.#evict(this.#bytesMax - field.bytes);
    if (field.bytes > this.#bytesMax) return;
    if (this.#count === this.#ring.length) this.#grow();
    this.#ring[this.#head] = field;
    this.#head = (this.#head + 1) & (this.#ring.length - 1);
    this.#count += 1;
    this.#bytes += field.bytes;
  }

  resize(bytesMax: number): void {
    this.#changes += 1;
    this.#bytesMax = bytesMax;
    this.#evict(bytesMax);
  }

  #evict(bytesMax: number): void {
    while (this.#count > 0 && this.#bytes > bytesMax) {
      const at = (this.#head - this.#count) & (this.#ring.length - 1);
      this.#bytes -= this.#ring[at]?.bytes ?? 0;
      this.#ring[at] = undefined;
      this.#count -= 1;
    }
  }

  /** Doubles the ring; its length is a power of two. */
  #grow(): void {
    const length = this.#ring.length;
    const grown = new Array<Field | undefined>(2 * length).fill(undefined);
    for (let n = 0; n < length; n++) grown[n] = this.#ring[(this.#head + n) & (length - 1)];
    this.#ring = grown;
    this.#head = length;
  }
}
