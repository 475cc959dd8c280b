/**
 * How long things took, in short: a mergeable histogram with HdrHistogram's buckets (two significant digits, so a
 * percentile is at most 1 % off), and of each bucket one message that is in it.
 *
 * Most hold few buckets of the many that there are, so they are kept sparse; the library is asked for a bucket's bounds,
 * and for percentiles.
 */
import { build, type Histogram as HdrHistogram } from "hdr-histogram-js";

interface Bucket {
  count: number;
  /** A message's number; 0 where none is known. */
  example: number;
}

/** Only asked for the bounds of buckets, which depend on nothing that is recorded. */
const bounds = createHdr();

export class Histogram {
  /** By the least value of each bucket. */
  readonly #buckets = new Map<number, Bucket>();
  #count = 0;
  #max = 0;

  /** Reads what `toString` wrote: the greatest value, then `<least value>:<count>:<example>` of each bucket, in base 36. */
  static parse(text: string): Histogram {
    const histogram = new Histogram();
    const [max = "0", ...buckets] = text.split(" ");
    histogram.#max = Number.parseInt(max, 36);
    for (const bucket of buckets) {
      const [least = "", count = "", example = ""] = bucket.split(":");
      histogram.#put(Number.parseInt(least, 36), Number.parseInt(count, 36), Number.parseInt(example, 36));
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
    this.#put(leastOf(value), 1, message);
    if (value > this.#max) this.#max = value;
  }

  /** Takes back what `add` added: a message's times can change. */
  remove(value: number, message: number): void {
    const least = leastOf(value);
    const bucket = this.#buckets.get(least);
    if (bucket === undefined) return;
    bucket.count -= 1;
    this.#count -= 1;
    if (bucket.example === message) bucket.example = 0;
    if (bucket.count === 0) this.#buckets.delete(least);
    if (value !== this.#max) return;
    this.#max = 0;
    for (const other of this.#buckets.keys())
      this.#max = Math.max(this.#max, bounds.highestEquivalentValue(other));
  }

  merge(other: Histogram): void {
    for (const [least, { count, example }] of other.#buckets) this.#put(least, count, example);
    this.#max = Math.max(this.#max, other.#max);
  }

  /**
   * The values below which so many percent are, each with a message that took as long, where one is known.
   *
   * @param percents ascending; every value is 0 where nothing was counted
   */
  percentiles(percents: readonly number[]): { readonly value: number; readonly message?: number }[] {
    const hdr = createHdr();
    for (const [least, { count }] of this.#buckets) hdr.recordValueWithCount(least, count);
    return percents.map((percent) => {
      const highest = this.#count === 0 ? 0 : hdr.getValueAtPercentile(percent);
      const example = this.#buckets.get(leastOf(highest))?.example ?? 0;
      // The middle of the bucket is nearer to what was counted than its end.
      const value = Math.min(bounds.medianEquivalentValue(highest), this.#max);
      return { value, ...(example !== 0 && { message: example }) };
    });
  }

  toString(): string {
    let text = this.#max.toString(36);
    for (const [least, { count, example }] of this.#buckets) {
      text += ` ${least.toString(36)}:${count.toString(36)}:${example.toString(36)}`;
    }
    return text;
  }

  #put(least: number, count: number, example: number): void {
    this.#count += count;
    const bucket = this.#buckets.get(least);
    if (bucket === undefined) {
      this.#buckets.set(least, { count, example });
      return;
    }
    bucket.count += count;
    if (example !== 0) bucket.example = example;
  }
}

function leastOf(value: number): number {
  return bounds.lowestEquivalentValue(value);
}

/** The library's type leaves out what all of its histograms in JavaScript have. */
type Hdr = HdrHistogram & {
  lowestEquivalentValue(value: number): number;
  highestEquivalentValue(value: number): number;
  medianEquivalentValue(value: number): number;
};

function createHdr(): Hdr {
  return build({
    bitBucketSize: 64,
    autoResize: true,
    lowestDiscernibleValue: 1,
    highestTrackableValue: 2,
    numberOfSignificantValueDigits: 2,
    useWebAssembly: false,
  }) as Hdr;
}
