/**
 * How long things took, in short: a mergeable base-2 exponential histogram (`exponential-scale.ts`), and of each bucket one
 * message that is in it. Most hold few buckets of the many that there are, so they are kept sparse.
 */
import { leastAt, middleAt, mostAt, placeOf, placesMax, valueMax } from "./exponential-scale.ts";

interface Bucket {
  count: number;
  /** A message's number; 0 where none is known. */
  example: number;
  /** By how much its values together are more than its least one each, modulo `excessModulus`: of a single one, exactly. */
  excess: number;
}

/** A value as every histogram takes it: placed once, where it is added to several. */
export interface Sample {
  /** Its bucket's place, and by how much it is more than the least value there. */
  readonly place: number;
  readonly excess: number;
  readonly message: number;
}

export function sampleOf(value: number, message: number): Sample {
  const took = Math.min(value, valueMax);
  const place = placeOf(took);
  return { place, excess: took - leastAt(place), message };
}

/** More than the widest bucket, and small enough that two of them are a safe integer together. */
const excessModulus = 2 ** 48;

export class Histogram {
  /** By the bucket's place. */
  readonly #buckets = new Map<number, Bucket>();
  #count = 0;

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

  /**
   * Exact where the greatest value is alone in its bucket, else at most 1 % more: no more than the bucket's end. So it
   * depends on nothing but which values there are: one that was taken back leaves no trace.
   */
  get max(): number {
    if (this.#count === 0) return 0;
    let last = 0;
    for (const place of this.#buckets.keys()) if (place > last) last = place;
    const { count, excess } = this.#buckets.get(last)!;
    const least = leastAt(last);
    const most = mostAt(last);
    const whole = count * (most - least) < excessModulus;
    return whole ? Math.min(most, least + excess) : most;
  }

  /** @param value a whole number of microseconds, not negative */
  add(value: number, message: number): void {
    this.addSample(sampleOf(value, message));
  }

  /** Takes back what `add` added: a message's times can change. */
  remove(value: number, message: number): void {
    this.removeSample(sampleOf(value, message));
  }

  addSample({ place, excess, message }: Sample): void {
    this.#put(place, 1, message, excess);
  }

  removeSample({ place, excess, message }: Sample): void {
    const bucket = this.#buckets.get(place);
    if (bucket === undefined) return;
    bucket.count -= 1;
    bucket.excess = (bucket.excess + excessModulus - excess) % excessModulus;
    this.#count -= 1;
    if (bucket.example === message) bucket.example = 0;
    if (bucket.count === 0) this.#buckets.delete(place);
  }

  /**
   * Merges what `toString` wrote. One question reads a million buckets, so it is done by hand: substrings, or a
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
    let valid = true;
    for (let place = 0; valid && at < end; ) {
      if (at > 0) valid = text.charCodeAt(at++) === space;
      place += number();
      valid &&= text.charCodeAt(at++) === colon;
      const count = number();
      valid &&= text.charCodeAt(at++) === colon;
      const example = number();
      valid &&= text.charCodeAt(at++) === colon;
      const excess = number();
      valid &&= place < placesMax && count > 0 && example >= 0 && excess < excessModulus;
      if (valid) this.#put(place, count, example, excess);
    }
    if (!valid) throw new Error(`not a histogram: ${text.slice(0, 100)}`);
  }

  /**
   * The values below which so many percent are, each with a message that took as long, where one is known.
   *
   * @param percents each above 0 and at most 100; every value is 0 where nothing was counted
   */
  percentiles(percents: readonly number[]): { readonly value: number; readonly message?: number }[] {
    const places = this.#places();
    const { max } = this;
    return percents.map((percent) => {
      let left = Math.ceil((percent * this.#count) / 100);
      const place = places.find((one) => {
        left -= this.#buckets.get(one)!.count;
        return left <= 0;
      });
      if (place === undefined) return { value: 0 };
      const { example } = this.#buckets.get(place)!;
      return { value: Math.min(middleAt(place), max), ...(example !== 0 && { message: example }) };
    });
  }

  /** `<places since the bucket before>:<count>:<example>:<excess>` of each bucket, in base 36. */
  toString(): string {
    let text = "";
    let before = 0;
    for (const place of this.#places()) {
      const { count, example, excess } = this.#buckets.get(place)!;
      if (text !== "") text += " ";
      text += `${(place - before).toString(36)}:${count.toString(36)}:${example.toString(36)}:${excess.toString(36)}`;
      before = place;
    }
    return text;
  }

  /** How many values each bucket has, and the least value that falls into it; the least bucket first. */
  counts(): { readonly least: number; readonly count: number }[] {
    return this.#places().map((place) => ({ least: leastAt(place), count: this.#buckets.get(place)!.count }));
  }

  /** From the least on. */
  #places(): number[] {
    return [...this.#buckets.keys()].sort((a, b) => a - b);
  }

  #put(place: number, count: number, example: number, excess: number): void {
    this.#count += count;
    const bucket = this.#buckets.get(place);
    if (bucket === undefined) {
      this.#buckets.set(place, { count, example, excess });
      return;
    }
    bucket.count += count;
    bucket.excess = (bucket.excess + excess) % excessModulus;
    // The latest message is the last that retention takes.
    if (example > bucket.example) bucket.example = example;
  }
}

/** Values of digits in base 36, as `toString` writes them, by their codes; -1 for what is none. */
const digits = Int8Array.from({ length: 128 }, (_, code) =>
  "0123456789abcdefghijklmnopqrstuvwxyz".indexOf(String.fromCharCode(code)),
);
const space = 32;
const colon = 58;
