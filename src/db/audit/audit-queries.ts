/** Lists the audit. Runs on a query thread. */
import type { Row } from "@libsql/client";
import { type AuditEntry, type AuditPage, type AuditQuery, auditEntryBytes } from "../../core/audit.ts";
import type { Protocol } from "../../core/caller.ts";
import { Conditions } from "../conditions.ts";
import { KeysetScan, readPage } from "../keyset-scan.ts";
import { parseObject, type ReadConnection } from "../read-connection.ts";

/** See `pageBytesMax` of `set-aside-queries.ts`. */
const pageBytesMax = 512 * 1024;

export class AuditQueries {
  readonly #connection: ReadConnection;

  constructor(connection: ReadConnection) {
    this.#connection = connection;
  }

  /** See `AuditReader.audit`. */
  async list({ since, until, who, action, appId, target, limit, cursor }: AuditQuery): Promise<AuditPage> {
    const filters = new Conditions();
    if (since !== undefined) filters.add("at >= ?", since);
    if (until !== undefined) filters.add("at < ?", until);
    filters.addEqual("who", who);
    filters.addEqual("action", action);
    filters.addEqual("app_id", appId);
    filters.addEqual("target", target);
    const scan = new KeysetScan({
      kind: "audit",
      cursor,
      columns: "at, who, name, address, protocol, action, target, app_id, old, new",
      from: "audit",
      key: [{ name: "id", sql: "id", type: "integer" }],
      direction: "DESC",
      filters,
      limit,
      bytes: { sql: `${auditEntryBytes} + octet_length(old) + octet_length(new)`, max: pageBytesMax },
    });
    const { rows, next } = await readPage(this.#connection, scan);
    return { entries: this.#connection.decode(rows, entryOf), ...next };
  }
}

function entryOf(row: Row): AuditEntry {
  return {
    id: Number(row.id),
    at: Number(row.at),
    who: String(row.who),
    name: String(row.name),
    address: String(row.address),
    protocol: row.protocol as Protocol,
    action: String(row.action),
    target: String(row.target),
    ...(row.app_id !== "" && { appId: String(row.app_id) }),
    ...(row.old !== "" && { old: parseObject<object>(row.old) }),
    ...(row.new !== "" && { new: parseObject<object>(row.new) }),
  };
}
