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

  async of(key: string, clock: Micros, read: () => Promise<Value>): Promise<Value> {
    const known = this.#known.get(key);
    if (known !== undefined && Math.abs(clock - known.readAt) < this.#freshFor) return known.value;
    const value = await read();
    this.#known.delete(key);
    this.#known.set(key, { readAt: clock, value });
    const [oldest] = this.#known.keys();
    if (this.#known.size > this.#max && oldest !== undefined) this.#known.delete(oldest);
    return value;
  }
}
