/** The stages of one message that events of other apps have made, as its answer shows them. */
import type { MessageKey, Micros } from "../../core/event.ts";
import { linksSql } from "../../gen/sql.ts";
import type { Plan } from "../../lifecycle/plan.ts";
import { keyOf } from "../messages/event-rows.ts";
import type { ReadConnection } from "../read-connection.ts";
import { rowsOf } from "../rows.ts";
import { readLinked } from "./linked-stages.ts";

/** When another app's event came, and the message that it is of; absent where that has been deleted. */
export interface LinkedNow {
  readonly slot: number;
  readonly at: Micros;
  readonly doneBy?: MessageKey;
}

/** Those that have come by the seq `upTo`. */
export async function linkedNow(
  connection: ReadConnection,
  message: number,
  plan: Plan,
  upTo: number,
): Promise<LinkedNow[]> {
  if (plan.links.length === 0) return [];
  const execute = connection.execute.bind(connection);
  const found = (await readLinked(execute, [{ message, plan }], upTo)).get(message) ?? [];
  const args = [JSON.stringify([message])];
  const stored = rowsOf<[number, number, Micros, number, 0 | 1]>(
    await execute({ sql: linksSql.stored, args }),
  );
  const ids = JSON.stringify(found.flatMap((one) => one?.linked ?? []));
  const { rows } = await execute({ sql: linksSql.keys, args: [ids] });
  const keys = new Map(rows.map((row) => [Number(row.id), keyOf(row)]));
  return plan.links.flatMap(({ slot }, index): LinkedNow[] => {
    const read = found[index];
    const gone = stored.find(([, of, , , isThere]) => of === slot && isThere === 0);
    if (gone !== undefined && (read === undefined || gone[2] <= read.at)) return [{ slot, at: gone[2] }];
    if (read === undefined) return [];
    const doneBy = keys.get(read.linked);
    return [{ slot, at: read.at, ...(doneBy !== undefined && { doneBy }) }];
  });
}
