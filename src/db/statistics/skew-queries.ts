/**
 * Reads the clocks of an app's producers, from its latest messages: so nothing has to be counted while events are stored, imports of
 * old messages are not among them, and what is known survives a restart. Runs on a query thread.
 */
import { lifecyclesSql, skewSql } from "../../gen/sql.ts";
import { readDefinition } from "../../lifecycle/definition.ts";
import { estimateSkew, type Skew } from "../../statistics/skew.ts";
import type { ReadConnection } from "../read-connection.ts";
import { rowsOf } from "../rows.ts";

/** Messages in the sample, and events of one: of a longer one, most say the same. */
const messagesMax = 500;
const eventsMax = 40;

export class SkewQueries {
  readonly #connection: ReadConnection;

  constructor(connection: ReadConnection) {
    this.#connection = connection;
  }

  /** See `StatisticsReader.skew`. */
  async skew(appId: string): Promise<Skew> {
    const [samples = [], lifecycle = []] = await this.#connection.read([
      { sql: skewSql.samples, args: [appId, messagesMax, eventsMax] },
      { sql: lifecyclesSql.latest, args: [appId] },
    ]);
    const [stages = []] = this.#connection.decode(lifecycle, ({ definition }) =>
      definition === "" ? [] : readDefinition(String(definition)).stages,
    );
    const rows = rowsOf<[message: number, event: string, createdAt: number, receivedAt: number]>({
      rows: samples,
    });
    return estimateSkew(
      rows.map(([message, event, createdAt, receivedAt]) => ({ message, event, createdAt, receivedAt })),
      stages,
    );
  }
}
