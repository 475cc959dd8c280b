/**
 * The loop that compares the pages of the database with their checksums, all of them in turn, round after round. It takes
 * a little at a time: a round of a large database takes minutes, and storing never waits for more than a millisecond.
 */

import type { Log, PageCheckStep, Store } from "../core/ports.ts";
import { delay } from "../runtime/delay.ts";
import type { StoreProgress } from "../runtime/progress.ts";
import type { Supervisor } from "../runtime/supervisor.ts";

/** Pages of one step: a megabyte of the usual ones, which takes half a millisecond where the machine has them in memory. */
const stepPages = 256;
/** Between two steps: in the first round after a start and while pages wait to be read back, and otherwise. */
const [briskMs, steadyMs] = [25, 250];
/** Between attempts after a failure, in milliseconds. */
const retry = { firstMs: 1_000, lastMs: 60_000 };

export interface PageRoundsOptions {
  readonly store: Pick<Store, "checkPages">;
  readonly progress: StoreProgress;
  readonly supervisor: Supervisor;
  readonly log: Log;
  readonly signal: AbortSignal;
}

export class PageRounds {
  readonly #options: PageRoundsOptions;
  #last: PageCheckStep | undefined;
  #storedSeq = 0;

  constructor(options: PageRoundsOptions) {
    this.#options = options;
  }

  /** The result of the last step; `undefined` before it, and for a database server. */
  get state(): PageCheckStep | undefined {
    return this.#last;
  }

  /** Problems that do not keep events from being accepted. */
  get warnings(): string[] {
    const damaged = this.#last?.damaged ?? 0;
    return damaged === 0 ? [] : [`the database is damaged: ${damaged} pages are not as they were written`];
  }

  /** Runs until the signal aborts, or at once for a database server. */
  async run(): Promise<void> {
    const { store, supervisor, signal } = this.#options;
    const loop = supervisor.loop("page_check", retry);
    while (!signal.aborted) {
      try {
        const step = await store.checkPages(stepPages);
        loop.succeeded();
        if (step === undefined) return;
        this.#take(step);
        await delay(this.#pauseMs(step), signal);
      } catch (thrown) {
        await delay(loop.failed(thrown), signal);
      }
    }
  }

  #take(step: PageCheckStep): void {
    const { log } = this.#options;
    const known = this.#last?.damaged ?? 0;
    this.#last = step;
    if (step.began !== undefined) {
      log.warn("database checksums rebuilt", { event: "checksums_rebuilt", reason: step.began });
    }
    if (step.damaged > known) {
      const { damaged, places } = step;
      log.error("database damaged: pages are not as they were written", {
        event: "database_damaged",
        pages: damaged,
        places: places.slice(known),
      });
    }
  }

  /** Brisk only while nothing is being stored: a page that changes again and again need not be read back each time. */
  #pauseMs(step: PageCheckStep): number {
    const { storedSeq } = this.#options.progress;
    const quiet = storedSeq === this.#storedSeq;
    this.#storedSeq = storedSeq;
    return step.rounds === 0 || (quiet && step.changed > 0) ? briskMs : steadyMs;
  }
}
