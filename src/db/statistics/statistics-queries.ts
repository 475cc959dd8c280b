/** Reads statistics, from buckets only: a month costs its days and some hours and minutes. Runs on a query thread. */
import type { InStatement, Row } from "@libsql/client";
import type { MessageKey } from "../../core/event.ts";
import { nowMicros } from "../../core/time.ts";
import type { Window } from "../../core/window.ts";
import { statisticsSql } from "../../gen/sql.ts";
import { cover, wholeMinutes } from "../../statistics/buckets.ts";
import { Histogram } from "../../statistics/histogram.ts";
import type {
  AppPage,
  AppQuery,
  Distribution,
  Funnel,
  HopLatency,
  Latency,
  RateQuery,
  Rates,
} from "../../statistics/statistics.ts";
import { Conditions } from "../conditions.ts";
import { KeysetScan, readPage } from "../keyset-scan.ts";
import type { ReadConnection } from "../read-connection.ts";

const percents = [50, 90, 95, 99] as const;

/** Events that rates have in each step, and in all: the most frequent ones. */
const eventsMax = 200;

/** Messages of one latest time among whose events the last one of an app is looked for. */
const lastMessages = 16;

/**
 * The last event of each app of a page, as JSON. It comes from what is stored, so that it is right after anything was changed or
 * deleted: of the messages whose latest time is not ahead of the clock. Where none is stored, the rates have it by the minute.
 *
 * @param page has the columns `id` and `app_id`
 * @returns the statement's only `?` behind those of the page: now
 */
function lastEvents(page: string): string {
  return `SELECT a.id, coalesce(
      (SELECT json_object('event', e.event, 'at', m.updated_at)
        FROM (SELECT id, updated_at FROM messages WHERE app_id = a.app_id AND updated_at = (
          SELECT max(updated_at) FROM messages WHERE app_id = a.app_id AND updated_at <= clock.now) LIMIT ${lastMessages}) m
        CROSS JOIN events e ON e.message = m.id AND e.created_at >= m.updated_at AND e.created_at - e.ahead = m.updated_at
        ORDER BY e.event DESC LIMIT 1),
      (SELECT json_object('event', event, 'at', minute * 60000000) FROM rates
        WHERE app = a.id AND minute <= clock.now / 60000000 ORDER BY minute DESC, event DESC LIMIT 1)) AS last
    FROM (${page}) a CROSS JOIN (SELECT ? AS now) clock`;
}

/** The indexed attributes of each app of a page, as JSON, in the order in which they were put. See `lastEvents`. */
function indexedNames(page: string): string {
  return `SELECT a.id, (SELECT json_group_array(name) FROM (
      SELECT name FROM attribute_names WHERE app_id = a.app_id AND dropped = 0 ORDER BY id)) AS names
    FROM (${page}) a`;
}

export class StatisticsQueries {
  readonly #connection: ReadConnection;

  constructor(connection: ReadConnection) {
    this.#connection = connection;
  }

  /** See `StatisticsReader.funnel`. */
  async funnel(appId: string, window: Window): Promise<Funnel> {
    const whole = wholeMinutes(window);
    const results = await this.#connection.read(
      cover(whole).map(
        (range): InStatement => ({
          sql: statisticsSql.funnel,
          args: [appId, range.span, range.from, range.to],
        }),
      ),
    );
    const sums = new Map<number, { stage: string; after: string; counts: number[] }>();
    for (const row of results.flat()) {
      const counts = [row.reached, row.waiting, row.overdue, row.never].map(Number);
      const known = sums.get(Number(row.id));
      if (known === undefined)
        sums.set(Number(row.id), { stage: String(row.stage), after: String(row.after), counts });
      else known.counts = known.counts.map((count, index) => count + counts[index]!);
    }
    // Stages are numbered in the order of their definitions.
    const stages = [...sums].sort(([a], [b]) => a - b).map(([, sum]) => sum);
    return {
      ...whole,
      opened: stages.find(({ stage }) => stage === "")?.counts[0] ?? 0,
      stages: stages
        .filter(({ stage, counts }) => stage !== "" && counts.some((count) => count !== 0))
        .map(({ stage, after, counts: [reached = 0, waiting = 0, overdue = 0, never = 0] }) => ({
          stage,
          after,
          reached,
          waiting,
          overdue,
          never,
        })),
    };
  }

  /** See `StatisticsReader.latency`. */
  async latency(appId: string, window: Window): Promise<Latency> {
    const whole = wholeMinutes(window);
    const length = whole.until - whole.since;
    const [now, before] = [
      await this.#histograms(appId, whole),
      await this.#histograms(appId, { since: whole.since - length, until: whole.since }),
    ];
    const hops = [...new Map([...before, ...now])].sort(([a], [b]) => a - b);
    const wanted = hops.map(([id, { stage, after }]) => ({
      stage,
      after,
      now: measure(now.get(id)?.histogram),
      before: measure(before.get(id)?.histogram),
    }));
    const numbers = wanted.flatMap((hop) =>
      [...hop.now.values, ...hop.before.values].flatMap(({ message }) => message ?? []),
    );
    const names = await this.#names(numbers);
    return {
      ...whole,
      hops: wanted.map(
        (hop): HopLatency => ({
          ...hop,
          now: distribution(hop.now, names),
          before: distribution(hop.before, names),
        }),
      ),
    };
  }

  /** See `StatisticsReader.rates`. */
  async rates({ appId, step, ...window }: RateQuery): Promise<Rates> {
    const { since, until } = wholeMinutes(window);
    const minute = 60_000_000;
    const starts = Array.from({ length: Math.ceil((until - since) / step) }, (_, n) => since + n * step);
    const [rows] = await this.#connection.read([
      {
        sql: statisticsSql.rates,
        args: [
          appId,
          JSON.stringify(starts.map((start) => start / minute)),
          step / minute,
          until / minute,
          eventsMax,
        ],
      },
    ]);
    const counts = new Map<string, number[]>();
    for (const row of rows ?? []) {
      for (const { event, count } of JSON.parse(String(row.counts)) as { event: string; count: number }[]) {
        let known = counts.get(event);
        if (known === undefined) {
          known = starts.map(() => 0);
          counts.set(event, known);
        }
        known[Number(row.step)] = count;
      }
    }
    const total = (list: readonly number[]) => list.reduce((sum, count) => sum + count, 0);
    return {
      appId,
      since,
      until,
      step,
      stages: [...counts]
        .map(([event, list]) => ({ event, counts: list }))
        .sort((a, b) => total(b.counts) - total(a.counts))
        .slice(0, eventsMax),
    };
  }

  /** See `StatisticsReader.apps`. */
  async apps({ appId, apps, cursor, limit }: AppQuery): Promise<AppPage> {
    const indexed = new Conditions();
    indexed.addEqual("a.app_id", appId);
    indexed.addApps("a.app_id", apps);
    const scan = new KeysetScan({
      kind: "apps",
      cursor,
      columns:
        "a.id, a.open, a.overdue, a.complete, a.failed, a.abandoned, a.closed, a.untracked, a.expired, a.events, a.ahead, l.version, l.bytes",
      from: "apps a",
      join: `LEFT JOIN lifecycles l ON l.app_id = a.app_id
        AND l.version = (SELECT max(version) FROM lifecycles WHERE app_id = a.app_id)`,
      key: [{ name: "app_id", sql: "a.app_id", type: "text" }],
      direction: "ASC",
      indexed,
      limit,
    });
    const { rows, next, others } = await readPage(this.#connection, scan, ({ sql, args }) => [
      { sql: lastEvents(sql), args: [...args, nowMicros()] },
      { sql: indexedNames(sql), args },
    ]);
    const last = new Map((others[0] ?? []).map((row) => [row.id, row.last]));
    const names = new Map((others[1] ?? []).map((row) => [row.id, row.names]));
    return { apps: rows.map((row) => appOf(row, last.get(row.id), names.get(row.id))), ...next };
  }

  /** See `StatisticsReader.hasApp`. An app is counted only some moments after its first message is stored. */
  async hasApp(appId: string): Promise<boolean> {
    const [rows] = await this.#connection.read([
      {
        sql: `SELECT EXISTS (SELECT 1 FROM apps WHERE app_id = ?1)
          OR EXISTS (SELECT 1 FROM messages WHERE app_id = ?1) AS known`,
        args: [appId],
      },
    ]);
    return rows?.[0]?.known === 1;
  }

  async #histograms(appId: string, window: Window) {
    const results = await this.#connection.read(
      cover(window).map(
        (range): InStatement => ({
          sql: statisticsSql.latencies,
          args: [appId, range.span, range.from, range.to],
        }),
      ),
    );
    const hops = new Map<number, { stage: string; after: string; histogram: Histogram }>();
    this.#connection.decode(results.flat(), (row) => {
      let hop = hops.get(Number(row.id));
      if (hop === undefined) {
        hop = { stage: String(row.stage), after: String(row.after), histogram: new Histogram() };
        hops.set(Number(row.id), hop);
      }
      hop.histogram.mergeText(String(row.histogram));
    });
    return new Map([...hops].filter(([, { histogram }]) => histogram.count > 0));
  }

  async #names(messages: readonly number[]): Promise<ReadonlyMap<number, MessageKey>> {
    const [rows] = await this.#connection.read([
      {
        sql: statisticsSql.messageNames,
        args: [JSON.stringify([...new Set(messages)])],
      },
    ]);
    return new Map(
      (rows ?? []).map((row) => [
        Number(row.id),
        { appId: String(row.app_id), messageId: String(row.message_id) },
      ]),
    );
  }
}

interface Measured {
  readonly count: number;
  readonly max: number;
  readonly values: readonly { readonly value: number; readonly message?: number }[];
}

function measure(histogram: Histogram = new Histogram()): Measured {
  const { count, max } = histogram;
  return { count, max, values: histogram.percentiles(percents) };
}

function distribution(
  { count, max, values }: Measured,
  names: ReadonlyMap<number, MessageKey>,
): Distribution {
  return {
    count,
    max,
    percentiles: values.map(({ value, message }, index) => {
      const example = message === undefined ? undefined : names.get(message);
      return { percent: percents[index]!, value, ...(example !== undefined && { example }) };
    }),
  };
}

function appOf(row: Row, last: unknown, names: unknown): AppPage["apps"][number] {
  const current = row.version !== null && row.bytes !== 0;
  const { event, at } = JSON.parse(String(last ?? '{"event":"","at":0}')) as { event: string; at: number };
  return {
    appId: String(row.app_id),
    ...(current && { lifecycleVersion: Number(row.version) }),
    messages: {
      open: Number(row.open),
      overdue: Number(row.overdue),
      complete: Number(row.complete),
      failed: Number(row.failed),
      abandoned: Number(row.abandoned),
      closed: Number(row.closed),
      untracked: Number(row.untracked),
      expired: Number(row.expired),
    },
    events: Number(row.events),
    eventsAhead: Number(row.ahead),
    lastEvent: event,
    lastEventAt: at,
    indexed: JSON.parse(String(names ?? "[]")) as string[],
  };
}
