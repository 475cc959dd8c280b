/**
 * The loop beside the flow that finds what is missing: it has the tracker take in what is stored, and raise what is
 * overdue.
 *
 * Nothing is raised by a clock behind which something is still on its way. So a round takes the time, lets everything
 * that came before it be written, stored and tracked, and only then raises by that time: when Mars is behind findings come
 * late, and never false. And nothing is raised while producers may still hold back events because Mars refused them, or was
 * not there: until the start-up grace has passed.
 */
import { delay } from "../event/delay.ts";
import type { Loop, Supervisor } from "../event/supervisor.ts";
import { nowMicros } from "../event/time.ts";
import type { Finding } from "../lifecycle/finding.ts";
import type { Tracker, TrackStep } from "../lifecycle/ports.ts";
import type { StoreProgress } from "./progress.ts";

/** The least time between two rounds. A step costs some 0.5 ms whatever it holds, so events of a while share one. */
const roundMs = 50;
/** Between attempts after a failure, in milliseconds. */
const retry = { firstMs: 100, lastMs: 5_000 };

export interface WatchOptions {
  readonly tracker: Tracker;
  /** How far the store has come. */
  readonly progress: StoreProgress;
  /** How far the tracker has come: what is up to there counts in states and findings. */
  readonly tracked: StoreProgress;
  /** How long nothing is raised after a start or a refusal. */
  readonly startGraceMs: number;
  /** Resolves, once everything that was taken before the call is on disk or refused, to the last seq on disk. */
  readonly barrier: () => Promise<number>;
  /** When events were last refused, by `performance.now()`. */
  readonly refusedAt: () => number;
  /** Called with what has changed, in the order of its seq, and the last seq of any change. */
  readonly publish: (findings: readonly Finding[], upTo: number) => void;
  readonly supervisor: Supervisor;
  readonly signal: AbortSignal;
}

export class Watch {
  readonly #options: WatchOptions;
  readonly #loop: Loop;
  #startedAt = Number.NEGATIVE_INFINITY;
  #seq = 0;
  #nextAt: number | undefined;
  #raised = 0;
  #retracted = 0;

  constructor(options: WatchOptions) {
    this.#options = options;
    this.#loop = options.supervisor.loop("lifecycles", retry);
  }

  /** Everything up to here has been tracked. */
  get seq(): number {
    return this.#seq;
  }

  /** Why the last step failed; empty when it did not. */
  get lastError(): string {
    return this.#loop.lastError;
  }

  /** Changes of findings since the start. */
  get totals(): { raised: number; retracted: number } {
    return { raised: this.#raised, retracted: this.#retracted };
  }

  /** @param resumed whether Mars ran here before, so that producers may have been refused meanwhile */
  async run(resumed: boolean): Promise<void> {
    const { signal, progress } = this.#options;
    if (resumed) this.#startedAt = performance.now();
    let opened = false;
    await this.#loop.run(async () => {
      if (!opened) await this.#open();
      opened = true;
      if (this.#seq < progress.storedSeq || this.#dueNow()) await this.#round();
      return roundMs;
    }, signal);
  }

  /** Finds where the tracker is. */
  async #open(): Promise<void> {
    const { tracker, publish, tracked } = this.#options;
    const step = await tracker.track({ upTo: 0, clock: nowMicros(), raise: false });
    // Nobody has heard of these, nor of anything before them.
    publish([], (step.findings[0]?.seq ?? step.findingSeq + 1) - 1);
    this.#take(step);
    tracked.advance(step.seq);
  }

  async #round(): Promise<void> {
    const { tracker, progress, tracked, barrier, signal } = this.#options;
    const clock = nowMicros();
    const raise = !this.#held();
    const upTo = await barrier();
    for (;;) {
      const stored = progress.storedSeq >= upTo;
      const step = await tracker.track({
        upTo: Math.min(upTo, progress.storedSeq),
        clock,
        raise: raise && stored,
      });
      this.#take(step);
      if (signal.aborted) return;
      if (!step.done) continue;
      if (stored) break;
      await delay(roundMs, signal);
    }
    tracked.advance(this.#seq);
  }

  #take(step: TrackStep): void {
    const { publish } = this.#options;
    this.#seq = step.seq;
    this.#nextAt = step.nextAt;
    for (const { retractedAt } of step.findings) {
      if (retractedAt === undefined) this.#raised += 1;
      else this.#retracted += 1;
    }
    if (step.findings.length > 0) publish(step.findings, step.findingSeq);
  }

  #dueNow(): boolean {
    return this.#nextAt !== undefined && this.#nextAt < nowMicros() && !this.#held();
  }

  #held(): boolean {
    const { startGraceMs, refusedAt } = this.#options;
    return performance.now() < Math.max(this.#startedAt, refusedAt()) + startGraceMs;
  }
}
