/** Reads rules, sinks and silences, and what the evaluator goes on from. Runs on a query thread. */
import type { InStatement, InValue, Row } from "@libsql/client";
import type { HopTimes, HopTimesQuery } from "../../alerting/conditions/hop-times.ts";
import {
  type CountGroup,
  countMax,
  type FigureGroup,
  type Figures,
  type FindingGroup,
  type Hop,
  samplesMax,
} from "../../alerting/figures.ts";
import type { AlertCalendar } from "../../alerting/hours/schedule.ts";
import { incidentsMax } from "../../alerting/incident.ts";
import type { AlertPageQuery, AlertState } from "../../alerting/ports.ts";
import { type AlertRule, type RulePage, type StoredRule, withGrowth } from "../../alerting/rule.ts";
import type { AlertSilence, SilencePage } from "../../alerting/silence.ts";
import type { AlertSink } from "../../alerting/sink.ts";
import type { Micros } from "../../core/event.ts";
import { nowMicros } from "../../core/time.ts";
import { alertsSql, figuresSql } from "../../gen/sql.ts";
import { Conditions } from "../conditions.ts";
import { hopP99s } from "../findings/hop-p99.ts";
import { KeysetScan, readPage } from "../keyset-scan.ts";
import { parseObject, type ReadConnection } from "../read-connection.ts";
import { readHopTimes } from "./hop-times.ts";
import { alertPageBytesMax, incidentOf } from "./incident-queries.ts";

/** Statements of one read, and groups whose figures it reads. */
const statementsMax = 100;
const groupsMax = 100;

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

  async calendars(): Promise<AlertCalendar[]> {
    const [rows] = await this.#connection.read([allCalendars]);
    return this.#connection.decode(rows, calendarOf);
  }

  async sinks(): Promise<AlertSink[]> {
    const [rows] = await this.#connection.read(["SELECT sink FROM alert_sinks ORDER BY id"]);
    return this.#connection.decode(rows, sinkOf);
  }

  async rulePage({ limit, cursor, ...apps }: AlertPageQuery): Promise<RulePage> {
    const scan = new KeysetScan({
      kind: "rules",
      cursor,
      columns: "rule, counts_from",
      from: "alert_rules",
      key: [{ name: "id", sql: "id", type: "text" }],
      direction: "ASC",
      filters: ofApps("iif(json_valid(rule), rule, '{}') ->> 'appId'", apps),
      limit,
      bytes: { sql: "octet_length(rule)", max: alertPageBytesMax },
    });
    const { rows, next } = await readPage(this.#connection, scan);
    return { rules: this.#connection.decode(rows, ruleOf), ...next };
  }

  async silences({ limit, cursor, ...apps }: AlertPageQuery): Promise<SilencePage> {
    const scan = new KeysetScan({
      kind: "silences",
      cursor,
      columns: "silence",
      from: "alert_silences",
      key: [{ name: "id", sql: "id", type: "integer" }],
      direction: "DESC",
      filters: ofApps("iif(json_valid(silence), silence, '{}') ->> 'appId'", apps),
      limit,
      bytes: { sql: "octet_length(silence)", max: alertPageBytesMax },
    });
    const { rows, next } = await readPage(this.#connection, scan);
    return { silences: this.#connection.decode(rows, silenceOf), ...next };
  }

  async state(): Promise<AlertState> {
    const [cursor, rules, silences, incidents, calendars] = await this.#connection.read([
      "SELECT step, finding_seq, last_incident FROM alert_cursor",
      allRules,
      { sql: "SELECT id, silence FROM alert_silences WHERE until > ?", args: [nowMicros()] },
      `SELECT * FROM alert_incidents WHERE closed_at = 0 ORDER BY id LIMIT ${incidentsMax}`,
      allCalendars,
    ]);
    const row = cursor?.[0];
    const known = this.#connection.decode(rules, ruleOf);
    const ids = new Set(known.map(({ id }) => id));
    return {
      step: Number(row?.step),
      findingSeq: Number(row?.finding_seq),
      lastIncident: Number(row?.last_incident),
      rules: known,
      unreadableRules: (rules ?? []).map(({ id }) => String(id)).filter((id) => !ids.has(id)),
      silences: this.#connection.decode(silences, silenceOf),
      calendars: this.#connection.decode(calendars, calendarOf),
      incidents: this.#connection.decode(incidents, incidentOf),
    };
  }

  async counts(groups: readonly CountGroup[]): Promise<number[]> {
    const rows = await this.#each(groups, (group) => ({
      sql: figuresSql.countFindings,
      args: [...groupArgs(group), group.importedAfter],
    }));
    return rows.map((row) => Number(row?.count));
  }

  hopTimes(query: HopTimesQuery): Promise<HopTimes[]> {
    return readHopTimes(this.#connection, query);
  }

  async arrivedAt(appId: string, event: string): Promise<Micros> {
    const [rows] = await this.#connection.read([
      { sql: "SELECT arrived_at FROM alert_arrivals WHERE app_id = ? AND event = ?", args: [appId, event] },
    ]);
    return Number(rows?.[0]?.arrived_at ?? 0);
  }

  async looks(): Promise<{ readonly rule: string; readonly look: unknown }[]> {
    const [rows] = await this.#connection.read(["SELECT rule, look FROM alert_looks"]);
    return this.#connection.decode(rows, (row) => ({ rule: String(row.rule), look: parseObject(row.look) }));
  }

  async arrivals(findings: readonly number[]): Promise<[id: number, after: Micros][]> {
    const [rows] = await this.#connection.read([
      { sql: alertsSql.arrivals, args: [JSON.stringify(findings)] },
    ]);
    return (rows ?? []).map(({ id, after }) => [Number(id), Number(after)]);
  }

  async figures(groups: readonly FigureGroup[], max = countMax): Promise<Figures[]> {
    const figures: Figures[] = [];
    for (let from = 0; from < groups.length; from += groupsMax) {
      const some = groups.slice(from, from + groupsMax).map(figureArgs);
      const args = [`[${some.join(",")}]`, max + 1, samplesMax];
      const [rows = []] = await this.#connection.read([{ sql: figuresSql.figures, args }]);
      figures.push(...rows.map(figuresOf));
    }
    return figures;
  }

  async hopP99s(hops: readonly Hop[], clock: Micros): Promise<(Micros | undefined)[]> {
    const p99s: (Micros | undefined)[] = [];
    for (const hop of hops) {
      const [rows] = await this.#connection.read([
        { sql: "SELECT id FROM apps WHERE app_id = ?", args: [hop.appId] },
      ]);
      const app = rows?.[0]?.id;
      const [p99] =
        app === undefined ? [] : await hopP99s(this.#connection, [{ ...hop, app: Number(app) }], clock);
      p99s.push(p99);
    }
    return p99s;
  }

  /** The one row that each group's statement answers with. */
  async #each<Group>(
    groups: readonly Group[],
    statement: (group: Group) => InStatement,
  ): Promise<(Row | undefined)[]> {
    const rows: (Row | undefined)[] = [];
    for (let from = 0; from < groups.length; from += statementsMax) {
      const some = groups.slice(from, from + statementsMax).map(statement);
      rows.push(...(await this.#connection.read(some)).map(([row]) => row));
    }
    return rows;
  }
}

const allCalendars = "SELECT calendar FROM alert_calendars ORDER BY id";
const allRules = "SELECT id, rule, counts_from FROM alert_rules ORDER BY id";

/** The first six arguments of `countFindings`. */
function groupArgs({ appId, kind, stage, versions, since }: FindingGroup): InValue[] {
  return [appId, kind, stage, JSON.stringify(versions), since, countMax + 1];
}

/** A group as `figures` has it, as JSON. */
function figureArgs(group: FigureGroup): string {
  const { appId, kind, stage, versions, since, incident, freshFrom, recentFrom, importedAfter, burst } =
    group;
  return JSON.stringify([
    ...[appId, kind, stage, versions, since, incident, freshFrom],
    ...[recentFrom, importedAfter],
    ...(burst === undefined ? [] : [burst.from, burst.atLeast, burst.windowMs * 1_000]),
  ]);
}

function figuresOf(row: Row): Figures {
  return {
    count: Number(row.count),
    ...(row.since !== null && { since: Number(row.since) }),
    fresh: Number(row.fresh),
    recent: Number(row.recent),
    ...(row.fresh_since !== null && { freshSince: Number(row.fresh_since) }),
    ...(row.burst_since !== null && { burstSince: Number(row.burst_since) }),
    lateBy: Number(row.late_by ?? 0),
    samples: JSON.parse(String(row.samples)),
    ...(Number(row.imported ?? 0) > 0 && { imported: Number(row.imported) }),
    ...(Number(row.expired ?? 0) > 0 && { expired: Number(row.expired) }),
    ...(Number(row.abandoned ?? 0) > 0 && { abandoned: Number(row.abandoned) }),
    ...(Number(row.closed ?? 0) > 0 && { closed: Number(row.closed) }),
  };
}

/** What concerns every app has no app, and is of none of these. */
function ofApps(column: string, { appId, apps }: Pick<AlertPageQuery, "appId" | "apps">): Conditions {
  const conditions = new Conditions();
  conditions.addEqual(column, appId);
  conditions.addApps(column, apps);
  return conditions;
}

function ruleOf({ rule, counts_from }: Row): AlertRule {
  return { ...withGrowth(parseObject<StoredRule>(rule)), countsFrom: Number(counts_from) };
}

function sinkOf({ sink }: Row): AlertSink {
  return parseObject(sink);
}

function calendarOf({ calendar }: Row): AlertCalendar {
  return parseObject(calendar);
}

function silenceOf(row: Row): AlertSilence {
  return { ...parseObject<AlertSilence>(row.silence), id: Number(row.id) };
}
