/** Reads how long the hops of an app took, from buckets only. Runs on a query thread. */
import type { HopTimes, HopTimesQuery } from "../../alerting/conditions/hop-times.ts";
import { statisticsSql } from "../../gen/sql.ts";
import { cover, wholeMinutes } from "../../statistics/buckets.ts";
import { Histogram } from "../../statistics/histogram.ts";
import type { ReadConnection } from "../read-connection.ts";

/** See `AlertReader.alertHopTimes`. */
export async function readHopTimes(
  connection: ReadConnection,
  { appId, windows, percentile }: HopTimesQuery,
): Promise<HopTimes[]> {
  const results = await connection.read(
    windows
      .flatMap((window) => cover(wholeMinutes(window)))
      .map(({ span, from, to }) => ({ sql: statisticsSql.latencies, args: [appId, span, from, to] })),
  );
  const hops = new Map<number, { stage: string; after: string; histogram: Histogram }>();
  connection.decode(results.flat(), (row) => {
    const id = Number(row.id);
    const hop = hops.get(id) ?? {
      stage: String(row.stage),
      after: String(row.after),
      histogram: new Histogram(),
    };
    hops.set(id, hop);
    hop.histogram.mergeText(String(row.histogram));
  });
  const measured = [...hops.values()]
    .filter(({ histogram }) => histogram.count > 0)
    .map(({ stage, after, histogram }) => {
      const { value = 0, message = 0 } = histogram.percentiles([percentile])[0] ?? {};
      return { stage, after, count: histogram.count, value, message };
    });
  const [names] = await connection.read([
    { sql: statisticsSql.messageNames, args: [JSON.stringify(measured.map(({ message }) => message))] },
  ]);
  const ids = new Map((names ?? []).map(({ id, message_id }) => [Number(id), String(message_id)]));
  return measured.map(({ message, ...hop }) => {
    const example = ids.get(message);
    return { ...hop, ...(example !== undefined && { example }) };
  });
}
