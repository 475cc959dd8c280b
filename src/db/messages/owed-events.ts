/**
 * Reads the events of stages that are owed by several, in short. The cost of a message is bounded: as elsewhere, its first 10,000
 * events are looked at.
 */
import type { InStatement, ResultSet } from "@libsql/client";
import type { Owed } from "../../core/state.ts";
import { owedSql } from "../../gen/sql.ts";
import { type OwedEvents, type OwedStage, recipientBytesMax, recipientsMax } from "../../lifecycle/owed.ts";
import type { Plan } from "../../lifecycle/plan.ts";
import type { Database } from "../database.ts";
import { rowsOf } from "../rows.ts";
import { lookedAtMax } from "./event-fold.ts";

/** UTF-16 units of one parameter: see `rows.ts`. */
const parameterCharsMax = 1_000_000;

/** A message whose stages are asked for. */
export interface OwedMessage {
  readonly message: number;
  readonly plan: Plan;
  /** How many events it has, for the size of a read; at most `lookedAtMax` count. */
  readonly events: number;
}

export interface OwedReadOptions {
  /** Events up to this seq. */
  readonly upTo: number;
  /** Whether to read when events were received, too. */
  readonly received?: boolean;
}

export type Execute = (statement: InStatement) => Promise<Pick<ResultSet, "rows">>;

/** The events of each message, by `Plan.owed`. */
export async function readOwed(
  execute: Execute,
  messages: Iterable<OwedMessage>,
  { upTo, received = false }: OwedReadOptions,
): Promise<Map<number, OwedEvents[]>> {
  const found = new Map<number, OwedEvents[]>();
  let asked: { readonly message: number; readonly row: string }[] = [];
  let [events, chars] = [0, 0];
  const read = async () => {
    if (asked.length === 0) return;
    const rows = `[${asked.map(({ row }) => row).join(",")}]`;
    const args = [rows, upTo, lookedAtMax, recipientsMax + 1, recipientBytesMax, received ? 1 : 0];
    const answers = rowsOf<OwedRow>(await execute({ sql: owedSql.read, args }));
    for (const [index, { message }] of asked.entries()) {
      const known = found.get(message);
      const one = owedEventsOf(answers[index]!);
      if (known === undefined) found.set(message, [one]);
      else known.push(one);
    }
    asked = [];
    [events, chars] = [0, 0];
  };
  for (const { message, plan, events: size } of messages) {
    for (const stage of plan.owed) {
      const row = requestOf(message, stage);
      events += Math.min(size, lookedAtMax);
      chars += row.length + 1;
      if (events > lookedAtMax || chars > parameterCharsMax) {
        const [more, longer] = [Math.min(size, lookedAtMax), row.length + 1];
        await read();
        [events, chars] = [more, longer];
      }
      asked.push({ message, row });
    }
  }
  await read();
  return found;
}

/** How many events of each message are looked at. */
export async function owedSizes(
  execute: Execute,
  messages: readonly number[],
): Promise<ReadonlyMap<number, number>> {
  const args = [JSON.stringify(messages), lookedAtMax];
  return new Map(rowsOf<[number, number]>(await execute({ sql: owedSql.sizes, args })));
}

/** What is stored of messages: of each run (its key) by the stage's name. Of the others there is nothing. */
export async function messageOwed(
  database: Pick<Database, "execute">,
  messages: readonly number[],
): Promise<Map<number, ReadonlyMap<number, ReadonlyMap<string, Owed>>>> {
  const { rows } = await database.execute({ sql: owedSql.ofMessages, args: [JSON.stringify(messages)] });
  const byMessage = Map.groupBy(rows, (row) => Number(row.message));
  return new Map(
    [...byMessage].map(([message, runs]) => [
      message,
      new Map(runs.map((row) => [Number(row.run), new Map<string, Owed>(JSON.parse(String(row.owed)))])),
    ]),
  );
}

function requestOf(message: number, { event, after, each, times }: OwedStage): string {
  const path = (name: string | undefined) => (name === undefined ? null : `$."${name}"`);
  return JSON.stringify([message, event, after, path(each?.of), path(each?.by), times]);
}

type OwedRow = [
  listed: string[] | null,
  named: [name: string, at: number, receivedAt: number][] | null,
  started: 0 | 1,
  count: number,
  first: number[],
  receivedAt: number | null,
];

function owedEventsOf([listed, named, started, count, first, receivedAt]: OwedRow): OwedEvents {
  return { listed: listed ?? [], named: named ?? [], started: started === 1, count, first, receivedAt };
}
