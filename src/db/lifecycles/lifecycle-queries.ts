/** Reads definitions. Runs on a query thread. */
import type { Micros } from "../../core/event.ts";
import { lifecyclesSql } from "../../gen/sql.ts";
import type { LifecycleVersion } from "../../lifecycle/definition.ts";
import type { ReadConnection } from "../read-connection.ts";
import { versionOfRow } from "./plan-cache.ts";

const versionsMax = 100;
/** Bytes of the definitions in one answer, unless the latest alone has more. */
const answerBytesMax = 1024 * 1024;

export class LifecycleQueries {
  readonly #connection: ReadConnection;

  constructor(connection: ReadConnection) {
    this.#connection = connection;
  }

  /** See `LifecycleReader.lifecycleVersions`. */
  async lifecycleVersions(appId: string, limit = versionsMax): Promise<LifecycleVersion[]> {
    const [rows] = await this.#connection.read([
      {
        sql: lifecyclesSql.list,
        args: [appId, limit, answerBytesMax],
      },
    ]);
    return this.#connection.decode(rows, versionOfRow);
  }

  /** See `LifecycleReader.lifecycleVersion`. */
  async lifecycleVersion(appId: string, version: number): Promise<LifecycleVersion | undefined> {
    const { rows } = await this.#connection.execute({
      sql: lifecyclesSql.ofVersion,
      args: [appId, version],
    });
    return this.#connection.decode(rows, versionOfRow)[0];
  }

  /** See `LifecycleReader.messagesSince`. */
  async messagesSince(appId: string, since: Micros): Promise<number> {
    const [rows] = await this.#connection.read([{ sql: lifecyclesSql.messagesSince, args: [appId, since] }]);
    return Number(rows?.[0]?.count);
  }
}
