/** How any two names are related over many messages. Names are places in `Observations`. */
import type { Observations } from "./sample.ts";

/** Names exclude each other when a message of the rarer has the other as seldom as this, */
const togetherMax = 0.05;
/** and that is less than this fraction of the count that chance alone would bring, */
const ofChanceMax = 0.2;
/** which must be worth speaking of. In messages. */
const chanceMin = 5;
/** In messages: fewer do not show which of two names comes first. */
const bothMin = 10;

export class NamePairs {
  readonly #observations: Observations;
  readonly #width: number;
  /** Messages that have the name. */
  readonly #counts: Float64Array;
  /** `[a * width + b]`: messages that have both; those that have a before b, where the same time counts half. */
  readonly #both: Float64Array;
  readonly #before: Float64Array;
  /** Messages in which the name is the first of all. */
  readonly #first: Float64Array;
  /** How long after its message began, on average, in microseconds. */
  readonly #delays: Float64Array;

  constructor(observations: Observations) {
    const { names } = observations;
    this.#observations = observations;
    this.#width = names.length;
    this.#counts = new Float64Array(this.#width);
    this.#both = new Float64Array(this.#width ** 2);
    this.#before = new Float64Array(this.#width ** 2);
    this.#first = new Float64Array(this.#width);
    this.#delays = new Float64Array(this.#width);
  }

  /** Counts these messages in, each once. */
  add(fromRow: number, toRow: number): void {
    const { columns } = this.#observations;
    const width = this.#width;
    for (let row = fromRow; row < toRow; row++) {
      const present: number[] = [];
      let first = -1;
      for (let name = 0; name < width; name++) {
        const at = columns[name]![row]!;
        if (Number.isNaN(at)) continue;
        if (first < 0 || at < columns[first]![row]!) first = name;
        for (const other of present) {
          const otherAt = columns[other]![row]!;
          this.#both[other * width + name]!++;
          this.#both[name * width + other]!++;
          const before = at < otherAt ? 1 : at === otherAt ? 0.5 : 0;
          this.#before[name * width + other]! += before;
          this.#before[other * width + name]! += 1 - before;
        }
        present.push(name);
      }
      if (first < 0) continue;
      this.#first[first]!++;
      const start = columns[first]![row]!;
      for (const name of present) {
        this.#counts[name]!++;
        this.#delays[name]! += columns[name]![row]! - start;
      }
    }
  }

  count(name: number): number {
    return this.#counts[name]!;
  }

  /** Of all messages. */
  share(name: number): number {
    return this.#counts[name]! / Math.max(1, this.#observations.rows);
  }

  firsts(name: number): number {
    return this.#first[name]!;
  }

  delay(name: number): number {
    return this.#delays[name]! / Math.max(1, this.#counts[name]!);
  }

  /** Of the messages that have both, those in which `name` comes before `other`; half where there are too few. */
  before(name: number, other: number): number {
    const both = this.#both[name * this.#width + other]!;
    return both < bothMin ? 0.5 : this.#before[name * this.#width + other]! / both;
  }

  exclusive(name: number, other: number): boolean {
    return areExclusive({
      chanceMin,
      counts: [this.count(name), this.count(other)],
      both: this.#both[name * this.#width + other]!,
      of: this.#observations.rows,
    });
  }
}

/** In messages. */
interface Together {
  /** Those that chance alone must bring, so that their absence shows something. */
  readonly chanceMin: number;
  /** Those with each of the two names, those with both, and all. */
  readonly counts: readonly [number, number];
  readonly both: number;
  readonly of: number;
}

/** Whether two names take each other's place. */
export function areExclusive({ chanceMin, counts: [a, b], both, of }: Together): boolean {
  const chance = (a * b) / Math.max(1, of);
  return chance >= chanceMin && both <= togetherMax * Math.min(a, b) && both <= ofChanceMax * chance;
}
