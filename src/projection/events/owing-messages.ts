/**
 * The messages of a step with stages that are owed by several, of which something has come that counts. Their events are read again,
 * in each step: see `lifecycle/owed.ts`. Lifecycles without such stages cost nothing.
 */
import type { Database } from "../../db/database.ts";
import type { StoredLifecycle } from "../../db/lifecycles/lifecycle-cache.ts";
import { type OwedMessage, owedSizes, readOwed } from "../../db/messages/owed-events.ts";
import type { OwedEvents } from "../../lifecycle/owed.ts";
import type { CollectedEvents } from "./event-range.ts";

/** Events that one step looks at again, unless a single event makes it more; some 0.4 s. */
const eventsMax = 50_000;

interface Followed {
  readonly collected: CollectedEvents;
  readonly lifecycle: StoredLifecycle;
}

export class OwingMessages {
  readonly #database: Database;
  readonly #messages: readonly OwedMessage[];

  private constructor(database: Database, messages: readonly OwedMessage[]) {
    this.#database = database;
    this.#messages = messages;
  }

  static async of(database: Database, followed: readonly Followed[]): Promise<OwingMessages> {
    const owing = followed.filter(({ collected: { times }, lifecycle: { plan } }) => {
      return plan.owed.length > 0 && times.keys().some((event) => plan.owedEvents.has(event));
    });
    if (owing.length === 0) return new OwingMessages(database, []);
    const ids = owing.map(({ collected }) => collected.message);
    const sizes = await owedSizes((statement) => database.execute(statement), ids);
    return new OwingMessages(
      database,
      owing.map(({ collected: { message }, lifecycle: { plan } }) => {
        return { message, plan, events: sizes.get(message) ?? 0 };
      }),
    );
  }

  get tooMany(): boolean {
    const sum = this.#messages.reduce((all, { events, plan }) => all + events * plan.owed.length, 0);
    return sum > eventsMax;
  }

  /** Their events up to this seq, by `Plan.owed`. */
  read(upTo: number): Promise<ReadonlyMap<number, readonly OwedEvents[]>> {
    return readOwed((statement) => this.#database.execute(statement), this.#messages, { upTo });
  }
}
