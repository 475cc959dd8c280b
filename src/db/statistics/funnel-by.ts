/** Reads the funnel by the values of an attribute, of a bounded number of messages. Runs on a query thread. */

import type { MessageKey } from "../../core/event.ts";
import { funnelBySql, statisticsSql } from "../../gen/sql.ts";
import { type Hop, hopsOf } from "../../lifecycle/hops.ts";
import type { Plan, Times } from "../../lifecycle/plan.ts";
import {
  type FunnelBy,
  type FunnelByQuery,
  type FunnelPart,
  type FunnelPartStage,
  funnelByMessagesMax,
  funnelByValuesMax,
  type MessageTime,
} from "../../statistics/funnel-by.ts";
import type { PlanCache } from "../lifecycles/plan-cache.ts";
import type { ReadConnection } from "../read-connection.ts";
import { rowsOf } from "../rows.ts";
import { type HopSample, HopSamples } from "./hop-samples.ts";

/** A message with one of its values; see the statement. */
type InstanceRow = readonly [
  value: string | null,
  message: number,
  lifecycle: number,
  /** See `statuses-text.ts`. */
  statuses: string,
  times: string,
];

interface Stage {
  readonly id: number;
  readonly stage: string;
  readonly after: string;
}

/** A part before the messages of its percentiles have their names. */
interface Counted {
  readonly messages: number;
  readonly stages: readonly (Omit<FunnelPartStage, "times"> & {
    readonly measured: number;
    readonly percentiles: readonly HopSample[];
  })[];
}

const letters = ["r", "w", "o", "n"];
const percents = [50, 99];

export class FunnelByQueries {
  readonly #connection: ReadConnection;
  readonly #plans: PlanCache;

  constructor(connection: ReadConnection, plans: PlanCache) {
    this.#connection = connection;
    this.#plans = plans;
  }

  /** See `FunnelByReader`. */
  async funnelBy({ appId, name, since, until }: FunnelByQuery): Promise<FunnelBy> {
    const latest = [appId, since, until, funnelByMessagesMax];
    const [instanceRows, scanned, stageRows = []] = await this.#connection.read([
      { sql: funnelBySql.instances, args: [...latest, name] },
      { sql: funnelBySql.scanned, args: latest },
      { sql: funnelBySql.stages, args: [appId] },
    ]);
    const stages = stageRows.map(
      ({ id, stage, after }): Stage => ({ id: Number(id), stage: String(stage), after: String(after) }),
    );
    const rows = rowsOf<InstanceRow>({ rows: instanceRows ?? [] });
    const plans = await this.#plans.read(
      this.#connection,
      rows.map(([, , lifecycle]) => lifecycle),
    );
    const count = counterOf(stages, plans);
    const byValue = Map.groupBy(rows, ([value]) => value);
    const without = count(byValue.get(null) ?? []);
    byValue.delete(null);
    const sorted = [...byValue].sort(
      ([a, one], [b, other]) => other.length - one.length || (a! < b! ? -1 : 1),
    );
    const values = sorted
      .slice(0, funnelByValuesMax)
      .map(([value, of]) => ({ value: value!, part: count(of) }));
    const rest = sorted.slice(funnelByValuesMax);
    const others = count(rest.flatMap(([, of]) => of));
    const partOf = await this.#naming([...values.map(({ part }) => part), others, without]);
    return {
      ...{ since, until },
      values: values.map(({ value, part }) => ({ value, ...partOf(part) })),
      others: { values: rest.length, ...partOf(others) },
      without: partOf(without),
      // The values of a message come one after another.
      messages: rows.filter(([, message], at) => message !== rows[at - 1]?.[1]).length,
      partial: Number(scanned?.[0]?.scanned ?? 0) >= funnelByMessagesMax,
    };
  }

  /** Reads the names of the messages of percentiles. */
  async #naming(parts: readonly Counted[]): Promise<(part: Counted) => FunnelPart> {
    const numbers = parts.flatMap(({ stages }) =>
      stages.flatMap(({ percentiles }) => percentiles.map(({ message }) => message)),
    );
    const args = [JSON.stringify([...new Set(numbers)])];
    const { rows } = await this.#connection.execute({ sql: statisticsSql.messageNames, args });
    const names = new Map(
      rows.map(({ id, app_id, message_id }): [number, MessageKey] => [
        Number(id),
        { appId: String(app_id), messageId: String(message_id) },
      ]),
    );
    const named = ({ took, message }: HopSample): MessageTime => {
      const key = names.get(message);
      return { took, ...(key !== undefined && { message: key }) };
    };
    return ({ messages, stages }) => ({
      messages,
      stages: stages.map(({ measured, percentiles: [p50, p99], ...stage }) => ({
        ...stage,
        ...(p50 && p99 && { times: { count: measured, p50: named(p50), p99: named(p99) } }),
      })),
    });
  }
}

/** Counts the messages of a value. A message with several is measured once. */
function counterOf(stages: readonly Stage[], plans: ReadonlyMap<number, Plan | undefined>) {
  const ids = new Map(stages.map(({ id, stage, after }) => [nameOf(stage, after), id]));
  // By the plan's stages; the whole way is none.
  const idsByPlan = new Map(
    [...plans].map(([id, plan]) => [id, plan?.stages.map(({ name, after }) => ids.get(nameOf(name, after)))]),
  );
  const measured = new Map<number, readonly Hop[]>();
  const hopsOfRow = (plan: Plan, message: number, times: string): readonly Hop[] => {
    const known = measured.get(message) ?? hopsOf(plan, JSON.parse(times) as Times);
    measured.set(message, known);
    return known;
  };
  return (rows: readonly InstanceRow[]): Counted => {
    const byStatuses = new Map<string, number>();
    const samples = new HopSamples();
    for (const [, message, lifecycle, statuses, times] of rows) {
      byStatuses.set(statuses, (byStatuses.get(statuses) ?? 0) + 1);
      const plan = plans.get(lifecycle);
      if (plan === undefined) continue;
      const stageIds = idsByPlan.get(lifecycle);
      for (const { stage, took } of hopsOfRow(plan, message, times)) {
        const id = stageIds?.[stage];
        if (id !== undefined) samples.add(id, { took, message });
      }
    }
    const counts = countsOf(byStatuses);
    const known = stages.map(({ id, stage, after }) => {
      const [reached = 0, waiting = 0, overdue = 0, never = 0] = letters.map(
        (letter) => counts.get(`${id}${letter}`) ?? 0,
      );
      const percentiles = samples.percentiles(id, percents);
      return { stage, after, reached, waiting, overdue, never, measured: samples.count(id), percentiles };
    });
    return {
      messages: rows.length,
      stages: known.filter(({ reached, waiting, overdue, never }) => reached + waiting + overdue + never > 0),
    };
  };
}

/** Of each stage with each letter. */
function countsOf(byStatuses: ReadonlyMap<string, number>): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const [statuses, messages] of byStatuses) {
    for (const part of statuses.split(";")) {
      if (part !== "") counts.set(part, (counts.get(part) ?? 0) + messages);
    }
  }
  return counts;
}

function nameOf(stage: string, after: string): string {
  return JSON.stringify([after, stage]);
}
