/** Reads deliveries: those that are due, and lists with every attempt. Runs on a query thread. */
import type { Row } from "@libsql/client";
import type { PublishedPage } from "../../alerting/alert-topic.ts";
import type {
  Attempt,
  Delivery,
  DeliveryPage,
  DeliveryQuery,
  DeliveryState,
  DueDeliveries,
  DueDelivery,
} from "../../alerting/delivery.ts";
import type { PublishedQuery } from "../../alerting/ports.ts";
import type { Micros } from "../../core/event.ts";
import { alertsSql } from "../../gen/sql.ts";
import { Conditions } from "../conditions.ts";
import { KeysetScan, readPage } from "../keyset-scan.ts";
import { parseObject, type ReadConnection } from "../read-connection.ts";
import { alertPageBytesMax, evaluatedSeq } from "./incident-queries.ts";

/** Notifications of one page of the topics' history; one has some 4 KiB. */
const publishedMax = 100;

/** A smaller step back is normal for a clock. */
const stepMin: Micros = 1_000_000;

const deliveryBytes = `octet_length(notification) + 200 + coalesce(
  (SELECT sum(octet_length(error) + octet_length(response) + 200) FROM alert_attempts WHERE delivery = alert_deliveries.id), 0)`;

/** A test of a sink is of no incident, and of no app. */
const appOfIncident = "(SELECT app_id FROM alert_incidents WHERE id = incident)";

export class DeliveryQueries {
  readonly #connection: ReadConnection;

  constructor(connection: ReadConnection) {
    this.#connection = connection;
  }

  /** See `AlertReader` of `alerting/ports.ts`. */
  async due(at: Micros, busy: readonly string[]): Promise<DueDeliveries> {
    const [rows] = await this.#connection.read([
      { sql: alertsSql.dueDeliveries, args: [JSON.stringify(busy), at + stepMin] },
    ]);
    const due = (rows ?? []).filter((row) => Number(row.next_at) <= at);
    const later = (rows ?? []).map((row) => Number(row.next_at)).filter((next) => next > at);
    const readable = this.#connection.decode(due, dueOf);
    const known = new Set(readable.map(({ id }) => id));
    return {
      due: readable,
      unreadable: due
        .map((row) => ({ id: Number(row.id), attempts: Number(row.attempts) }))
        .filter(({ id }) => !known.has(id)),
      ...(later.length > 0 && { nextAt: Math.min(...later) }),
    };
  }

  /** See `AlertReader` of `alerting/ports.ts` for both of these. */
  async published({ after, upTo, rule }: PublishedQuery): Promise<PublishedPage> {
    const [rows = [], first] = await this.#connection.read([
      { sql: alertsSql.published, args: [after, upTo, publishedMax, rule ?? null] },
      alertsSql.publishedFrom,
    ]);
    const known = rows.filter(({ notification }) => notification !== null);
    const { length } = rows;
    return {
      published: this.#connection.decode(known, ({ seq, notification }) => ({
        seq: Number(seq),
        notification: parseObject(notification),
      })),
      to: length < publishedMax ? upTo : Number(rows[length - 1]?.seq),
      prunedTo: first?.[0]?.first === null ? upTo : Number(first?.[0]?.first) - 1,
    };
  }

  async lastPublished(): Promise<number> {
    const [rows] = await this.#connection.read([alertsSql.lastPublished]);
    return Number(rows?.[0]?.seq);
  }

  /** See `AlertReader` of `alerting/ports.ts`. */
  async list({
    id,
    appId,
    apps,
    sink,
    incident,
    state,
    limit,
    cursor,
  }: DeliveryQuery): Promise<DeliveryPage> {
    const filters = new Conditions();
    filters.addEqual("id", id);
    filters.addEqual(appOfIncident, appId);
    filters.addApps(appOfIncident, apps);
    if (sink !== undefined)
      filters.add("iif(instr(sink, '#') = 0, sink, substr(sink, 1, instr(sink, '#') - 1)) = ?", sink);
    filters.addEqual("incident", incident);
    filters.addEqual("state", state);
    const scan = new KeysetScan({
      kind: "deliveries",
      cursor,
      columns: "*",
      from: "alert_deliveries",
      key: [{ name: "id", sql: "id", type: "integer" }],
      direction: "DESC",
      filters,
      // An incident has a delivery a change and sink, and an index of them.
      sorted: incident !== undefined || id !== undefined,
      limit,
      bytes: { sql: deliveryBytes, max: alertPageBytesMax },
    });
    const { rows, next, others } = await readPage(this.#connection, scan, ({ sql, args }) => [
      evaluatedSeq,
      {
        sql: `SELECT * FROM alert_attempts WHERE delivery IN (SELECT id FROM (${sql})) ORDER BY delivery, number`,
        args,
      },
    ]);
    const [evaluated, made] = others;
    const attempts = Map.groupBy(made ?? [], ({ delivery }) => Number(delivery));
    return {
      deliveries: this.#connection.decode(rows, (row) => deliveryOf(row, attempts.get(Number(row.id)) ?? [])),
      ...next,
      asOfSeq: Number(evaluated?.[0]?.seq),
    };
  }
}

function dueOf(row: Row): DueDelivery {
  return {
    id: Number(row.id),
    sink: parseObject(row.sink),
    webhookId: String(row.webhook_id),
    notification: parseObject(row.notification),
    attempts: Number(row.attempts),
    origin: String(row.origin),
  };
}

function deliveryOf(row: Row, attempts: readonly Row[]): Delivery {
  return {
    id: Number(row.id),
    ...(row.incident !== null && { incident: Number(row.incident) }),
    sink: String(row.sink),
    state: row.state as DeliveryState,
    webhookId: String(row.webhook_id),
    notification: parseObject(row.notification),
    createdAt: Number(row.created_at),
    nextAt: Number(row.next_at),
    attempts: attempts.map(attemptOf),
  };
}

function attemptOf(row: Row): Attempt {
  return {
    at: Number(row.at),
    durationMs: Number(row.duration_ms),
    outcome: row.outcome as Attempt["outcome"],
    status: Number(row.status),
    error: String(row.error),
    response: String(row.response),
  };
}
