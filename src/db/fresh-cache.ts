/** What is asked for again and again and need not be of this moment: each value is read once in a while. */
import type { Micros } from "../core/event.ts";

export class FreshCache<Value> {
  /** The last read at the end. */
  readonly #known = new Map<string, { readonly readAt: Micros; readonly value: Value }>();
  readonly #freshFor: Micros;
  readonly #max: number;

  /** @param bounds how long a value is good for, and how many are kept */
  constructor({ freshFor, max }: { readonly freshFor: Micros; readonly max: number }) {
    this.#freshFor = freshFor;
    this.#max = max;
  }

  /** @param freshFor how long the value is good for here, where that is another time */
  async of(key: string, clock: Micros, read: () => Promise<Value>, freshFor?: Micros): Promise<Value> {
    const [value] = await this.all([key], clock, async () => [await read()], freshFor);
    return value as Value;
  }

  /** The values of some keys. @param read reads those of the keys at these places, in their order, together */
  async all(
    keys: readonly string[],
    clock: Micros,
    read: (missing: readonly number[]) => Promise<readonly Value[]>,
    freshFor = this.#freshFor,
  ): Promise<Value[]> {
    const values = keys.map((key) => this.#known.get(key));
    const isFresh = (index: number) => {
      const known = values[index];
      return known !== undefined && Math.abs(clock - known.readAt) < freshFor;
    };
    const missing = [...keys.keys()].filter((index) => !isFresh(index));
    const found = missing.length === 0 ? [] : await read(missing);
    for (const [n, index] of missing.entries()) {
      const value = { readAt: clock, value: found[n] as Value };
      values[index] = value;
      this.#known.delete(keys[index]!);
      this.#known.set(keys[index]!, value);
    }
    for (const key of this.#known.keys()) {
      if (this.#known.size <= this.#max) break;
      this.#known.delete(key);
    }
    return values.map((known) => known!.value);
  }
}
