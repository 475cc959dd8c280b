/** The runs of messages that are not the last ones: as they are stored, and as a step writes them. */
import type { InStatement } from "@libsql/client";
import type { Database } from "../../db/database.ts";
import { forRows } from "../../db/rows.ts";
import { runsSql } from "../../gen/sql.ts";
import { runsOf, type StoredInstance, type StoredRun } from "./projection-rows.ts";

/** A row of `runs`; without `owed` that stays as it is. */
export interface FormerRun extends StoredRun {
  readonly owed: string | undefined;
}

/** Runs that one step looks at, unless a single message has more. */
const runsMax = 20_000;

/** The first of the instances, as many as one step may look at with their runs. */
export function someInstances(instances: readonly StoredInstance[]): readonly StoredInstance[] {
  let runs = 0;
  const end = instances.findIndex(({ runNumber }) => {
    runs += runNumber;
    return runs > runsMax;
  });
  return end < 0 ? instances : instances.slice(0, Math.max(1, end));
}

/** By the message, in order. Of messages with one run, as nearly all have, there is nothing to read. */
export async function readFormerRuns(
  database: Pick<Database, "execute">,
  instances: Iterable<StoredInstance>,
): Promise<ReadonlyMap<number, readonly StoredRun[]>> {
  const messages = [...instances].filter(({ runNumber }) => runNumber > 1).map(({ message }) => message);
  if (messages.length === 0) return none;
  return runsOf(await database.execute({ sql: runsSql.ofMessages, args: [JSON.stringify(messages)] }));
}

const none: ReadonlyMap<number, readonly StoredRun[]> = new Map();

export class FormerRuns {
  readonly #put: FormerRun[] = [];
  readonly #gone: (readonly [message: number, run: number])[] = [];

  put(run: FormerRun): void {
    this.#put.push(run);
  }

  /** It is the last one now, or the event that began it does so no more. */
  delete({ message, run }: Pick<StoredRun, "message" | "run">): void {
    this.#gone.push([message, run]);
  }

  statements(): InStatement[] {
    return [
      ...forRows(
        runsSql.delete,
        this.#gone.values().map((one) => JSON.stringify(one)),
      ),
      ...forRows(
        runsSql.put,
        this.#put.values().map(({ message, run, runNumber, openedAt, statuses, times, owed }) => {
          return JSON.stringify([message, run, runNumber, openedAt, statuses, JSON.stringify(times), owed]);
        }),
      ),
    ];
  }
}
