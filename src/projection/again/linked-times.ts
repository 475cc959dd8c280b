/**
 * The times of stages that events of other apps make. They change without an event of the message itself, so a step that applies events
 * puts the messages into the queue whose linked events may be among them (`revisits.ts`); they are read when these are judged again.
 *
 * An event of a message that has been deleted since stays: what has happened does not become missing by retention.
 */
import type { InStatement } from "@libsql/client";
import type { Micros } from "../../core/event.ts";
import type { Database } from "../../db/database.ts";
import { readLinked } from "../../db/journeys/linked-stages.ts";
import type { StoredLifecycle } from "../../db/lifecycles/lifecycle-cache.ts";
import { forRows, rowsOf } from "../../db/rows.ts";
import { linksSql } from "../../gen/sql.ts";
import type { Times } from "../../lifecycle/plan.ts";

interface Linking {
  readonly message: number;
  readonly lifecycle: StoredLifecycle;
  readonly times: Times;
  /** The lifecycle by which it went until now, where that is another. */
  readonly before?: StoredLifecycle | undefined;
}

export class LinkedTimes {
  readonly #database: Database;
  readonly #upTo: number;
  readonly #puts: string[] = [];
  readonly #deletes: string[] = [];

  /** @param upTo events up to this seq count */
  constructor(database: Database, upTo: number) {
    this.#database = database;
    this.#upTo = upTo;
  }

  /** The times of these messages, as far as their lifecycles name events of other apps. */
  readonly read = async (instances: readonly Linking[]): Promise<ReadonlyMap<number, Times>> => {
    const database = this.#database;
    const linking = instances.filter(({ lifecycle, before }) =>
      [lifecycle, before].some((one) => (one?.plan.links.length ?? 0) > 0),
    );
    const times = new Map<number, Times>();
    if (linking.length === 0) return times;
    const asked = linking.map(({ message, lifecycle: { plan } }) => ({ message, plan }));
    const found = await readLinked((statement) => database.execute(statement), asked, this.#upTo);
    const args = [JSON.stringify(linking.map(({ message }) => message))];
    const stored = rowsOf<StoredLink>(await database.execute({ sql: linksSql.stored, args }));
    const byPlace = new Map(stored.map((link) => [`${link[0]},${link[1]}`, link]));
    for (const { message, lifecycle, times: stands, before } of linking) {
      const now = [...stands];
      const moved = before !== undefined;
      // Its places are those of the lifecycle that it leaves.
      for (const [, slot] of moved ? stored.filter(([of]) => of === message) : [])
        this.#deletes.push(JSON.stringify([message, slot]));
      for (const [index, { slot, app, event }] of lifecycle.plan.links.entries()) {
        const read = found.get(message)?.[index];
        const was = moved
          ? before.plan.links.find((one) => one.app === app && one.event === event)?.slot
          : slot;
        const known = byPlace.get(`${message},${was}`);
        const [, , at = 0, linked = 0, isThere = 1] = known ?? [];
        // What was known of a message that is there has been read again.
        const kept = isThere === 0 && (read === undefined || at <= read.at) ? { at, linked } : undefined;
        const best = kept ?? read;
        now[slot] = best?.at ?? null;
        if (best === undefined) {
          if (known !== undefined && !moved) this.#deletes.push(JSON.stringify([message, slot]));
        } else if (moved || known === undefined || best.at !== at || best.linked !== linked) {
          this.#puts.push(JSON.stringify([message, slot, best.at, best.linked]));
        }
      }
      times.set(message, now);
    }
    return times;
  };

  /** Writes which messages have made the stages. */
  statements(): InStatement[] {
    return [...forRows(linksSql.delete, this.#deletes), ...forRows(linksSql.put, this.#puts)];
  }
}

type StoredLink = [message: number, slot: number, at: Micros, linked: number, isThere: 0 | 1];

/**
 * Has those judged again whose linked events may be among the events of a step. Nothing, where no lifecycle names any.
 *
 * @param range as the step has it: events, and changes before them
 * @param messages that belong to other journeys than before, or are about to, without an event
 */
export async function touchLinked(
  lifecycles: { linked(): Promise<boolean> },
  { from, to, changes }: { readonly from: number; readonly to: number; readonly changes: number },
  messages: readonly number[] = [],
): Promise<InStatement[]> {
  const forget = changes > 0 ? [linksSql.forgetNames] : [];
  if (!(await lifecycles.linked())) return forget;
  return [{ sql: linksSql.touch, args: [from, to, changes, JSON.stringify(messages)] }, ...forget];
}
