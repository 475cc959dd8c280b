/**
 * The messages of a step of which all events count: those that were reopened, and those that failed and may recover. Their events
 * are read again, in each step: see `lifecycle/runs.ts`. Other messages and lifecycles cost nothing.
 */
import type { Micros } from "../../core/event.ts";
import type { Database } from "../../db/database.ts";
import type { StoredLifecycle } from "../../db/lifecycles/lifecycle-cache.ts";
import { owedSizes } from "../../db/messages/owed-events.ts";
import { type RunMessage, readRunEvents, readRunsOwed } from "../../db/messages/run-events.ts";
import { type OwedEvents, withOwed } from "../../lifecycle/owed.ts";
import type { Plan, Times } from "../../lifecycle/plan.ts";
import { firstTimes, needsEvents, runsOf, withRecovery } from "../../lifecycle/runs.ts";
import type { StoredInstance } from "../instances/projection-rows.ts";
import type { CollectedEvents } from "./event-range.ts";

/** Events that one step looks at again, unless a single event makes it more. */
const eventsMax = 50_000;

/** A run of a message by all of its events. */
export interface RunTimes {
  /** See `Run`. */
  readonly key: number;
  readonly number: number;
  readonly openedAt: Micros;
  readonly times: Times;
  /** By `Plan.owed`. */
  readonly owed: readonly OwedEvents[];
}

/** A message of the step. */
export interface Followed {
  readonly collected: CollectedEvents;
  readonly lifecycle: StoredLifecycle;
  readonly stored: Pick<StoredInstance, "times"> | undefined;
}

type Rerun = RunMessage & { readonly plan: Plan };

export class RerunMessages {
  readonly #database: Database;
  readonly #messages: ReadonlyMap<number, Rerun>;

  private constructor(database: Database, messages: readonly Rerun[]) {
    this.#database = database;
    this.#messages = new Map(messages.map((one) => [one.message, one]));
  }

  static async of(database: Database, followed: readonly Followed[]): Promise<RerunMessages> {
    const reruns = followed.filter(({ collected, lifecycle: { plan }, stored }) => {
      return needsEvents(plan, stored?.times ?? [], collected.times);
    });
    if (reruns.length === 0) return new RerunMessages(database, []);
    const ids = reruns.map(({ collected }) => collected.message);
    const sizes = await owedSizes((statement) => database.execute(statement), ids);
    return new RerunMessages(
      database,
      reruns.map(({ collected: { message }, lifecycle: { plan } }) => {
        return { message, plan, events: sizes.get(message) ?? 0 };
      }),
    );
  }

  get none(): boolean {
    return this.#messages.size === 0;
  }

  has(message: number): boolean {
    return this.#messages.has(message);
  }

  get tooMany(): boolean {
    return this.#messages.values().reduce((sum, { events }) => sum + events, 0) > eventsMax;
  }

  /** Their runs by the events up to this seq. */
  async read(upTo: number): Promise<ReadonlyMap<number, readonly RunTimes[]>> {
    const execute = this.#database.execute.bind(this.#database);
    const found = new Map<number, readonly RunTimes[]>();
    for (const [message, events] of await readRunEvents(execute, this.#messages.values(), { upTo })) {
      const { plan } = this.#messages.get(message)!;
      const runs = runsOf(plan, events);
      const owed = await readRunsOwed(execute, plan, runs);
      const timed = runs.map(({ key, number, beganAt, events: theirs }, index): RunTimes => {
        const known = owed[index]!;
        const times = withRecovery(plan, withOwed(plan, firstTimes(plan, theirs), known), theirs);
        return { key, number, openedAt: beganAt, times, owed: known };
      });
      found.set(message, timed);
    }
    return found;
  }
}
