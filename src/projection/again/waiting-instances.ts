/**
 * Instances that wait longer because the clock was behind that started a deadline (`core/skew.ts`). Another step of
 * the clock may take that one back: then they are judged when they are due without it.
 */
import type { InStatement } from "@libsql/client";
import { noSkews, type Skew } from "../../core/skew.ts";
import type { Database } from "../../db/database.ts";
import { dueInstancesSql } from "../../gen/sql.ts";

/** Of one statement. */
const instancesMax = 1_000;

const stopWaiting: InStatement = { sql: dueInstancesSql.stopWaiting, args: [instancesMax] };

export class WaitingInstances {
  readonly #database: Database;
  #skews: readonly Skew[] = noSkews;
  /** As JSON: the steps by which they wait; `undefined` where that is not known. */
  #by: string | undefined;

  constructor(database: Database) {
    this.#database = database;
  }

  /** The steps of the clock by which instances wait from now on. */
  get skews(): readonly Skew[] {
    return this.#skews;
  }

  /**
   * Lets them wait by these steps and no others, a bounded number of instances at a time.
   *
   * @returns whether some were changed, and whether there may be more
   */
  async waitBy(skews: readonly Skew[]): Promise<{ changed: boolean; done: boolean }> {
    this.#skews = skews;
    const by = JSON.stringify(skews);
    if (by === this.#by) return { changed: false, done: true };
    const { rowsAffected } = await this.#database.execute(stopWaiting);
    const done = rowsAffected < instancesMax;
    if (done) this.#by = by;
    return { changed: rowsAffected > 0, done };
  }
}
