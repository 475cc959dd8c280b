/** Reads the pulse of apps. Each costs some milliseconds, so it is kept for a while: many look at the same overview. Runs on a query thread. */
import type { InStatement, Row } from "@libsql/client";
import type { Micros } from "../../core/event.ts";
import { pulseSql } from "../../gen/sql.ts";
import { cover, wholeMinutes } from "../../statistics/buckets.ts";
import { Histogram } from "../../statistics/histogram.ts";
import {
  type AppPulse,
  type PulseReader,
  type PulseSpan,
  pulseFindingsMax,
  pulsesMax,
} from "../../statistics/pulse.ts";
import { FreshCache } from "../fresh-cache.ts";
import type { ReadConnection } from "../read-connection.ts";

/** How long a pulse is good for; one of a long time moves slowly, and costs more. */
const freshForMin: Micros = 15_000_000;
const freshShare = 1 / 2_000;
const cachedMax = 1_000;
/** Pulses that one call reads, where older ones are known, and how many times as old these may be. */
const readMax = 5;
const staleTimes = 4;
const minute = 60_000_000;

export class PulseQueries implements PulseReader {
  readonly #connection: ReadConnection;
  readonly #known = new FreshCache<AppPulse | undefined>({ freshFor: freshForMin, max: cachedMax });

  constructor(connection: ReadConnection) {
    this.#connection = connection;
  }

  /** See `PulseReader.pulses`. */
  async pulses(appIds: readonly string[], clock: Micros, span: PulseSpan): Promise<readonly AppPulse[]> {
    const pulses: AppPulse[] = [];
    const freshFor = Math.max(freshForMin, span.compared * freshShare);
    let readable = readMax;
    for (const appId of appIds.slice(0, pulsesMax)) {
      const goodFor = readable > 0 ? freshFor : freshFor * staleTimes;
      const key = JSON.stringify([appId, span.compared, span.step]);
      const read = () => {
        readable -= 1;
        return this.#read(appId, clock, span);
      };
      const pulse = await this.#known.of(key, clock, read, goodFor);
      if (pulse !== undefined) pulses.push(pulse);
    }
    return pulses;
  }

  async #read(appId: string, clock: Micros, span: PulseSpan): Promise<AppPulse | undefined> {
    const { compared, step, steps } = span;
    const [apps] = await this.#connection.read([{ sql: pulseSql.app, args: [appId] }]);
    const id = apps?.[0]?.id;
    if (id === undefined || id === null) return undefined;
    const app = Number(id);
    const until = (Math.floor(clock / step) + 1) * step;
    const since = until - steps * step;
    const numbers = JSON.stringify([...Array(steps).keys()]);
    const [events, findings] = await this.#connection.read([
      { sql: pulseSql.events, args: [app, since / minute, step / minute, numbers] },
      { sql: pulseSql.findings, args: [app, since, step, pulseFindingsMax, numbers] },
    ]);
    const p95 = await this.#p95(app, clock - compared, clock);
    const p95Before = await this.#p95(app, clock - 2 * compared, clock - compared);
    return {
      appId,
      ...(p95 !== undefined && { p95 }),
      ...(p95Before !== undefined && { p95Before }),
      events: countsOf(events, steps),
      findings: countsOf(findings, steps),
    };
  }

  async #p95(app: number, since: Micros, until: Micros): Promise<Micros | undefined> {
    const ranges = cover(wholeMinutes({ since, until }));
    const results = await this.#connection.read(
      ranges.map(
        ({ span, from, to }): InStatement => ({ sql: pulseSql.wholeWay, args: [app, span, from, to] }),
      ),
    );
    const all = new Histogram();
    this.#connection.decode(results.flat(), (row) => all.mergeText(String(row.histogram)));
    return all.count === 0 ? undefined : all.percentiles([95])[0]?.value;
  }
}

function countsOf(rows: readonly Row[] | undefined, steps: number): number[] {
  const counts = Array.from({ length: steps }, () => 0);
  for (const { step, count } of rows ?? []) counts[Number(step)] = Number(count);
  return counts;
}
