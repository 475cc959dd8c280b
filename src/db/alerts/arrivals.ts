/** Notes when events came that rules wait for: see `alert_arrivals`. Runs on the store's thread, in the projector's transactions. */
import type { InStatement } from "@libsql/client";
import { importedAfterMin } from "../../alerting/rule.ts";
import { alertsSql } from "../../gen/sql.ts";
import type { Database } from "../database.ts";

/** An event that claims to be from further ahead says nothing about now, in microseconds. */
const aheadMax = 300_000_000;

export class Arrivals {
  readonly #database: Pick<Database, "execute">;
  /** JSON: `[app_id, event, within]` of each; absent where it has to be read. Most have no such rule. */
  #awaited: string | undefined;

  constructor(database: Pick<Database, "execute">) {
    this.#database = database;
  }

  /** Rules have changed. */
  forget(): void {
    this.#awaited = undefined;
  }

  /** The statements that note what came in the range of events `(from, to]`. */
  async of(from: number, to: number): Promise<InStatement[]> {
    this.#awaited ??= await this.#read();
    if (this.#awaited === "[]" || to <= from) return [];
    return [{ sql: alertsSql.arrive, args: [from, to, this.#awaited, aheadMax] }];
  }

  /** A rule that is no JSON keeps nothing from being followed. */
  async #read(): Promise<string> {
    const { rows } = await this.#database.execute(
      `SELECT rule ->> '$.appId' AS app_id, rule ->> '$.condition.event' AS event,
        max(rule ->> '$.condition.forMs') AS for_ms
      FROM (SELECT iif(json_valid(rule), rule, '{}') AS rule FROM alert_rules)
      WHERE rule ->> '$.condition.type' = 'absence' GROUP BY 1, 2`,
    );
    return JSON.stringify(
      rows.map(({ app_id, event, for_ms }) => [
        app_id,
        event,
        Math.max(importedAfterMin, Number(for_ms) * 1_000),
      ]),
    );
  }
}
