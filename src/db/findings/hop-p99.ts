/** How long messages normally take from one stage to the next. Runs on a query thread. */
import type { Micros } from "../../core/event.ts";
import { statisticsSql } from "../../gen/sql.ts";
import { cover } from "../../statistics/buckets.ts";
import { Histogram } from "../../statistics/histogram.ts";
import { FreshCache } from "../fresh-cache.ts";
import type { ReadConnection } from "../read-connection.ts";

/** The window of latencies, in microseconds. */
const hopSpan = 7 * 86_400_000_000;

/**
 * The 99th percentile of the last seven days.
 *
 * @param app its number
 * @returns `undefined` where no message was counted
 */
export async function hopP99(
  connection: ReadConnection,
  app: number,
  { after, stage }: { readonly after: string; readonly stage: string },
  clock: Micros,
): Promise<Micros | undefined> {
  const ranges = cover(lastWhole(clock));
  const results = await connection.read(
    ranges.map(({ span, from, to }) => ({
      sql: statisticsSql.latencyOfHop,
      args: [app, span, from, to, after, stage],
    })),
  );
  const all = new Histogram();
  connection.decode(results.flat(), (row) => all.mergeText(String(row.histogram)));
  return all.count === 0 ? undefined : all.percentiles([99])[0]?.value;
}

/** The last seven days by the hour, so that few histograms are read. */
function lastWhole(clock: Micros) {
  const hour = 3_600_000_000;
  const until = Math.ceil(clock / hour) * hour;
  return { since: until - hopSpan, until };
}

/** How long a percentile is good for, in microseconds: it is of seven days. */
const freshFor = 60_000_000;
const cachedMax = 10_000;

/** The percentiles of hops that are asked for together and again and again, each read once a minute. */
export class HopP99Cache {
  readonly #connection: ReadConnection;
  readonly #known = new FreshCache<Micros | undefined>({ freshFor, max: cachedMax });

  constructor(connection: ReadConnection) {
    this.#connection = connection;
  }

  /** See `hopP99`. */
  of(
    app: number,
    hop: { readonly after: string; readonly stage: string },
    clock: Micros,
  ): Promise<Micros | undefined> {
    const key = JSON.stringify([app, hop.after, hop.stage]);
    return this.#known.of(key, clock, () => hopP99(this.#connection, app, hop, clock));
  }
}
