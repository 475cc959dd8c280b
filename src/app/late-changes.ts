/**
 * Changes that are made when nobody waits for them any more: their callers know that they are on disk, and what goes by them has them
 * from the database then.
 */
import type { ChangeMethod } from "../core/change-record.ts";
import { delay } from "../runtime/delay.ts";
import type { Supervisor } from "../runtime/supervisor.ts";

/** Between attempts to read, in milliseconds. */
const retry = { firstMs: 250, lastMs: 5_000 };

interface Readable {
  /** The database has changed by another way than the calls of this part. Rejects while it cannot be read. */
  readAgain(): Promise<void>;
}

export interface LateChangesOptions {
  readonly access: { readKeysAgain(): Promise<void> };
  readonly alerts: { settingsChanged(): void };
  readonly sources: Readable;
  readonly collectors: Readable;
  readonly pipeline: { readonly retentions: Readable; nudge(): void };
  readonly supervisor: Supervisor;
}

export class LateChanges {
  readonly #options: LateChangesOptions;
  readonly #abort = new AbortController();
  #turn: Promise<void> = Promise.resolve();

  constructor(options: LateChangesOptions) {
    this.#options = options;
  }

  /** A change by this method was made late. */
  made(method: ChangeMethod): void {
    const { access, alerts, sources, collectors, pipeline } = this.#options;
    if (/Alert/.test(method)) alerts.settingsChanged();
    else if (/Keys?$/.test(method)) this.#read(() => access.readKeysAgain());
    else if (/Source$/.test(method)) this.#read(() => sources.readAgain());
    else if (/Collector$/.test(method)) this.#read(() => collectors.readAgain());
    else if (/Retention$/.test(method)) this.#read(() => pipeline.retentions.readAgain());
    else pipeline.nudge();
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#turn;
  }

  #read(read: () => Promise<void>): void {
    const loop = this.#options.supervisor.loop("late_changes", retry);
    const { signal } = this.#abort;
    this.#turn = this.#turn.then(async () => {
      while (!signal.aborted) {
        try {
          await read();
          return loop.succeeded();
        } catch (thrown) {
          await delay(loop.failed(thrown), signal);
        }
      }
    });
  }
}
