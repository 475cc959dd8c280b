/** How long messages normally take from one stage to the next. Runs on a query thread. */
import type { Micros } from "../../core/event.ts";
import { normalWindow } from "../../core/normal.ts";
import { statisticsSql } from "../../gen/sql.ts";
import { Histogram } from "../../statistics/histogram.ts";
import { FreshCache } from "../fresh-cache.ts";
import type { ReadConnection } from "../read-connection.ts";

const day = 86_400_000_000;

/** A hop of the app with this number. */
export interface AppHop {
  readonly app: number;
  readonly after: string;
  readonly stage: string;
}

/**
 * The 99th percentile of each hop in the window of what is normal: it has a histogram for each day.
 *
 * @returns `undefined` where no message was counted
 */
export async function hopP99s(
  connection: ReadConnection,
  hops: readonly AppHop[],
  clock: Micros,
): Promise<(Micros | undefined)[]> {
  const { since, until } = normalWindow(clock);
  const results = await connection.read(
    hops.map(({ app, after, stage }) => ({
      sql: statisticsSql.latencyOfHop,
      args: [app, day, since, until, after, stage],
    })),
  );
  return hops.map((_, index) => {
    const all = new Histogram();
    connection.decode(results[index], (row) => all.mergeText(String(row.histogram)));
    return all.count === 0 ? undefined : all.percentiles([99])[0]?.value;
  });
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

  /** See `hopP99s`. */
  of(hops: readonly AppHop[], clock: Micros): Promise<(Micros | undefined)[]> {
    const keys = hops.map(({ app, after, stage }) => JSON.stringify([app, after, stage]));
    return this.#known.all(keys, clock, (missing) =>
      hopP99s(
        this.#connection,
        missing.map((index) => hops[index]!),
        clock,
      ),
    );
  }
}
