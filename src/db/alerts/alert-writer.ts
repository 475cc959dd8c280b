/** Writes rules, sinks, silences, incidents and deliveries. Runs on the store's thread. */
import type { InStatement } from "@libsql/client";
import type { Attempt, AttemptRecord, NewDelivery } from "../../alerting/delivery.ts";
import type { AlertStep } from "../../alerting/ports.ts";
import { type AlertRule, rulesMax } from "../../alerting/rule.ts";
import { type AlertSilence, silencesMax } from "../../alerting/silence.ts";
import { type AlertSink, sinksMax } from "../../alerting/sink.ts";
import { MarsError } from "../../core/error.ts";
import type { Micros } from "../../core/event.ts";
import type { Database } from "../database.ts";
import { forRows } from "../rows.ts";

/** Deliveries and incidents, of each, that one step of retention deletes. */
const pruneRows = 500;

export class AlertWriter {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** See `AlertStore` of `alerting/ports.ts` for all of these. */
  async putRule(rule: AlertRule): Promise<void> {
    await this.#bound("alert_rules", rule.id, rulesMax, "alert rules");
    await this.#durably([
      {
        // Nobody has followed the findings before the first rule.
        sql: `UPDATE alert_cursor SET finding_seq = max(finding_seq, (SELECT finding_seq FROM projection))
          WHERE NOT EXISTS (SELECT 1 FROM alert_rules)`,
        args: [],
      },
      put("alert_rules", "rule", rule.id, rule),
    ]);
  }

  async deleteRule(id: string, at: Micros): Promise<boolean> {
    return this.#delete("alert_rules", id, [
      { sql: "UPDATE alert_incidents SET closed_at = ?2 WHERE rule = ?1 AND closed_at = 0", args: [id, at] },
    ]);
  }

  async putSink(sink: AlertSink): Promise<void> {
    await this.#bound("alert_sinks", sink.id, sinksMax, "alert sinks");
    await this.#durably([put("alert_sinks", "sink", sink.id, sink)]);
  }

  async deleteSink(id: string): Promise<boolean> {
    return this.#delete("alert_sinks", id, [
      {
        sql: "UPDATE alert_deliveries SET state = 'failed', next_at = 0 WHERE sink = ? AND state = 'pending'",
        args: [id],
      },
    ]);
  }

  async addSilence(silence: Omit<AlertSilence, "id">): Promise<number> {
    const { rows } = await this.#database.execute({
      sql: "SELECT count(*) AS count FROM alert_silences WHERE until > ?",
      args: [silence.createdAt],
    });
    refuseBeyond(Number(rows[0]?.count), silencesMax, "silences");
    const [inserted] = await this.#database.durably([
      {
        sql: "INSERT INTO alert_silences (until, silence) VALUES (?, ?) RETURNING id",
        args: [silence.until, JSON.stringify(silence)],
      },
    ]);
    return Number(inserted?.rows[0]?.id);
  }

  async deleteSilence(id: number): Promise<boolean> {
    return this.#delete("alert_silences", id, []);
  }

  async commit({ step, findingSeq, incidents, deliveries }: AlertStep): Promise<void> {
    const last = incidents.reduce((max, { id }) => Math.max(max, id), 0);
    await this.#durably([
      {
        sql: `UPDATE alert_cursor SET continues_from = ?1 - 1, step = ?1, finding_seq = ?2,
          last_incident = max(last_incident, ?3)`,
        args: [step, findingSeq, last],
      },
      ...forRows(
        upsertIncidents,
        incidents.map((row) => JSON.stringify(row)),
      ),
      ...forRows(
        insertDeliveries,
        deliveries.map((row) => JSON.stringify(row)),
      ),
    ]);
  }

  async recordAttempt({ delivery, number, attempt, state, nextAt }: AttemptRecord): Promise<void> {
    await this.#durably([
      insertAttempt(attempt, number, "?8", delivery),
      {
        sql: `UPDATE alert_deliveries SET state = ?1, next_at = ?2, attempts = ?3
          WHERE id = ?4 AND state = 'pending' AND attempts < ?3`,
        args: [state, nextAt, number, delivery],
      },
    ]);
  }

  async recordTest(delivery: NewDelivery, attempt: Attempt): Promise<void> {
    await this.#durably([
      {
        sql: `INSERT INTO alert_deliveries (sink, state, webhook_id, notification, created_at, next_at, attempts)
          VALUES (?, ?, ?, ?, ?, 0, 1)`,
        args: [
          delivery.sink,
          delivery.state,
          delivery.webhookId,
          JSON.stringify(delivery.notification),
          delivery.createdAt,
        ],
      },
      insertAttempt(
        attempt,
        1,
        "(SELECT max(id) FROM alert_deliveries WHERE webhook_id = ?8)",
        delivery.webhookId,
      ),
    ]);
  }

  async prune(before: Micros): Promise<boolean> {
    const old = `SELECT id FROM alert_deliveries
      WHERE created_at < ?1 AND state <> 'pending' ORDER BY created_at, id LIMIT ${pruneRows}`;
    const args = [before];
    const [, deliveries, incidents] = await this.#database.batch(
      [
        { sql: `DELETE FROM alert_attempts WHERE delivery IN (${old})`, args },
        { sql: `DELETE FROM alert_deliveries WHERE id IN (${old})`, args },
        {
          sql: `DELETE FROM alert_incidents WHERE id IN (SELECT id FROM alert_incidents
            WHERE closed_at > 0 AND closed_at < ?1 ORDER BY closed_at LIMIT ${pruneRows})`,
          args,
        },
        { sql: "DELETE FROM alert_silences WHERE until < ?1", args },
      ],
      "write",
    );
    return deliveries?.rowsAffected === pruneRows || incidents?.rowsAffected === pruneRows;
  }

  /** Only this thread writes, so what is counted does not change before it is used. */
  async #bound(table: "alert_rules" | "alert_sinks", id: string, max: number, what: string): Promise<void> {
    const { rows } = await this.#database.execute({
      sql: `SELECT count(*) AS count FROM ${table} WHERE id <> ?`,
      args: [id],
    });
    refuseBeyond(Number(rows[0]?.count), max, what);
  }

  async #delete(table: string, id: string | number, more: readonly InStatement[]): Promise<boolean> {
    const [deleted] = await this.#durably([
      { sql: `DELETE FROM ${table} WHERE id = ?`, args: [id] },
      ...more,
    ]);
    return deleted?.rowsAffected === 1;
  }

  /** Synced: a power cut must not take back that a sink has a notification, or the sink gets it again. */
  #durably(statements: InStatement[]) {
    return this.#database.durably(statements);
  }
}

function put(table: string, column: string, id: string, value: object): InStatement {
  return {
    sql: `INSERT INTO ${table} (id, ${column}) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET ${column} = excluded.${column}`,
    args: [id, JSON.stringify(value)],
  };
}

function refuseBeyond(count: number, max: number, what: string): void {
  if (count < max) return;
  // Trying again later would not help.
  throw new MarsError("invalid_argument", `there may be at most ${max} ${what}: delete one first`);
}

/** The columns of `alert_incidents`, each with its place in an `Incident`. */
const incidentColumns = {
  id: "id",
  rule: "rule",
  app_id: "appId",
  kind: "kind",
  stage: "stage",
  after: "after",
  versions: "versions",
  opened_at: "openedAt",
  counted_from: "countedFrom",
  first_raised_at: "firstRaisedAt",
  last_raised_at: "lastRaisedAt",
  notified_at: "notifiedAt",
  silenced: "silenced",
  changes: "changes",
  closed_at: "closedAt",
  text: "text",
} as const;

const changing = [
  "versions",
  "last_raised_at",
  "notified_at",
  "silenced",
  "changes",
  "closed_at",
  "text",
] as const;

const upsertIncidents = `INSERT INTO alert_incidents (${Object.keys(incidentColumns).join(", ")})
  SELECT ${Object.values(incidentColumns)
    .map((name) => `value ->> '$.${name}'`)
    .join(", ")} FROM json_each(?) WHERE true
  ON CONFLICT (id) DO UPDATE SET ${changing.map((name) => `${name} = excluded.${name}`).join(", ")}`;

const insertDeliveries = `INSERT INTO alert_deliveries
    (incident, change, sink, state, webhook_id, notification, created_at, next_at, attempts)
  SELECT value ->> '$.incident', value ->> '$.change', value ->> '$.sink', value ->> '$.state', value ->> '$.webhookId',
    value -> '$.notification', value ->> '$.createdAt', iif(value ->> '$.state' = 'pending', value ->> '$.createdAt', 0), 0
  FROM json_each(?)`;

/** @param delivery SQL of its id, by the eighth argument */
function insertAttempt(attempt: Attempt, number: number, delivery: string, by: number | string): InStatement {
  return {
    sql: `INSERT OR IGNORE INTO alert_attempts
        (delivery, number, at, duration_ms, outcome, status, error, response)
      VALUES (${delivery}, ?1, ?2, ?3, ?4, ?5, ?6, ?7)`,
    args: [
      number,
      attempt.at,
      attempt.durationMs,
      attempt.outcome,
      attempt.status,
      attempt.error,
      attempt.response,
      by,
    ],
  };
}
