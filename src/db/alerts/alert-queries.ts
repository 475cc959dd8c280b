/** Questions to alerts: what the evaluator and the deliverer go on from, and what clients list. */
import type { InStatement, InValue, Row } from "@libsql/client";
import type {
  Attempt,
  Delivery,
  DeliveryPage,
  DeliveryQuery,
  DeliveryState,
  DueDeliveries,
  DueDelivery,
} from "../../alerting/delivery.ts";
import { countMax, type Figures, type FindingGroup, samplesMax } from "../../alerting/figures.ts";
import {
  type Incident,
  type IncidentPage,
  type IncidentQuery,
  incidentsMax,
} from "../../alerting/incident.ts";
import type { AlertState } from "../../alerting/ports.ts";
import type { AlertRule } from "../../alerting/rule.ts";
import type { AlertSilence } from "../../alerting/silence.ts";
import type { AlertSink } from "../../alerting/sink.ts";
import type { Micros } from "../../core/event.ts";
import { nowMicros } from "../../core/time.ts";
import type { FindingKind } from "../../lifecycle/finding.ts";
import { formatCursor, parseCursor } from "../cursor.ts";
import { parseObject, type ReadConnection } from "../read-connection.ts";

/** Less is the way of clocks. */
const stepMin: Micros = 1_000_000;

/** Statements of one read: a server takes so many at once. */
const statementsMax = 100;

export class AlertQueries {
  readonly #connection: ReadConnection;

  constructor(connection: ReadConnection) {
    this.#connection = connection;
  }

  /** See `AlertReader` of `alerting/ports.ts` for all of these. */
  async rules(): Promise<AlertRule[]> {
    const [rows] = await this.#connection.read([allRules]);
    return this.#connection.decode(rows, ruleOf);
  }

  async sinks(): Promise<AlertSink[]> {
    const [rows] = await this.#connection.read(["SELECT sink FROM alert_sinks ORDER BY id"]);
    return this.#connection.decode(rows, sinkOf);
  }

  async silences(): Promise<AlertSilence[]> {
    const [rows] = await this.#connection.read(["SELECT id, silence FROM alert_silences ORDER BY id DESC"]);
    return this.#connection.decode(rows, silenceOf);
  }

  async state(): Promise<AlertState> {
    const [cursor, rules, silences, incidents] = await this.#connection.read([
      "SELECT step, finding_seq, last_incident FROM alert_cursor",
      allRules,
      { sql: "SELECT id, silence FROM alert_silences WHERE until > ?", args: [nowMicros()] },
      `SELECT * FROM alert_incidents WHERE closed_at = 0 ORDER BY id LIMIT ${incidentsMax}`,
    ]);
    const row = cursor?.[0];
    return {
      step: Number(row?.step),
      findingSeq: Number(row?.finding_seq),
      lastIncident: Number(row?.last_incident),
      rules: this.#connection.decode(rules, ruleOf),
      silences: this.#connection.decode(silences, silenceOf),
      incidents: this.#connection.decode(incidents, incidentOf),
    };
  }

  async counts(groups: readonly FindingGroup[]): Promise<number[]> {
    const rows = await this.#each(groups, (group) => {
      const { where, args } = holding(group);
      return {
        sql: `SELECT count(*) AS count FROM (SELECT 1 FROM findings WHERE ${where} LIMIT ${countMax + 1})`,
        args,
      };
    });
    return rows.map((row) => Number(row?.count));
  }

  async figures(groups: readonly FindingGroup[]): Promise<Figures[]> {
    const rows = await this.#each(groups, (group) => {
      const { where, args } = holding(group);
      return {
        sql: `WITH held AS MATERIALIZED (SELECT id, due_at, late_by FROM findings WHERE ${where} LIMIT ${countMax + 1})
          SELECT count(*) AS count, min(due_at) AS since, max(late_by) AS late_by, (
            SELECT json_group_array(m.message_id) FROM (SELECT id FROM held ORDER BY due_at, id LIMIT ${samplesMax}) first
              CROSS JOIN findings f ON f.id = first.id CROSS JOIN messages m ON m.id = f.message
          ) AS samples, (SELECT expired FROM alert_incidents WHERE id = ?6) AS expired FROM held`,
        args: [...args, group.incident ?? null],
      };
    });
    return rows.map((row) => ({
      count: Number(row?.count),
      ...(row?.since !== null && { since: Number(row?.since) }),
      lateBy: Number(row?.late_by ?? 0),
      samples: JSON.parse(String(row?.samples)),
      ...(Number(row?.expired ?? 0) > 0 && { expired: Number(row?.expired) }),
    }));
  }

  async dueDeliveries(at: Micros, busy: readonly string[]): Promise<DueDeliveries> {
    const [rows] = await this.#connection.read([
      {
        // Waiting began at the last attempt. Where that lies ahead, the clock has gone back, and nobody knows for how long to wait.
        sql: `SELECT d.id, iif(coalesce((SELECT a.at FROM alert_attempts a WHERE a.delivery = d.id AND a.number = d.attempts),
            d.created_at) > ?2, 0, d.next_at) AS next_at, d.webhook_id, d.notification, d.attempts, s.sink
          FROM alert_sinks s CROSS JOIN alert_deliveries d ON d.id = (
            SELECT id FROM alert_deliveries WHERE sink = s.id AND state = 'pending' ORDER BY next_at LIMIT 1)
          WHERE s.id NOT IN (SELECT value FROM json_each(?1))`,
        args: [JSON.stringify(busy), at + stepMin],
      },
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

  async incidents({ appId, rule, state, limit, cursor }: IncidentQuery): Promise<IncidentPage> {
    const conditions = new Filters();
    conditions.add("app_id", appId);
    conditions.add("rule", rule);
    if (state === "active") conditions.and("closed_at = 0");
    if (state === "resolved") conditions.and("closed_at > 0");
    if (cursor !== undefined) {
      const [rank, id] = parseCursor(cursor, "incidents", [0, 0] as const);
      conditions.and(`(${rankOf}, id) < (?, ?)`, rank, id);
    }
    const [rows] = await this.#connection.read([
      {
        sql: `SELECT *, ${rankOf} AS rank FROM alert_incidents ${conditions.where()}
          ORDER BY ${rankOf} DESC, id DESC LIMIT ?`,
        args: [...conditions.args, limit],
      },
    ]);
    const last = rows?.length === limit ? rows.at(-1) : undefined;
    return {
      incidents: this.#connection.decode(rows, incidentOf),
      ...(last !== undefined && {
        nextCursor: formatCursor("incidents", [Number(last.rank), Number(last.id)]),
      }),
    };
  }

  async deliveries({ sink, incident, state, limit, cursor }: DeliveryQuery): Promise<DeliveryPage> {
    const conditions = new Filters();
    conditions.add("sink", sink);
    conditions.add("incident", incident);
    conditions.add("state", state);
    if (cursor !== undefined) conditions.and("id < ?", ...parseCursor(cursor, "deliveries", [0] as const));
    const page = `SELECT * FROM alert_deliveries ${conditions.where()} ORDER BY id DESC LIMIT ?`;
    const args = [...conditions.args, limit];
    const [rows, attempts] = await this.#connection.read([
      { sql: page, args },
      {
        sql: `SELECT * FROM alert_attempts WHERE delivery IN (SELECT id FROM (${page})) ORDER BY delivery, number`,
        args,
      },
    ]);
    const byDelivery = Map.groupBy(attempts ?? [], ({ delivery }) => Number(delivery));
    const last = rows?.length === limit ? rows.at(-1) : undefined;
    return {
      deliveries: this.#connection.decode(rows, (row) =>
        deliveryOf(row, byDelivery.get(Number(row.id)) ?? []),
      ),
      ...(last !== undefined && { nextCursor: formatCursor("deliveries", [Number(last.id)]) }),
    };
  }

  /** The one row that each group's statement answers with. */
  async #each(
    groups: readonly FindingGroup[],
    statement: (group: FindingGroup) => InStatement,
  ): Promise<(Row | undefined)[]> {
    const rows: (Row | undefined)[] = [];
    for (let from = 0; from < groups.length; from += statementsMax) {
      const some = groups.slice(from, from + statementsMax).map(statement);
      rows.push(...(await this.#connection.read(some)).map(([row]) => row));
    }
    return rows;
  }
}

/** The active come before all that are resolved. */
const rankOf = `iif(closed_at = 0, ${Number.MAX_SAFE_INTEGER}, closed_at)`;

const allRules = "SELECT rule FROM alert_rules ORDER BY id";

/** In the terms of the index `findings_group`. */
function holding({ appId, kind, stage, versions, since }: FindingGroup): { where: string; args: InValue[] } {
  return {
    where: `app = (SELECT id FROM apps WHERE app_id = ?1) AND kind = ?2 AND stage = ?3 AND stage <> '' AND retracted_at = 0
      AND lifecycle IN (SELECT id FROM lifecycles
        WHERE app_id = ?1 AND version IN (SELECT value FROM json_each(?4))) AND raised_at >= ?5`,
    args: [appId, kind, stage, JSON.stringify(versions), since],
  };
}

class Filters {
  readonly #sql: string[] = [];
  readonly args: InValue[] = [];

  /** The column has this value, where one is given. */
  add(column: string, value: InValue | undefined): void {
    if (value !== undefined) this.and(`${column} = ?`, value);
  }

  and(sql: string, ...args: InValue[]): void {
    this.#sql.push(sql);
    this.args.push(...args);
  }

  where(): string {
    return this.#sql.length === 0 ? "" : `WHERE ${this.#sql.join(" AND ")}`;
  }
}

function dueOf(row: Row): DueDelivery {
  return {
    id: Number(row.id),
    sink: sinkOf(row),
    webhookId: String(row.webhook_id),
    notification: parseObject(row.notification),
    attempts: Number(row.attempts),
  };
}

function ruleOf({ rule }: Row): AlertRule {
  return parseObject(rule);
}

function sinkOf({ sink }: Row): AlertSink {
  return parseObject(sink);
}

function silenceOf(row: Row): AlertSilence {
  return { ...parseObject<AlertSilence>(row.silence), id: Number(row.id) };
}

function incidentOf(row: Row): Incident {
  return {
    id: Number(row.id),
    rule: String(row.rule),
    appId: String(row.app_id),
    kind: row.kind as FindingKind,
    stage: String(row.stage),
    after: String(row.after),
    versions: parseObject(row.versions),
    openedAt: Number(row.opened_at),
    countedFrom: Number(row.counted_from),
    firstRaisedAt: Number(row.first_raised_at),
    lastRaisedAt: Number(row.last_raised_at),
    notifiedAt: Number(row.notified_at),
    silenced: row.silenced === 1,
    changes: Number(row.changes),
    closedAt: Number(row.closed_at),
    text: String(row.text),
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
