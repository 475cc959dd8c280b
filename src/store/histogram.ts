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

export class Histogram {
  /** By the bucket's place in the library's array. */
  readonly #buckets = new Map<number, Bucket>();
  #count = 0;
  #max = 0;

  /**
   * Reads what `toString` wrote. By hand, since one question reads up to two thousand: `split` and `parseInt` took three
   * times as long.
   *
   * @throws Error for any other text
   */
  static parse(text: string): Histogram {
    const histogram = new Histogram();
    let at = 0;
    const fail = () => new Error(`not a histogram: ${text.slice(0, 100)}`);
    const number = (): number => {
      const start = at;
      let value = 0;
      for (let digit = digitOf(text, at); digit >= 0; digit = digitOf(text, ++at)) value = value * 36 + digit;
      if (at === start || value > valueMax) throw fail();
      return value;
    };
    const skip = (separator: string): void => {
      if (text[at++] !== separator) throw fail();
    };
    histogram.#max = number();
    for (let place = 0; at < text.length; ) {
      skip(" ");
      place += number();
      skip(":");
      const count = number();
      skip(":");
      const example = number();
      if (place >= scale.countsArrayLength || count === 0) throw fail();
      histogram.#put(place, count, example);
    }
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

  merge(other: Histogram): void {
    for (const [place, { count, example }] of other.#buckets) this.#put(place, count, example);
    this.#max = Math.max(this.#max, other.#max);
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

/** The value of a digit in base 36 as `toString` writes them; -1 for anything else. */
function digitOf(text: string, at: number): number {
  const code = text.charCodeAt(at);
  if (code >= 48 && code <= 57) return code - 48;
  return code >= 97 && code <= 122 ? code - 87 : -1;
}
