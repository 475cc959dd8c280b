/** Marks findings for callers, and waits until the projector has applied it. */
import type { Author } from "../../core/audit.ts";
import { minSeqWaitMs } from "../../core/limits.ts";
import type { Triage, TriageAbout, TriageChange, Triaged, TriageStore } from "../../lifecycle/triage.ts";
import { delay } from "../../runtime/delay.ts";

/** Between two looks. */
const lookMs = 20;

export interface TriageDeskOptions {
  readonly store: TriageStore;
  /** Called when there are messages to be judged again. */
  readonly nudge: () => void;
  readonly signal: AbortSignal;
}

export class TriageDesk implements Triage {
  readonly #options: TriageDeskOptions;

  constructor(options: TriageDeskOptions) {
    this.#options = options;
  }

  async mark(
    findings: readonly number[],
    change: TriageChange,
    about: TriageAbout,
    by: Author,
  ): Promise<number> {
    const changed = await this.#options.store.markFindings(findings, change, about, by);
    if (changed > 0) this.#options.nudge();
    return changed;
  }

  /** Like a read with `min_seq`, it waits for `minSeqWaitMs` at most. */
  async applied(findings: readonly number[]): Promise<Omit<Triaged, "changed">> {
    const { store, signal } = this.#options;
    const until = performance.now() + minSeqWaitMs;
    for (;;) {
      const { pending, seq } = await store.pendingMarks(findings);
      if (!pending || signal.aborted || performance.now() > until) return { applied: !pending, seq };
      await delay(lookMs, signal);
    }
  }
}
