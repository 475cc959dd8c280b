/**
 * How long things took, in short: a mergeable histogram with HdrHistogram's buckets (two significant digits, so a
 * percentile is at most 1 % off), and of each bucket one message that is in it.
 *
 * Most hold few buckets of the many that there are, so they are kept sparse; the library says which bucket a value is in,
 * and where percentiles lie.
 */
import { Float64Histogram } from "hdr-histogram-js";

interface Bucket {
  count: number;
  /** A message's number; 0 where none is known. */
  example: number;
}

const valueMax = Number.MAX_SAFE_INTEGER;

/** Only asked for buckets' places and bounds, which depend on nothing that is recorded. */
const scale = createHdr();
const placesMax = scale.countsArrayLength;

export class Histogram {
  /** By the bucket's place in the library's array. */
  readonly #buckets = new Map<number, Bucket>();
  #count = 0;
  #max = 0;

  /**
   * Reads what `toString` wrote.
   *
   * @throws Error for any other text
   */
  static parse(text: string): Histogram {
    const histogram = new Histogram();
    histogram.mergeText(text);
    return histogram;
  }

  get count(): number {
    return this.#count;
  }

  /** Exact, unless the greatest value was taken back; then that of its bucket. */
  get max(): number {
    return this.#max;
  }

  /** @param value a whole number of microseconds, not negative */
  add(value: number, message: number): void {
    const took = Math.min(value, valueMax);
    this.#put(scale.countsArrayIndex(took), 1, message);
    if (took > this.#max) this.#max = took;
  }

  /** Takes back what `add` added: a message's times can change. */
  remove(value: number, message: number): void {
    const took = Math.min(value, valueMax);
    const place = scale.countsArrayIndex(took);
    const bucket = this.#buckets.get(place);
    if (bucket === undefined) return;
    bucket.count -= 1;
    this.#count -= 1;
    if (bucket.example === message) bucket.example = 0;
    const last = bucket.count === 0;
    if (last) this.#buckets.delete(place);
    if (took !== this.#max && !(last && place === scale.countsArrayIndex(this.#max))) return;
    this.#max =
      this.#count === 0
        ? 0
        : scale.highestEquivalentValue(scale.valueFromIndex(Math.max(...this.#buckets.keys())));
  }

  /**
   * Merges what `toString` wrote. One question reads a million buckets, so it is done by hand: parts of texts, or a
   * histogram for each text, would take five times as long.
   *
   * @throws Error for any other text; this histogram is then of no use any more
   */
  mergeText(text: string): void {
    const end = text.length;
    let at = 0;
    const number = (): number => {
      const start = at;
      let value = 0;
      for (; at < end; at++) {
        const digit = digits[text.charCodeAt(at)] ?? -1;
        if (digit < 0) break;
        value = value * 36 + digit;
      }
      return at === start || value > valueMax ? Number.NaN : value;
    };
    const max = number();
    let valid = max >= 0;
    for (let place = 0; valid && at < end; ) {
      valid = text.charCodeAt(at++) === space;
      place += number();
      valid &&= text.charCodeAt(at++) === colon;
      const count = number();
      valid &&= text.charCodeAt(at++) === colon;
      const example = number();
      valid &&= place < placesMax && count > 0 && example >= 0;
      if (valid) this.#put(place, count, example);
    }
    if (!valid) throw new Error(`not a histogram: ${text.slice(0, 100)}`);
    this.#max = Math.max(this.#max, max);
  }

  /**
   * The values below which so many percent are, each with a message that took as long, where one is known.
   *
   * @param percents each above 0 and at most 100; every value is 0 where nothing was counted
   */
  percentiles(percents: readonly number[]): { readonly value: number; readonly message?: number }[] {
    const hdr = createHdr();
    for (const [place, { count }] of this.#buckets) {
      hdr.recordValueWithCount(scale.valueFromIndex(place), count);
    }
    return percents.map((percent) => {
      const highest = hdr.getValueAtPercentile(percent);
      const example = this.#buckets.get(scale.countsArrayIndex(highest))?.example ?? 0;
      // The middle of the bucket is nearer to what was counted than its end.
      const value = Math.min(scale.medianEquivalentValue(highest), this.#max);
      return { value, ...(example !== 0 && { message: example }) };
    });
  }

  /** The greatest value, then `<places since the bucket before>:<count>:<example>` of each bucket, in base 36. */
  toString(): string {
    let text = this.#max.toString(36);
    let before = 0;
    for (const place of [...this.#buckets.keys()].sort((a, b) => a - b)) {
      const { count, example } = this.#buckets.get(place)!;
      text += ` ${(place - before).toString(36)}:${count.toString(36)}:${example.toString(36)}`;
      before = place;
    }
    return text;
  }

  #put(place: number, count: number, example: number): void {
    this.#count += count;
    const bucket = this.#buckets.get(place);
    if (bucket === undefined) {
      this.#buckets.set(place, { count, example });
      return;
    }
    bucket.count += count;
    // The latest heard of is the last that retention takes.
    if (example > bucket.example) bucket.example = example;
  }
}

function createHdr(): Float64Histogram {
  return new Float64Histogram(1, valueMax, 2);
}

/** Values of digits in base 36, as `toString` writes them, by their codes; -1 for what is none. */
const digits = Int8Array.from({ length: 128 }, (_, code) =>
  "0123456789abcdefghijklmnopqrstuvwxyz".indexOf(String.fromCharCode(code)),
);
const space = 32;
const colon = 58;
