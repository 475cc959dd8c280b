/**
 * Changes on their way through the log: each is written to it, and made when all that stands before it is stored. The caller waits for
 * that, and gets the answer.
 *
 * What is on disk is made, also where its caller has had no answer, as after a crash. What is refused then is refused at every
 * repetition: it changes nothing, and the log goes on behind it.
 */
import {
  type ChangeMethod,
  type ChangeRecord,
  type ChangeStep,
  changeRecord,
} from "../core/change-record.ts";
import { MarsError } from "../core/error.ts";
import type { JournalState } from "../core/journal.ts";
import type { ChangeOutcome, Log, Store } from "../core/ports.ts";
import { delay } from "../runtime/delay.ts";
import type { StoreProgress } from "../runtime/progress.ts";
import type { Loop, Supervisor } from "../runtime/supervisor.ts";

/** Between attempts to reach a store that failed, in milliseconds. */
const retry = { firstMs: 50, lastMs: 2_000 };
/** An internal fault that a change meets so often comes from the change. */
const sameFaults = 2;
/** How long what is read at the start waits for the changes of earlier runs, before it is tried again. */
const earlierMs = 5_000;
/** How long a caller waits for what stands before its change. */
const waitMsDefault = 10_000;

/** The faults of a database that may be over at the next attempt; any other error refuses the change. */
const faults: ReadonlySet<string> = new Set(["unavailable", "corrupt", "internal", "unprocessable"]);

export interface ChangesOptions {
  readonly store: Pick<Store, "applyChange" | "skipChange" | "confirm">;
  /** See `GroupCommit.change`. */
  readonly write: (change: ChangeRecord, written: (seq: number) => void) => Promise<void>;
  /** Why nothing is stored now; empty where it is, `undefined` while the database has not been reached. */
  readonly stalled: () => string | undefined;
  /** How far the log is stored. */
  readonly progress: Pick<StoreProgress, "storedSeq" | "reached">;
  readonly waitMs?: number;
  /** Called when a change is made that nobody waits for: by a former run, or after its caller's time. What goes by it reads it again. */
  readonly madeLate: (method: ChangeMethod) => void;
  readonly supervisor: Supervisor;
  readonly log: Pick<Log, "info" | "error">;
  readonly signal: AbortSignal;
}

export class Changes {
  readonly #options: ChangesOptions;
  readonly #loop: Loop;
  /** Callers, by the seqs of their changes. */
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  /** The last change that earlier runs have left in the log. */
  #lastEarlier = 0;
  #made = 0;
  #refused = 0;

  constructor(options: ChangesOptions) {
    this.#options = options;
    this.#loop = options.supervisor.loop("store", retry);
    options.signal.addEventListener("abort", () => {
      for (const [seq, { reject }] of this.#waiting) reject(notYet("draining", seq));
    });
  }

  /** Changes since the start, and those that wait to be made. */
  get stats(): { readonly made: number; readonly refused: number; readonly waiting: number } {
    return { made: this.#made, refused: this.#refused, waiting: this.#waiting.size };
  }

  /** To be called first. */
  continue({ lastChange = 0 }: JournalState): void {
    this.#lastEarlier = lastChange;
  }

  /** Resolves when all changes of earlier runs are made, or Mars stops. */
  async continued(): Promise<void> {
    const { signal, progress } = this.#options;
    while (!signal.aborted && progress.storedSeq < this.#lastEarlier)
      await this.earlier().catch(() => undefined);
  }

  /** The same, but rejects with `deadline_exceeded` where it takes long. While the database is away it resolves: no read of it succeeds. */
  async earlier(): Promise<void> {
    const { signal, progress, stalled } = this.#options;
    if (stalled() !== undefined) await progress.reached(this.#lastEarlier, earlierMs, { signal });
  }

  /**
   * Writes a change to the log, and resolves to its answer when it is made. Rejects with the reason where it is refused; with
   * `unavailable` or `overloaded`, and it will not be made, where it cannot be written; with `deadline_exceeded` where it is written
   * and not made in time.
   */
  async ask(method: ChangeMethod, args: readonly unknown[]): Promise<unknown> {
    const { store, write, stalled, waitMs = waitMsDefault } = this.#options;
    // What is written is made, be it an hour later. So nothing is written as long as it is known that it could not be made now.
    const reason = stalled() ?? "Mars is starting: the database has not been reached yet";
    if (reason !== "") throw new MarsError("unavailable", reason, { retryAfterMs: 1_000 });
    await store.confirm();
    const answer = Promise.withResolvers<unknown>();
    let seq = 0;
    await write(changeRecord(method, args), (written) => {
      seq = written;
      this.#waiting.set(seq, answer);
    });
    const timer = setTimeout(() => answer.reject(notYet("deadline_exceeded", seq)), waitMs);
    try {
      return await answer.promise;
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(seq);
    }
  }

  /** Makes a change of the log, and answers its caller. @returns whether it is made or refused; else Mars stops. Throws `fenced`. */
  async make(step: ChangeStep): Promise<boolean> {
    const { store, signal } = this.#options;
    let refusal: MarsError | undefined;
    for (let failures = 0; !signal.aborted; ) {
      try {
        if (refusal === undefined) this.#answer(step, await store.applyChange(step));
        else {
          await store.skipChange(step);
          this.#refuse(step, refusal);
        }
        this.#loop.succeeded();
        return true;
      } catch (thrown) {
        const error = MarsError.from(thrown);
        if (error.code === "fenced") throw error;
        if (refusal === undefined && !faults.has(error.code)) {
          refusal = error;
          continue;
        }
        const pauseMs = this.#loop.failed(error);
        if (error.code === "internal" || error.code === "unprocessable") failures += 1;
        if (failures >= sameFaults) refusal ??= error;
        await delay(pauseMs, signal);
      }
    }
    return false;
  }

  #answer({ to, change }: ChangeStep, outcome: ChangeOutcome): void {
    this.#made += 1;
    const waiting = this.#waiting.get(to);
    if (waiting !== undefined && "answer" in outcome) {
      waiting.resolve(outcome.answer);
      return;
    }
    waiting?.reject(
      new MarsError("unavailable", "the change was made, and the database's answer to it was lost"),
    );
    this.#options.madeLate(change.method);
  }

  #refuse({ to, change }: ChangeStep, refusal: MarsError): void {
    const { log } = this.#options;
    this.#refused += 1;
    const fields = { change: change.method, seq: to, error: refusal };
    if (refusal.ours) log.error("change cannot be made", { event: "change_failed", ...fields });
    else if (!this.#waiting.has(to)) log.info("change refused", { event: "change_refused", ...fields });
    this.#waiting.get(to)?.reject(refusal);
  }
}

function notYet(code: "deadline_exceeded" | "draining", seq: number): MarsError {
  return new MarsError(
    code,
    `the change is on disk with seq ${seq}, and is made as soon as all before it is stored`,
  );
}
