/** Reads the funnel by the values of an attribute, of a bounded number of messages. Runs on a query thread. */

import { funnelBySql } from "../../gen/sql.ts";
import {
  type FunnelBy,
  type FunnelByQuery,
  type FunnelPart,
  funnelByMessagesMax,
  funnelByValuesMax,
} from "../../statistics/funnel-by.ts";
import type { ReadConnection } from "../read-connection.ts";

/** How many of the messages of one value have these statuses. */
interface Group {
  /** Absent for messages without a value. */
  readonly value: string | undefined;
  /** See `statuses-text.ts`. */
  readonly statuses: string;
  readonly messages: number;
}

type Stages = readonly { readonly id: number; readonly stage: string; readonly after: string }[];

const letters = ["r", "w", "o", "n"];

export class FunnelByQueries {
  readonly #connection: ReadConnection;

  constructor(connection: ReadConnection) {
    this.#connection = connection;
  }

  /** See `FunnelByReader`. */
  async funnelBy({ appId, name, since, until }: FunnelByQuery): Promise<FunnelBy> {
    const latest = [appId, since, until, funnelByMessagesMax];
    const [rows = [], totals, stageRows = []] = await this.#connection.read([
      { sql: funnelBySql.groups, args: [...latest, name] },
      { sql: funnelBySql.totals, args: latest },
      { sql: funnelBySql.stages, args: [appId] },
    ]);
    const stages = stageRows.map(({ id, stage, after }) => ({
      id: Number(id),
      stage: String(stage),
      after: String(after),
    }));
    const groups = rows.map(
      (row): Group => ({
        value: row.value === null ? undefined : String(row.value),
        statuses: String(row.statuses),
        messages: Number(row.messages),
      }),
    );
    const byValue = Map.groupBy(groups, ({ value }) => value);
    const without = byValue.get(undefined) ?? [];
    byValue.delete(undefined);
    const sorted = [...byValue]
      .map(([value = "", of]) => ({ value, of, messages: sum(of) }))
      .sort((a, b) => b.messages - a.messages || (a.value < b.value ? -1 : 1));
    const others = sorted.slice(funnelByValuesMax);
    return {
      ...{ since, until },
      values: sorted.slice(0, funnelByValuesMax).map(({ value, of }) => ({ value, ...partOf(of, stages) })),
      others: {
        values: others.length,
        ...partOf(
          others.flatMap(({ of }) => of),
          stages,
        ),
      },
      without: partOf(without, stages),
      messages: Number(totals?.[0]?.messages ?? 0),
      partial: Number(totals?.[0]?.scanned ?? 0) >= funnelByMessagesMax,
    };
  }
}

function partOf(groups: readonly Group[], stages: Stages): FunnelPart {
  const counts = new Map<string, number>();
  for (const { statuses, messages } of groups) {
    for (const part of statuses.split(";")) {
      if (part !== "") counts.set(part, (counts.get(part) ?? 0) + messages);
    }
  }
  const known = stages.map(({ id, stage, after }) => {
    const [reached = 0, waiting = 0, overdue = 0, never = 0] = letters.map(
      (letter) => counts.get(`${id}${letter}`) ?? 0,
    );
    return { stage, after, reached, waiting, overdue, never };
  });
  return {
    messages: sum(groups),
    stages: known.filter(({ reached, waiting, overdue, never }) => reached + waiting + overdue + never > 0),
  };
}

function sum(groups: readonly Group[]): number {
  return groups.reduce((all, { messages }) => all + messages, 0);
}
