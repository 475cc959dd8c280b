/** Counts, lists, replays and deletes the events and messages that are set aside. */
import type { Author } from "../core/audit.ts";
import type { Ingest } from "../core/ports.ts";
import type { SetAside, SetAsideItem, SetAsidePage, SetAsideQuery } from "../core/set-aside.ts";

/** Keeps what is set aside. Answered by `workers/`. */
export interface SetAsideStore {
  findSetAside(seq: number): Promise<SetAsideItem | undefined>;
  /** @returns how many are left, `undefined` where it was not there */
  removeSetAside(seq: number, by: Author): Promise<number | undefined>;
  /** The same, and the message is followed again, from its first event on. */
  rebuildInstance(message: number, by: Author): Promise<number | undefined>;
}

export interface SetAsideDeskOptions {
  readonly store: SetAsideStore;
  readonly list: (query: SetAsideQuery) => Promise<SetAsidePage>;
  readonly ingest: Ingest;
  /** Called when there may be a message to be followed again. */
  readonly nudge: () => void;
}

export class SetAsideDesk implements SetAside {
  readonly #options: SetAsideDeskOptions;
  #count = 0;

  constructor(options: SetAsideDeskOptions) {
    this.#options = options;
  }

  /** Events and messages that are set aside, as far as it is known. */
  get count(): number {
    return this.#count;
  }

  /** Sets the count, after a change of it. */
  counted(count: number): void {
    this.#count = count;
  }

  list(query: SetAsideQuery): Promise<SetAsidePage> {
    return this.#options.list(query);
  }

  async replay(seq: number, by: Author): Promise<number | undefined> {
    const { store, ingest, nudge } = this.#options;
    const item = await store.findSetAside(seq);
    if (item === undefined) return undefined;
    if (item.event === undefined) {
      this.#left(await store.rebuildInstance(seq, by));
      nudge();
      return seq;
    }
    const { seq: _, ...event } = item.event;
    // On disk before it is forgotten here: a crash in between leaves it twice, and a repeat changes nothing.
    const accepted = await ingest.accept([event]);
    this.#left(await store.removeSetAside(seq, by));
    return accepted;
  }

  async remove(seq: number, by: Author): Promise<boolean> {
    const left = await this.#options.store.removeSetAside(seq, by);
    this.#left(left);
    return left !== undefined;
  }

  #left(count: number | undefined): void {
    if (count !== undefined) this.#count = count;
  }
}
