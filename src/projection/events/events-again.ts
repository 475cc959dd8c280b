/** The messages of a step whose events are read again: those that stages are owed of by several, and those of which all events count. */
import type { Database } from "../../db/database.ts";
import type { OwedEvents } from "../../lifecycle/owed.ts";
import { OwingMessages } from "./owing-messages.ts";
import { type Followed, RerunMessages, type RunTimes } from "./rerun-messages.ts";

/** What was read of a message; absent members were not. */
export interface ReadAgain {
  readonly owed: readonly OwedEvents[] | undefined;
  readonly runs: readonly RunTimes[] | undefined;
}

export class EventsAgain {
  readonly #owing: OwingMessages;
  readonly #reruns: RerunMessages;

  private constructor(owing: OwingMessages, reruns: RerunMessages) {
    this.#owing = owing;
    this.#reruns = reruns;
  }

  static async of(database: Database, followed: readonly Followed[]): Promise<EventsAgain> {
    const reruns = await RerunMessages.of(database, followed);
    const others = reruns.none
      ? followed
      : followed.filter(({ collected }) => !reruns.has(collected.message));
    return new EventsAgain(await OwingMessages.of(database, others), reruns);
  }

  /** More events than a step should look at. */
  get tooMany(): boolean {
    return this.#owing.tooMany || this.#reruns.tooMany;
  }

  /** Reads their events up to this seq. */
  async read(upTo: number): Promise<(message: number) => ReadAgain> {
    const owed = await this.#owing.read(upTo);
    const runs = await this.#reruns.read(upTo);
    return (message) => ({ owed: owed.get(message), runs: runs.get(message) });
  }
}
