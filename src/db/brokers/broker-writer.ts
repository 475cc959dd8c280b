/** Keeps broker collectors, and the messages that they refuse. Runs on the store's thread. */
import type { InStatement, Row } from "@libsql/client";
import type { Author } from "../../core/audit.ts";
import {
  type BrokerCollector,
  type BrokerStore,
  brokerCollectorsMax,
  brokerCollectorToJson,
  hiddenUrl,
  type KeptMessage,
  type RefusedLeft,
  type RefusedMessage,
  refusedMessagesMax,
  type StoredCollectors,
} from "../../core/broker-collector.ts";
import { MarsError } from "../../core/error.ts";
import type { Micros } from "../../core/event.ts";
import { brokersSql } from "../../gen/sql.ts";
import { recordChange } from "../audit/audit-writer.ts";
import type { Database } from "../database.ts";
import { parseObject } from "../read-connection.ts";
import { refusedOf } from "./refused-row.ts";

/** Messages that one read has, with 64 KiB each at most. */
const readMax = 20;

export class BrokerWriter implements BrokerStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async readBrokerCollectors(): Promise<StoredCollectors> {
    const [all, paused, refused] = await this.#database.batch(
      [brokersSql.all, brokersSql.paused, brokersSql.refusedCounts],
      "read",
    );
    return {
      collectors: (all?.rows ?? []).map(({ collector }) => parseObject<BrokerCollector>(collector)),
      paused: (paused?.rows ?? []).map(({ collector }) => String(collector)),
      refused: countsOf(refused?.rows ?? []),
    };
  }

  async putBrokerCollector(collector: BrokerCollector, by?: Author): Promise<void> {
    const { id } = collector;
    const before = await this.#one(id);
    if (JSON.stringify(before) === JSON.stringify(collector)) return;
    await this.#assertRoom(id);
    await this.#database.durably([
      { sql: brokersSql.put, args: [id, JSON.stringify(collector)] },
      ...recordChange(this.#database.now, by, {
        target: id,
        appId: collector.appId,
        old: before && brokerCollectorToJson(before),
        new: shownAfter(collector, before),
      }),
    ]);
  }

  async deleteBrokerCollector(id: string, by?: Author): Promise<boolean> {
    const before = await this.#one(id);
    if (before === undefined) return false;
    await this.#database.durably([
      { sql: brokersSql.remove, args: [id] },
      { sql: brokersSql.resume, args: [id] },
      { sql: brokersSql.removeAllRefused, args: [id] },
      ...recordChange(this.#database.now, by, {
        target: id,
        appId: before.appId,
        old: brokerCollectorToJson(before),
      }),
    ]);
    return true;
  }

  async pauseBrokerCollector(id: string, paused: boolean, by?: Author): Promise<void> {
    await this.#database.durably([
      { sql: paused ? brokersSql.pause : brokersSql.resume, args: [id] },
      ...recordChange(this.#database.now, by, { target: id, new: { paused } }),
    ]);
  }

  async keepRefused(collector: string, messages: readonly RefusedMessage[]): Promise<number> {
    // Only the latest stay.
    const latest = messages.slice(-refusedMessagesMax);
    await this.#database.durably([
      ...latest.map(({ position, at, brokerAt, eventId, reason, body, bytes, headers, appId }) => ({
        sql: brokersSql.keepRefused,
        args: [
          ...[collector, position, at, brokerAt ?? null, eventId, reason, body, bytes],
          ...[JSON.stringify(headers), appId],
        ],
      })),
      { sql: brokersSql.forgetOldest, args: [collector, refusedMessagesMax] },
    ]);
    return this.#count(collector);
  }

  async readRefused(collector: string, after: number, id?: number): Promise<readonly KeptMessage[]> {
    const { rows } = await this.#database.execute(
      id === undefined
        ? { sql: brokersSql.refused, args: [collector, after, readMax] }
        : { sql: brokersSql.refusedOne, args: [collector, id] },
    );
    return rows.map((row: Row) => refusedOf(row));
  }

  async removeRefused(collector: string, ids: readonly number[] | "all", by?: Author): Promise<number> {
    await this.#database.durably([
      ids === "all"
        ? { sql: brokersSql.removeAllRefused, args: [collector] }
        : { sql: brokersSql.removeRefused, args: [collector, JSON.stringify(ids)] },
      ...recordChange(this.#database.now, by, { target: collector, old: { refused_messages: ids } }),
    ]);
    return this.#count(collector);
  }

  async eraseRefused(appId: string, messageId: string | undefined): Promise<RefusedLeft> {
    const sql = messageId === undefined ? brokersSql.eraseRefusedOfApp : brokersSql.eraseRefusedOfMessage;
    return this.#left({ sql, args: [appId, JSON.stringify(writtenForms(messageId ?? appId))] });
  }

  async pruneRefused(now: Micros, keepFor: Micros): Promise<RefusedLeft> {
    return this.#left({ sql: brokersSql.pruneRefused, args: [now, keepFor] });
  }

  async #left(deletion: InStatement): Promise<RefusedLeft> {
    const [deleted, counts] = await this.#database.durably([deletion, brokersSql.refusedCounts]);
    return { removed: deleted?.rowsAffected ?? 0, kept: countsOf(counts?.rows ?? []) };
  }

  async #one(id: string): Promise<BrokerCollector | undefined> {
    const { rows } = await this.#database.execute({ sql: brokersSql.one, args: [id] });
    return rows[0] && parseObject<BrokerCollector>(rows[0].collector);
  }

  async #count(collector: string): Promise<number> {
    const { rows } = await this.#database.execute({ sql: brokersSql.refusedCount, args: [collector] });
    return Number(rows[0]?.count);
  }

  async #assertRoom(id: string): Promise<void> {
    const { rows } = await this.#database.execute({ sql: brokersSql.countOthers, args: [id] });
    if (Number(rows[0]?.count) < brokerCollectorsMax) return;
    const message = `there may be at most ${brokerCollectorsMax} collectors: delete one first`;
    throw new MarsError("invalid_argument", message);
  }
}

/** By collector. */
function countsOf(rows: readonly Row[]): Record<string, number> {
  return Object.fromEntries(rows.map(({ collector, count }) => [String(collector), Number(count)]));
}

/** How an id may stand in a message: as it is, and as JSON has it, with and without characters beyond ASCII. */
function writtenForms(id: string): string[] {
  const json = JSON.stringify(id).slice(1, -1);
  const ascii = json.replace(
    /[^\x20-\x7e]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return [...new Set([id, json, ascii])];
}

/** In the audit a secret that is another than before is `(changed)`. */
function shownAfter(collector: BrokerCollector, before: BrokerCollector | undefined): object {
  const shown = brokerCollectorToJson(collector);
  if (before === undefined) return shown;
  const secretUrl = hiddenUrl(collector) === hiddenUrl(before) && collector.url !== before.url;
  const secret = collector.credentials !== undefined && collector.credentials !== before.credentials;
  const key = collector.tlsKey !== undefined && collector.tlsKey !== before.tlsKey;
  return {
    ...shown,
    ...(secretUrl && { password: "(changed)" }),
    ...(secret && { credentials: "(changed)" }),
    ...(key && { tls_key: "(changed)" }),
  };
}
