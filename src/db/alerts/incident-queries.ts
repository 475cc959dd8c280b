/** Lists incidents, the active ones first. Runs on a query thread. */
import type { InStatement, Row } from "@libsql/client";
import type { Note } from "../../alerting/care.ts";
import type { Incident, IncidentPage, IncidentQuery, StoredIncident } from "../../alerting/incident.ts";
import type { IncidentHistoryPage } from "../../alerting/incident-topic.ts";
import type { IncidentHistoryQuery } from "../../alerting/ports.ts";
import { type AlertSilence, silences } from "../../alerting/silence.ts";
import { nowMicros } from "../../core/time.ts";
import { alertsSql } from "../../gen/sql.ts";
import type { FindingKind } from "../../lifecycle/finding.ts";
import { Conditions } from "../conditions.ts";
import { KeysetScan, readPage } from "../keyset-scan.ts";
import { parseObject, type ReadConnection } from "../read-connection.ts";

/** The expression of the index `alert_incidents_order`: active ones come before all that are resolved. */
const closedAt = `iif(closed_at = 0 AND resolved_at = 0, ${Number.MAX_SAFE_INTEGER}, max(closed_at, resolved_at))`;

/** Bytes of a page of incidents or deliveries: clients of RPC take 4 MiB unless configured otherwise. */
export const alertPageBytesMax = 1024 * 1024;

/** As of which change of a finding incidents and deliveries are. */
export const evaluatedSeq = "SELECT finding_seq AS seq, incident_seq FROM alert_cursor";

/** Incidents of one page of the history of their topics. */
const historyIncidents = 500;

const columns = "*, (SELECT count(*) FROM alert_notes n WHERE n.incident = alert_incidents.id) AS note_count";

export class IncidentQueries {
  readonly #connection: ReadConnection;

  constructor(connection: ReadConnection) {
    this.#connection = connection;
  }

  /** See `AlertReader` of `alerting/ports.ts`. */
  async get(id: number): Promise<StoredIncident | undefined> {
    const [rows, silences] = await this.#connection.read([
      { sql: `SELECT ${columns} FROM alert_incidents WHERE id = ?`, args: [id] },
      activeSilences(),
    ]);
    return this.#stored(rows, silences)[0];
  }

  /** See `AlertReader` of `alerting/ports.ts`. */
  async history({ after, upTo, appId, id }: IncidentHistoryQuery): Promise<IncidentHistoryPage> {
    const [rows = [], cursor, silences] = await this.#connection.read([
      id === undefined
        ? { sql: alertsSql.incidentHistory, args: [after, upTo, historyIncidents] }
        : { sql: alertsSql.incidentHistoryOfOne, args: [after, upTo, id] },
      alertsSql.incidentSeq,
      activeSilences(),
    ]);
    const known = rows.filter(({ app_id }) => appId === undefined || app_id === appId);
    const full = id === undefined && rows.length === historyIncidents;
    // A replica of the database may lag behind what was written: no further than this reader sees.
    const seen = Math.max(after, Math.min(upTo, Number(cursor?.[0]?.seq ?? 0)));
    return {
      incidents: this.#stored(known, silences),
      to: full ? Number(rows.at(-1)?.seq) : seen,
      prunedTo: Number(cursor?.[0]?.pruned ?? 0),
    };
  }

  #stored(rows: readonly Row[] | undefined, silenceRows: readonly Row[] | undefined): StoredIncident[] {
    const held = this.#connection.decode(silenceRows, ({ until, silence }) => ({
      ...parseObject<AlertSilence>(silence),
      until: Number(until),
    }));
    return this.#connection.decode(rows, (row) => storedIncidentOf(row, held));
  }

  /** See `AlertReader` of `alerting/ports.ts`. */
  async lastSeq(): Promise<number> {
    const [rows] = await this.#connection.read([alertsSql.incidentSeq]);
    return Number(rows?.[0]?.seq);
  }

  /** See `AlertReader` of `alerting/ports.ts`. */
  async notes(incident: number): Promise<Note[]> {
    const [rows] = await this.#connection.read([
      { sql: "SELECT at, who, text FROM alert_notes WHERE incident = ? ORDER BY number", args: [incident] },
    ]);
    return this.#connection.decode(rows, ({ at, who, text }) => ({
      at: Number(at),
      who: String(who),
      text: String(text),
    }));
  }

  /** See `AlertReader` of `alerting/ports.ts`. */
  async list({
    appId,
    apps,
    rule,
    acknowledged,
    assignedTo,
    ...query
  }: IncidentQuery): Promise<IncidentPage> {
    const filters = new Conditions();
    filters.addEqual("app_id", appId);
    filters.addApps("app_id", apps);
    filters.addEqual("rule", rule);
    const { state, limit, cursor, countMax } = query;
    if (acknowledged !== undefined) filters.add(`acknowledged_at ${acknowledged ? ">" : "="} 0`);
    filters.addEqual("assigned_to", assignedTo);
    if (state === "active") filters.add("ending = ''");
    if (state === "resolved") filters.add("ending = 'resolved'");
    if (state === "closed") filters.add("ending NOT IN ('', 'resolved')");
    const scan = new KeysetScan({
      kind: "incidents",
      cursor,
      columns,
      from: "alert_incidents",
      key: [
        { name: "rank", sql: closedAt, type: "integer" },
        { name: "id", sql: "id", type: "integer" },
      ],
      direction: "DESC",
      filters,
      limit,
      bytes: {
        sql: "octet_length(stage) + octet_length(after) + octet_length(text) + 1000",
        max: alertPageBytesMax,
      },
    });
    const { rows, next, others } = await readPage(this.#connection, scan, () => [
      evaluatedSeq,
      activeSilences(),
      ...(countMax === undefined ? [] : [countOf(filters, countMax)]),
    ]);
    return {
      incidents: this.#stored(rows, others[1]),
      ...next,
      ...(countMax !== undefined && { count: Number(others[2]?.[0]?.count) }),
      asOfSeq: Number(others[0]?.[0]?.seq),
      incidentSeq: Number(others[0]?.[0]?.incident_seq),
    };
  }
}

/** At most `silencesMax`. */
function activeSilences(): InStatement {
  return { sql: "SELECT until, silence FROM alert_silences WHERE until > ?", args: [nowMicros()] };
}

/** Read in the order of the list: by its index the active ones come first, and the rest is not looked at. */
function countOf(filters: Conditions, max: number): InStatement {
  return {
    sql: `SELECT count(*) AS count FROM (
      SELECT 1 FROM alert_incidents ${filters.where()} ORDER BY ${closedAt} DESC, id DESC LIMIT ${max})`,
    args: filters.args,
  };
}

/** @param row of `alert_incidents`, with its `note_count` */
function storedIncidentOf(row: Row, held: readonly AlertSilence[]): StoredIncident {
  const incident = incidentOf(row);
  const silencedUntil = held.reduce(
    (last, silence) => (silences(silence, incident) ? Math.max(last, silence.until) : last),
    0,
  );
  return { ...incident, seq: Number(row.seq), noteCount: Number(row.note_count), silencedUntil };
}

/** @param row of `alert_incidents` */
export function incidentOf(row: Row): Incident {
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
    notifiedSinks: parseObject(row.notified_sinks),
    notifiedCount: Number(row.notified_count),
    burstFrom: Number(row.burst_from),
    belowSince: Number(row.below_since),
    resolvedAt: Number(row.resolved_at),
    reopenedAt: Number(row.reopened_at),
    closedAt: Number(row.closed_at),
    ending: row.ending as Incident["ending"],
    text: String(row.text),
    acknowledgedAt: Number(row.acknowledged_at),
    acknowledgedBy: String(row.acknowledged_by),
    assignedTo: String(row.assigned_to),
    snoozedUntil: Number(row.snoozed_until),
  };
}
