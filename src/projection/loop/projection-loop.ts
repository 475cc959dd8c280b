/**
 * The loop that finds what is missing, behind the store: it has the projector apply what is stored, and raise what is
 * overdue.
 *
 * Nothing is raised by a watermark behind which something is still on its way. So a round takes the time, lets everything
 * that came before it be written, stored and projected, and only then raises by that time: when Mars is behind findings come
 * late, and never false. And nothing is raised while producers may still hold back events because Mars refused them, or was
 * not there (`grace.ts`), nor while the clock is in doubt (`clock.ts`): both are asked again behind the barrier, and
 * between the steps of a round.
 */

import type { Micros } from "../../core/event.ts";
import type { Judge } from "../../core/judgement.ts";
import type { Log } from "../../core/ports.ts";
import { Timing, type TimingStats } from "../../core/timing.ts";
import type { Finding } from "../../lifecycle/finding.ts";
import type { Clock } from "../../runtime/clock.ts";
import { delay } from "../../runtime/delay.ts";
import type { StoreProgress } from "../../runtime/progress.ts";
import type { FindingStats } from "../../runtime/stats.ts";
import type { Loop, Supervisor } from "../../runtime/supervisor.ts";
import type { BackfillProgress, Projection, ProjectionStep } from "../projection-step.ts";
import { FindingCounts } from "./finding-counts.ts";
import type { Grace } from "./grace.ts";
import { judgeNow } from "./judgement.ts";

/** The least time between two rounds. A step has a fixed cost of some 0.5 ms, so it projects the events of a while. */
const roundMs = 50;
/** Between attempts after a failure, in milliseconds. */
const retry = { firstMs: 100, lastMs: 5_000 };

export interface ProjectionLoopOptions {
  readonly projector: Projection;
  /** How far the store has come. */
  readonly progress: StoreProgress;
  /** How far the projector has come: what is up to there counts in states and findings. */
  readonly projected: StoreProgress;
  readonly clock: Clock;
  readonly grace: Grace;
  /** Resolves, once everything that was taken before the call is on disk or refused, to the last seq on disk. */
  readonly barrier: () => Promise<number>;
  /** Called with what has changed, in the order of its seq, and the last seq of any change. */
  readonly publish: (findings: readonly Finding[], upTo: number) => void;
  /** Called with how many events and messages are set aside now. */
  readonly setAside: (count: number) => void;
  readonly supervisor: Supervisor;
  readonly log: Log;
  readonly signal: AbortSignal;
}

export class ProjectionLoop {
  readonly #options: ProjectionLoopOptions;
  readonly #loop: Loop;
  #seq = 0;
  #nextAt: Micros | undefined;
  /** By which the last round judged, and how many apps were paused then. */
  #watermark: Micros = 0;
  #pausedCount = 0;
  #nudged = false;
  #backfill: BackfillProgress | undefined;
  readonly #findings = new FindingCounts();
  readonly #steps = new Timing();

  constructor(options: ProjectionLoopOptions) {
    this.#options = options;
    this.#loop = options.supervisor.loop("lifecycles", retry);
  }

  /** There may be something to do though nothing has been stored and nothing is due. */
  nudge(): void {
    this.#nudged = true;
  }

  /** Everything up to here has been projected. */
  get seq(): number {
    return this.#seq;
  }

  /** How far the backfill is that runs now; `null` where none does. */
  get backfill(): { readonly done: number; readonly of: number } | null {
    return this.#backfill === undefined ? null : { done: this.#backfill.done, of: this.#backfill.of };
  }

  /** Why the last step failed; empty when it did not. */
  get lastError(): string {
    return this.#loop.lastError;
  }

  /** Changes of findings since the start. */
  get findings(): FindingStats {
    return this.#findings.stats;
  }

  /** Steps of the projector, failed ones too. */
  get steps(): TimingStats {
    return this.#steps.stats;
  }

  /** For how long a deadline has passed by which nothing has been judged yet, in milliseconds; 0 where there is none. */
  get deadlinesBehindMs(): number {
    if (this.#nextAt === undefined) return 0;
    return Math.max(0, (this.#options.clock.judged - this.#nextAt) / 1_000);
  }

  readonly judge: Judge = () => judgeNow(this.#options);

  async run(): Promise<void> {
    const { signal, progress } = this.#options;
    let opened = false;
    await this.#loop.run(async () => {
      if (!opened) await this.#open();
      opened = true;
      if (this.#seq < progress.storedSeq || this.#dueNow() || this.#nudged) await this.#round();
      return roundMs;
    }, signal);
  }

  /** Finds where the projector is. */
  async #open(): Promise<void> {
    const { projector, publish, projected, clock } = this.#options;
    const step = await projector.project({
      upTo: 0,
      watermark: clock.judged,
      raise: false,
      keep: clock.putBack,
      skews: clock.skews,
    });
    // No notification was sent for these, nor for any before them.
    publish([], (step.findings[0]?.seq ?? step.findingSeq + 1) - 1);
    this.#take(step);
    // A stop may have left something: messages to be judged again.
    this.#nudged ||= !step.done;
    projected.advance(step.seq);
  }

  async #round(): Promise<void> {
    const { projector, progress, projected, barrier, clock, grace, signal } = this.#options;
    this.#nudged = false;
    const judged = clock.judged;
    const mayRaise = this.#mayRaise();
    const upTo = await barrier();
    for (;;) {
      const stored = progress.storedSeq >= upTo;
      const pausedApps = grace.pausedApps();
      // Not by a time that has been taken back since.
      const raise = mayRaise && stored && this.#mayRaise() && judged <= clock.judged;
      const input = {
        upTo: Math.min(upTo, progress.storedSeq),
        watermark: judged,
        raise,
        keep: clock.putBack,
        skews: clock.skews,
        pausedApps,
      };
      const step = await this.#steps.during(() => projector.project(input));
      this.#pausedCount = pausedApps.length;
      this.#take(step);
      if (signal.aborted) return;
      if (!step.done) continue;
      if (stored) break;
      await delay(roundMs, signal);
    }
    // By an earlier one it is looked at again once that is believed.
    this.#watermark = clock.putBack ? Math.max(this.#watermark, judged) : judged;
    projected.advance(this.#seq);
  }

  #take(step: ProjectionStep): void {
    const { publish, setAside, log } = this.#options;
    this.#seq = step.seq;
    this.#nextAt = step.nextAt;
    if (step.more) this.#nudged = true;
    this.#findings.count(step.findings);
    if (step.backfill !== undefined) this.#takeBackfill(step.backfill);
    if (step.aside !== undefined) {
      const { message, count, fault } = step.aside;
      log.error("message set aside", { event: "message_set_aside", seq: message, count, error: fault });
      setAside(count);
    }
    const changes = step.findings.length;
    if (changes === 0) return;
    log.debug("findings changed", { event: "findings_changed", changes, upTo: step.findingSeq });
    publish(step.findings, step.findingSeq);
  }

  /** Each round takes it a bit further, between what comes meanwhile. */
  #takeBackfill(backfill: BackfillProgress): void {
    const { appId, version, done, of, ended } = backfill;
    const fields = { app_id: appId, version, done, of };
    const same = this.#backfill?.appId === appId && this.#backfill.version === version;
    if (!same) this.#options.log.info("backfill begins", { event: "backfill_began", ...fields });
    if (ended) this.#options.log.info("backfill has ended", { event: "backfill_ended", ...fields });
    this.#backfill = ended ? undefined : backfill;
    this.#nudged = true;
  }

  /** Something is due; or may be, since the clock went back or an app is no longer paused. */
  #dueNow(): boolean {
    const { clock, grace } = this.#options;
    if (!this.#mayRaise()) return false;
    const { judged } = clock;
    if ((judged < this.#watermark && !clock.putBack) || grace.pausedApps().length < this.#pausedCount)
      return true;
    return this.#nextAt !== undefined && this.#nextAt < judged;
  }

  #mayRaise(): boolean {
    const { clock, grace } = this.#options;
    return clock.mayRaise && !grace.pausesAll;
  }
}
