/** What a message that is judged again owes to others: events of other apps, and its children. */
import type { InStatement } from "@libsql/client";
import type { Micros } from "../../core/event.ts";
import type { Owed } from "../../core/state.ts";
import type { Database } from "../../db/database.ts";
import { learnChildren, readChildren } from "../../db/journeys/children.ts";
import type { StoredLifecycle } from "../../db/lifecycles/lifecycle-cache.ts";
import { childrenDoneAt, childrenOwed } from "../../lifecycle/children.ts";
import type { Plan, Times } from "../../lifecycle/plan.ts";
import type { CollectedEvents } from "../events/event-range.ts";
import type { Instance } from "../instances/instance-steps.ts";
import { putRevisits } from "../revisits.ts";
import { LinkedTimes, touchLinked } from "./linked-times.ts";

/** The times of a message by now, and how far its children are, by the stage's name; `undefined` where it waits for none. */
export interface OtherTimes {
  readonly times: Times;
  readonly owed?: ReadonlyMap<string, Owed>;
}

/** A message that is judged again. `before`: the lifecycle by which it went until now, where that is another. */
export interface AskingMessage extends Pick<Instance, "message" | "lifecycle" | "times"> {
  readonly before?: StoredLifecycle | undefined;
}

export type ReadTimes = (instances: readonly AskingMessage[]) => Promise<ReadonlyMap<number, OtherTimes>>;

export class TimesOfOthers {
  readonly #database: Database;
  readonly #upTo: number;
  readonly #linked: LinkedTimes;

  /** @param upTo events up to this seq count */
  constructor(database: Database, upTo: number) {
    this.#database = database;
    this.#upTo = upTo;
    this.#linked = new LinkedTimes(database, upTo);
  }

  /** Of those whose lifecycles wait for others. */
  readonly read: ReadTimes = async (instances) => {
    const found = new Map<number, OtherTimes>();
    for (const [message, times] of await this.#linked.read(instances)) found.set(message, { times });
    const parents = instances.filter(({ lifecycle }) => lifecycle.plan.children !== undefined);
    const asked = parents.map(({ message, lifecycle: { plan } }) => ({ message, plan }));
    const execute = (statement: InStatement) => this.#database.execute(statement);
    const children = await readChildren(execute, asked, this.#upTo);
    for (const { message, lifecycle, times } of parents) {
      const { stage, slot } = lifecycle.plan.children!;
      const known = children.get(message);
      if (known === undefined) continue;
      const now = [...(found.get(message)?.times ?? times)];
      now[slot] = childrenDoneAt(known);
      const owed = childrenOwed(known);
      const { name } = lifecycle.plan.stages[stage]!;
      found.set(message, { times: now, owed: new Map(owed === undefined ? [] : [[name, owed]]) });
    }
    return found;
  };

  statements(): InStatement[] {
    return this.#linked.statements();
  }
}

/** By the names that a plan has for them, which no event has: the times that others have made. */
export function namedTimes({ slots, links, children }: Plan, times: Times): [name: string, at: Micros][] {
  const others = new Set([...links, ...(children === undefined ? [] : [children])].map(({ slot }) => slot));
  return [...slots].flatMap(([name, slot]): [string, Micros][] => {
    const at = others.has(slot) ? times[slot] : undefined;
    return typeof at === "number" ? [[name, at]] : [];
  });
}

/** Has those judged again that depend on messages which change their lifecycle. Before that is written, and behind it. */
export async function touchAdopted(
  lifecycles: { linked(): Promise<boolean> },
  adopted: readonly AskingMessage[],
): Promise<InStatement[]> {
  const named = adopted.filter(({ lifecycle, before }) =>
    [lifecycle, before].some((one) => one?.plan.definition.journeyBy !== undefined),
  );
  if (named.length === 0) return [];
  const messages = named.map(({ message }) => message);
  return touchLinked(lifecycles, { from: 0, to: 0, changes: 0 }, messages);
}

/**
 * Has those judged again that depend on the events of a step: on those of other apps, on children, and, where a message waits for children, on
 * its own.
 *
 * @param range as the step has it: events, and changes before them
 * @param followed the messages of the step that go by a lifecycle
 */
export async function touchOthers(
  lifecycles: { linked(): Promise<boolean> },
  range: { readonly from: number; readonly to: number; readonly changes: number },
  followed: readonly { readonly collected: CollectedEvents; readonly lifecycle: StoredLifecycle }[],
): Promise<InStatement[]> {
  const parents = followed.filter(({ lifecycle }) => lifecycle.plan.children !== undefined);
  return [
    ...learnChildren(range),
    ...(await touchLinked(lifecycles, range)),
    ...(parents.length === 0 ? [] : [putRevisits(parents.map(({ collected }) => collected.message))]),
  ];
}
