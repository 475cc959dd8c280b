/** Writes rules, sinks, silences, incidents and deliveries. Runs on the store's thread. */
import type { InStatement } from "@libsql/client";
import type { Attempt, AttemptRecord, NewDelivery } from "../../alerting/delivery.ts";
import { type AlertCalendar, calendarsMax } from "../../alerting/hours/schedule.ts";
import { shownId } from "../../alerting/notification-text.ts";
import type { AlertStep } from "../../alerting/ports.ts";
import { type AlertRule, opensOther, rulesMax, type StoredRule, withGrowth } from "../../alerting/rule.ts";
import { type AlertSink, sinksMax } from "../../alerting/sink.ts";
import type { Author } from "../../core/audit.ts";
import { MarsError } from "../../core/error.ts";
import type { Micros } from "../../core/event.ts";
import { alertsSql, formerSinksSql, redactSql } from "../../gen/sql.ts";
import { recordChange } from "../audit/audit-writer.ts";
import type { Database } from "../database.ts";
import { parseObject } from "../read-connection.ts";
import { calendarChange, ruleChange, sinkChange } from "./alert-changes.ts";
import { keepFormer } from "./former-sinks.ts";
import { writeIncidents, writeWithSeq } from "./incident-rows.ts";

/** Deliveries and incidents, of each, that one step of retention deletes. */
const pruneRows = 500;

export class AlertWriter {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** See `AlertStore` of `alerting/ports.ts` for all of these. */
  async putRule(rule: AlertRule, by?: Author, at = this.#database.now): Promise<void> {
    await this.#bound("alert_rules", rule.id, rulesMax, "alert rules");
    const text = JSON.stringify(rule);
    const before = await this.#read("alert_rules", rule.id);
    if (text === before) return;
    const other = isOther(before, rule);
    await this.#durably([
      alertsSql.beginCursor,
      { sql: alertsSql.putRule, args: [rule.id, text, at, other ? 1 : 0] },
      ...(other ? [{ sql: "DELETE FROM alert_looks WHERE rule = ?", args: [rule.id] }] : []),
      alertsSql.forgetArrivals,
      ...recordChange(this.#database.now, by, ruleChange(rule.id, before, rule)),
    ]);
  }

  async deleteRule(id: string, by?: Author): Promise<boolean> {
    const before = await this.#read("alert_rules", id);
    if (before === undefined) return false;
    await this.#durably([
      { sql: "DELETE FROM alert_rules WHERE id = ?", args: [id] },
      { sql: "DELETE FROM alert_looks WHERE rule = ?", args: [id] },
      alertsSql.forgetArrivals,
      ...recordChange(this.#database.now, by, ruleChange(id, before)),
    ]);
    return true;
  }

  async putSink(sink: AlertSink, by?: Author): Promise<void> {
    await this.#bound("alert_sinks", sink.id, sinksMax, "alert sinks");
    const text = JSON.stringify(sink);
    const before = await this.#read("alert_sinks", sink.id);
    if (text === before) return;
    await this.#durably([
      { sql: alertsSql.putSink, args: [sink.id, text] },
      ...keepFormer(this.#database.now, sink.id, before, sink),
      ...recordChange(this.#database.now, by, sinkChange(sink.id, before, sink)),
    ]);
  }

  async deleteSink(id: string, by?: Author): Promise<boolean> {
    const before = await this.#read("alert_sinks", id);
    if (before === undefined) return false;
    await this.#durably([
      { sql: "DELETE FROM alert_sinks WHERE id = ?", args: [id] },
      ...keepFormer(this.#database.now, id, before),
      ...recordChange(this.#database.now, by, sinkChange(id, before)),
    ]);
    return true;
  }

  async putCalendar(calendar: AlertCalendar, by?: Author): Promise<void> {
    const { id } = calendar;
    await this.#bound("alert_calendars", id, calendarsMax, "calendars");
    const text = JSON.stringify(calendar);
    const before = await this.#read("alert_calendars", id);
    if (text === before) return;
    const sql =
      "INSERT INTO alert_calendars (id, calendar) VALUES (?1, ?2) ON CONFLICT (id) DO UPDATE SET calendar = ?2";
    await this.#durably([
      { sql, args: [id, text] },
      ...recordChange(this.#database.now, by, calendarChange(id, before, calendar)),
    ]);
  }

  async deleteCalendar(id: string, by?: Author): Promise<boolean> {
    const before = await this.#read("alert_calendars", id);
    if (before === undefined) return false;
    const sql = "DELETE FROM alert_calendars WHERE id = ?";
    await this.#durably([
      { sql, args: [id] },
      ...recordChange(this.#database.now, by, calendarChange(id, before)),
    ]);
    return true;
  }

  async commit({ step, findingSeq, incidents, deliveries }: AlertStep): Promise<number> {
    const last = incidents.reduce((max, { id }) => Math.max(max, id), 0);
    return writeWithSeq(this.#database, [
      { sql: alertsSql.moveCursor, args: [step, findingSeq, last] },
      ...writeIncidents({ incidents, deliveries }),
    ]);
  }

  async noteLook(rule: string, at: Micros, look: object): Promise<void> {
    const sql = `INSERT INTO alert_looks (rule, looked_at, look) SELECT ?1, ?2, ?3
      WHERE EXISTS (SELECT 1 FROM alert_rules WHERE id = ?1)
      ON CONFLICT (rule) DO UPDATE SET looked_at = excluded.looked_at, look = excluded.look`;
    await this.#database.execute({ sql, args: [rule, at, JSON.stringify(look)] });
  }

  async recordAttempt({ delivery, number, attempt, state, nextAt }: AttemptRecord): Promise<void> {
    await this.#durably([
      insertAttempt(delivery, number, attempt),
      { sql: alertsSql.moveDelivery, args: [delivery, state, nextAt, number] },
    ]);
  }

  async recordTest(delivery: NewDelivery, attempt: Attempt, by?: Author): Promise<void> {
    const { sink, state, webhookId, notification, createdAt } = delivery;
    await this.#durably([
      { sql: alertsSql.insertTest, args: [sink, state, webhookId, JSON.stringify(notification), createdAt] },
      insertAttempt(null, 1, attempt),
      ...recordChange(this.#database.now, by, { target: sink }),
    ]);
  }

  async redact(appId: string, messageId: string | undefined): Promise<void> {
    const shown = messageId === undefined ? null : shownId(messageId);
    await this.#durably([
      { sql: redactSql.incidents, args: [appId, shown] },
      { sql: redactSql.deliveries, args: [appId, messageId ?? null] },
      { sql: redactSql.attempts, args: [appId, messageId ?? null] },
      { sql: redactSql.notes, args: [appId, messageId ?? ""] },
    ]);
  }

  async prune(before: Micros): Promise<boolean> {
    const args = [before, pruneRows];
    const [, , deliveries, , , incidents] = await this.#database.batch(
      [
        { sql: alertsSql.pruneAttempts, args },
        { sql: alertsSql.prunePublished, args },
        { sql: alertsSql.pruneDeliveries, args },
        { sql: alertsSql.pruneNotes, args },
        { sql: alertsSql.noteIncidentsPruned, args },
        { sql: alertsSql.pruneIncidents, args },
        { sql: "DELETE FROM alert_silences WHERE until < ?", args: [before] },
        { sql: formerSinksSql.forget, args: [sinksMax] },
      ],
      "write",
    );
    return deliveries?.rowsAffected === pruneRows || incidents?.rowsAffected === pruneRows;
  }

  /** Only this thread writes, so what is counted does not change before it is used. */
  async #bound(
    table: "alert_rules" | "alert_sinks" | "alert_calendars",
    id: string,
    max: number,
    what: string,
  ): Promise<void> {
    const { rows } = await this.#database.execute({
      sql: `SELECT count(*) AS count FROM ${table} WHERE id <> ?`,
      args: [id],
    });
    refuseBeyond(Number(rows[0]?.count), max, what);
  }

  /** The record that a change replaces. */
  async #read(table: keyof typeof records, id: string): Promise<string | undefined> {
    const sql = `SELECT ${records[table]} AS record FROM ${table} WHERE id = ?`;
    const { rows } = await this.#database.execute({ sql, args: [id] });
    return rows[0] && String(rows[0].record);
  }

  /** Synced: a power cut must not take back that a sink has a notification, or the sink gets it again. */
  #durably(statements: InStatement[]) {
    return this.#database.durably(statements);
  }
}

/** The column of each table that has the record, as JSON. */
const records = {
  alert_rules: "rule",
  alert_sinks: "sink",
  alert_calendars: "calendar",
} as const;

/** @param text the rule that is replaced, as JSON */
function isOther(text: string | undefined, rule: AlertRule): boolean {
  try {
    return text === undefined || opensOther(withGrowth(parseObject<StoredRule>(text)), rule);
  } catch {
    // One that cannot be read has opened nothing.
    return true;
  }
}

/** @throws `MarsError("invalid_argument")` where there are as many as there may be */
export function refuseBeyond(count: number, max: number, what: string): void {
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
