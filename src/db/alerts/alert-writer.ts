/** Writes rules, sinks, silences, incidents and deliveries. Runs on the store's thread. */
import type { InStatement } from "@libsql/client";
import type { Attempt, AttemptRecord, NewDelivery } from "../../alerting/delivery.ts";
import { shownId } from "../../alerting/notification-text.ts";
import type { AlertStep } from "../../alerting/ports.ts";
import { type AlertRule, rulesMax } from "../../alerting/rule.ts";
import { type AlertSilence, silencesMax } from "../../alerting/silence.ts";
import { type AlertSink, sinksMax } from "../../alerting/sink.ts";
import { MarsError } from "../../core/error.ts";
import type { Micros } from "../../core/event.ts";
import { alertsSql, redactSql } from "../../gen/sql.ts";
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
      alertsSql.beginCursor,
      { sql: alertsSql.putRule, args: [rule.id, JSON.stringify(rule)] },
    ]);
  }

  async deleteRule(id: string, at: Micros): Promise<boolean> {
    return this.#delete("alert_rules", id, [{ sql: alertsSql.closeIncidents, args: [id, at] }]);
  }

  async putSink(sink: AlertSink): Promise<void> {
    await this.#bound("alert_sinks", sink.id, sinksMax, "alert sinks");
    await this.#durably([{ sql: alertsSql.putSink, args: [sink.id, JSON.stringify(sink)] }]);
  }

  async deleteSink(id: string): Promise<boolean> {
    return this.#delete("alert_sinks", id, [{ sql: alertsSql.failDeliveries, args: [id] }]);
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
      { sql: alertsSql.moveCursor, args: [step, findingSeq, last] },
      ...forRows(
        alertsSql.upsertIncidents,
        incidents.map((row) => JSON.stringify(row)),
      ),
      ...forRows(
        alertsSql.insertDeliveries,
        deliveries.map((row) => JSON.stringify(row)),
      ),
    ]);
  }

  async recordAttempt({ delivery, number, attempt, state, nextAt }: AttemptRecord): Promise<void> {
    await this.#durably([
      insertAttempt(delivery, number, attempt),
      { sql: alertsSql.moveDelivery, args: [delivery, state, nextAt, number] },
    ]);
  }

  async recordTest(delivery: NewDelivery, attempt: Attempt): Promise<void> {
    const { sink, state, webhookId, notification, createdAt } = delivery;
    await this.#durably([
      { sql: alertsSql.insertTest, args: [sink, state, webhookId, JSON.stringify(notification), createdAt] },
      insertAttempt(null, 1, attempt),
    ]);
  }

  async redact(appId: string, messageId: string | undefined): Promise<void> {
    const shown = messageId === undefined ? null : shownId(messageId);
    await this.#durably([
      { sql: redactSql.incidents, args: [appId, shown] },
      { sql: redactSql.deliveries, args: [appId, messageId ?? null] },
      { sql: redactSql.attempts, args: [appId, messageId ?? null] },
    ]);
  }

  async prune(before: Micros): Promise<boolean> {
    const args = [before, pruneRows];
    const [, deliveries, incidents] = await this.#database.batch(
      [
        { sql: alertsSql.pruneAttempts, args },
        { sql: alertsSql.pruneDeliveries, args },
        { sql: alertsSql.pruneIncidents, args },
        { sql: "DELETE FROM alert_silences WHERE until < ?", args: [before] },
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

function refuseBeyond(count: number, max: number, what: string): void {
  if (count < max) return;
  // Trying again later would not help.
  throw new MarsError("invalid_argument", `there may be at most ${max} ${what}: delete one first`);
}

/** @param delivery its id; `null` for the one inserted just before, in the same transaction */
function insertAttempt(delivery: number | null, number: number, attempt: Attempt): InStatement {
  const { at, durationMs, outcome, status, error, response } = attempt;
  return {
    sql: alertsSql.insertAttempt,
    args: [delivery, number, at, durationMs, outcome, status, error, response],
  };
}
