/** Reads the pulse of apps. Each costs some milliseconds, so it is kept for a while: many look at the same overview. Runs on a query thread. */
import type { InStatement, Row } from "@libsql/client";
import type { Micros } from "../../core/event.ts";
import { pulseSql } from "../../gen/sql.ts";
import { cover, wholeMinutes } from "../../statistics/buckets.ts";
import { Histogram } from "../../statistics/histogram.ts";
import {
  type AppPulse,
  type PulseReader,
  pulseFindingsMax,
  pulseStep,
  pulseSteps,
  pulsesMax,
} from "../../statistics/pulse.ts";
import { FreshCache } from "../fresh-cache.ts";
import type { ReadConnection } from "../read-connection.ts";

/** How long a pulse is good for. */
const freshFor: Micros = 15_000_000;
const cachedMax = 1_000;
/** Pulses that one call reads, where older ones are known, and how old these may be. */
const readMax = 5;
const staleFor: Micros = 60_000_000;
const minute = 60_000_000;
const hour = 60 * minute;
/** As JSON. */
const steps = JSON.stringify([...Array(pulseSteps).keys()]);

export class PulseQueries implements PulseReader {
  readonly #connection: ReadConnection;
  readonly #known = new FreshCache<AppPulse | undefined>({ freshFor, max: cachedMax });

  constructor(connection: ReadConnection) {
    this.#connection = connection;
  }

  /** See `PulseReader.pulses`. */
  async pulses(appIds: readonly string[], clock: Micros): Promise<readonly AppPulse[]> {
    const pulses: AppPulse[] = [];
    let readable = readMax;
    for (const appId of appIds.slice(0, pulsesMax)) {
      const freshFor = readable > 0 ? undefined : staleFor;
      const read = () => {
        readable -= 1;
        return this.#read(appId, clock);
      };
      const pulse = await this.#known.of(appId, clock, read, freshFor);
      if (pulse !== undefined) pulses.push(pulse);
    }
    return pulses;
  }

  async #read(appId: string, clock: Micros): Promise<AppPulse | undefined> {
    const [apps] = await this.#connection.read([{ sql: pulseSql.app, args: [appId] }]);
    const id = apps?.[0]?.id;
    if (id === undefined || id === null) return undefined;
    const app = Number(id);
    const until = (Math.floor(clock / pulseStep) + 1) * pulseStep;
    const since = until - pulseSteps * pulseStep;
    const [events, findings] = await this.#connection.read([
      { sql: pulseSql.events, args: [app, since / minute, pulseStep / minute, until / minute] },
      { sql: pulseSql.findings, args: [app, since, pulseStep, pulseFindingsMax, steps] },
    ]);
    const p95 = await this.#p95(app, clock - hour, clock);
    const p95Before = await this.#p95(app, clock - 2 * hour, clock - hour);
    return {
      appId,
      ...(p95 !== undefined && { p95 }),
      ...(p95Before !== undefined && { p95Before }),
      events: stepsOf(events),
      findings: stepsOf(findings),
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

function stepsOf(rows: readonly Row[] | undefined): number[] {
  const steps = Array.from({ length: pulseSteps }, () => 0);
  for (const { step, count } of rows ?? []) {
    const at = Number(step);
    if (at >= 0 && at < pulseSteps) steps[at] = Number(count);
  }
  return steps;
}
