/** What a step knows of the stages that several owe: it is stored with the instances, and published with their findings. */
import type { Owed } from "../../core/state.ts";
import type { Database } from "../../db/database.ts";
import { messageOwed } from "../../db/messages/owed-events.ts";
import { type OwedEvents, owedStages } from "../../lifecycle/owed.ts";
import type { Plan, Times } from "../../lifecycle/plan.ts";

type OwedByStage = ReadonlyMap<string, Owed>;

export class InstanceOwed {
  /** By the message and the key of its run: what this step has computed. */
  readonly #computed = new Map<number, Map<number, OwedByStage>>();
  /** What was stored of other messages. */
  #stored: ReadonlyMap<number, ReadonlyMap<number, OwedByStage>> = new Map();

  /** @param times as `withOwed` has them */
  add(message: number, run: number, plan: Plan, times: Times, events: readonly OwedEvents[]): void {
    const byName = [...owedStages(plan, times, events)].map(
      ([index, owed]) => [plan.stages[index]!.name, owed] as const,
    );
    const runs = this.#computed.get(message) ?? new Map<number, OwedByStage>();
    this.#computed.set(message, runs.set(run, new Map(byName)));
  }

  /** Unless this step has computed it, nothing is owed of these runs: they go by another lifecycle now. */
  forget(message: number, runs: readonly { readonly key: number }[]): void {
    const known = this.#computed.get(message);
    this.#computed.set(message, new Map(runs.map(({ key }) => [key, known?.get(key) ?? new Map()])));
  }

  /** @param owed by the stage's name: all that is known of a message that has one run */
  put(message: number, owed: OwedByStage): void {
    this.#computed.set(message, new Map([[0, owed]]));
  }

  /** For `owedSql.put`: of the runs that are stored in `instances`. The last one of each message was added last. */
  rows(): Iterable<string> {
    return this.#computed
      .entries()
      .map(([message, runs]) => JSON.stringify([message, textOf([...runs.values()].at(-1)!)]));
  }

  /** What this step has computed of a run, for the column `owed`; `undefined` for nothing. */
  textOf(message: number, run: number): string | undefined {
    const owed = this.#computed.get(message)?.get(run);
    return owed && textOf(owed);
  }

  /** Reads what is stored of these messages, as far as this step has not computed it. */
  async readStored(database: Database, messages: readonly number[]): Promise<void> {
    const unknown = messages.filter((message) => !this.#computed.has(message));
    if (unknown.length > 0) this.#stored = await messageOwed(database, unknown);
  }

  of(message: number, run: number, stage: string): Owed | undefined {
    return (this.#computed.get(message) ?? this.#stored.get(message))?.get(run)?.get(stage);
  }
}

function textOf(owed: OwedByStage): string {
  return owed.size === 0 ? "" : JSON.stringify([...owed]);
}
