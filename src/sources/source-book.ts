/** All sources, in memory and in the database. A change is on disk before it is used. */
import type { Author } from "../core/audit.ts";
import { MarsError } from "../core/error.ts";
import type { Supervisor } from "../runtime/supervisor.ts";
import type { SourceStore } from "./ports.ts";
import type { Source } from "./source.ts";

const retry = { firstMs: 250, lastMs: 5_000 };
const loadedMs = 60_000;

export class SourceBook {
  readonly #store: Pick<SourceStore, "readSources" | "putSource" | "deleteSource">;
  #all: ReadonlyMap<string, Source> | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(store: Pick<SourceStore, "readSources" | "putSource" | "deleteSource">) {
    this.#store = store;
  }

  /** Reads them as soon as the database is there. Runs until the signal aborts. */
  run(supervisor: Pick<Supervisor, "loop">, signal: AbortSignal): Promise<void> {
    return supervisor.loop("sources", retry).run(async () => {
      await this.#inTurn(async () => {
        this.#all ??= new Map((await this.#store.readSources()).map((one) => [one.id, one]));
      });
      return loadedMs;
    }, signal);
  }

  get ids(): readonly string[] {
    return [...(this.#all?.keys() ?? [])];
  }

  /** @throws `MarsError` `not_found`, or `unavailable` until all are known */
  get(id: string): Source {
    const source = this.#all?.get(id);
    if (source !== undefined) return source;
    if (this.#all === undefined)
      throw new MarsError("unavailable", "sources are not read yet", { retryAfterMs: 1_000 });
    throw new MarsError("not_found", "there is no source with this id");
  }

  /** Rejects as the store does. */
  put(source: Source, by: Author): Promise<void> {
    return this.#inTurn(async () => {
      await this.#store.putSource(source, by);
      if (this.#all !== undefined) this.#all = new Map([...this.#all, [source.id, source]]);
    });
  }

  /** @returns whether it was there */
  delete(id: string, by: Author): Promise<boolean> {
    return this.#inTurn(async () => {
      const deleted = await this.#store.deleteSource(id, by);
      this.#all = this.#all && new Map([...this.#all].filter(([one]) => one !== id));
      return deleted;
    });
  }

  /** The database has changed by another way than these calls. */
  readAgain(): Promise<void> {
    return this.#inTurn(async () => {
      // Else the loop reads them.
      if (this.#all === undefined) return;
      this.#all = new Map((await this.#store.readSources()).map((one) => [one.id, one]));
    });
  }

  #inTurn<T>(task: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(task, task);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }
}
