/** The histograms that the projector adds to, by their keys: `<stage>,<span>,<start>`. */
import type { Database } from "../../db/database.ts";
import { rowsOf } from "../../db/rows.ts";
import { rollupsSql } from "../../gen/sql.ts";
import { Histogram } from "../../statistics/histogram.ts";

/** Histograms in memory, the last used: some 10 KiB each at most. One step may need more, and then has them all. */
const histogramsMax = 2_000;

export class HistogramCache {
  readonly #database: Database;
  readonly #histograms = new Map<string, Histogram>();

  constructor(database: Database) {
    this.#database = database;
  }

  /** After a step that failed: memory may differ from the database. */
  clear(): void {
    this.#histograms.clear();
  }

  /** Reads those that are not at hand. A key that the database does not know has none. */
  async load(keys: readonly string[]): Promise<Map<string, Histogram>> {
    const missing: string[] = [];
    for (const key of keys) {
      const histogram = this.#histograms.get(key);
      if (histogram === undefined) missing.push(key);
      else {
        // The last used are at the end.
        this.#histograms.delete(key);
        this.#histograms.set(key, histogram);
      }
    }
    if (missing.length > 0) {
      const result = await this.#database.execute({
        sql: rollupsSql.latencies,
        args: [JSON.stringify(missing.map((key) => key.split(",").map(Number)))],
      });
      for (const [stage, span, start, text] of rowsOf<[number, number, number, string]>(result)) {
        this.#histograms.set(`${stage},${span},${start}`, Histogram.parse(text));
      }
    }
    for (const key of this.#histograms.keys()) {
      if (this.#histograms.size <= Math.max(histogramsMax, keys.length)) break;
      this.#histograms.delete(key);
    }
    return this.#histograms;
  }
}
