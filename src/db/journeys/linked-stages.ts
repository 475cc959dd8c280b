/**
 * Reads when the events of other apps came that lifecycles name as stages: of messages that share a name with the message. The cost is
 * bounded, see `links.sql`.
 */
import type { InStatement, ResultSet } from "@libsql/client";
import type { Micros } from "../../core/event.ts";
import { linksSql } from "../../gen/sql.ts";
import type { Plan } from "../../lifecycle/plan.ts";
import { rowsOf } from "../rows.ts";

type Execute = (statement: InStatement) => Promise<Pick<ResultSet, "rows">>;

/** A message whose linked events are asked for. */
export interface LinkingMessage {
  readonly message: number;
  readonly plan: Plan;
}

/** The earliest event of another app, and its message. */
export interface LinkedTime {
  readonly at: Micros;
  readonly receivedAt: Micros;
  readonly linked: number;
}

/** UTF-16 units of one parameter: see `rows.ts`. */
const parameterCharsMax = 1_000_000;

/**
 * By the message, and by `Plan.links`: `undefined` for what has not come.
 *
 * @param upTo events up to this seq count
 */
export async function readLinked(
  execute: Execute,
  messages: readonly LinkingMessage[],
  upTo: number,
): Promise<Map<number, (LinkedTime | undefined)[]>> {
  const found = new Map<number, (LinkedTime | undefined)[]>();
  let asked: { readonly message: number; readonly row: string }[] = [];
  let chars = 0;
  const read = async () => {
    if (asked.length === 0) return;
    const rows = `[${asked.map(({ row }) => row).join(",")}]`;
    const answer = await execute({ sql: linksSql.read, args: [rows, upTo] });
    for (const [place, index, at, receivedAt, linked] of rowsOf<LinkRow>(answer)) {
      const times = found.get(asked[place]!.message)!;
      const known = times[index];
      const earlier = known === undefined || at < known.at || (at === known.at && linked < known.linked);
      if (earlier) times[index] = { at, receivedAt, linked };
    }
    asked = [];
    chars = 0;
  };
  for (const { message, plan } of messages) {
    const wants = plan.links.map(({ app, event }) => [app, event]);
    const row = JSON.stringify([message, plan.definition.journeyBy === undefined ? 0 : 1, wants]);
    found.set(message, new Array(wants.length).fill(undefined));
    if (chars + row.length > parameterCharsMax) await read();
    asked.push({ message, row });
    chars += row.length + 1;
  }
  await read();
  return found;
}

type LinkRow = [place: number, index: number, at: Micros, receivedAt: Micros, linked: number];
