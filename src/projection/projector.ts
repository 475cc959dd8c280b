/**
 * Projects stored events into instances, findings and counts. It has a position of its own in the sequence of events, and each
 * step moves it in the transaction that writes what the step changes. So a crash loses and doubles nothing, and storing
 * never waits for it.
 *
 * An index of `instances` says when each is due next, so a step reads none that are not due.
 */
import type { InStatement } from "@libsql/client";
import type { Micros } from "../core/event.ts";
import { noSkews } from "../core/skew.ts";
import { Arrivals } from "../db/alerts/arrivals.ts";
import type { Database } from "../db/database.ts";
import type { LifecycleCache } from "../db/lifecycles/lifecycle-cache.ts";
import { Tombstones } from "../db/retention/tombstones.ts";
import { projectionSql } from "../gen/sql.ts";
import type { Finding } from "../lifecycle/finding.ts";
import { Backfills, type RunningBackfill } from "./again/backfills.ts";
import { aheadInstances, dueInstances } from "./again/due-instances.ts";
import { lookAt } from "./again/look-at.ts";
import { type ReadTimes, TimesOfOthers, touchOthers } from "./again/times-of-others.ts";
import { WaitingInstances } from "./again/waiting-instances.ts";
import { type FollowParts, followRange } from "./events/follow-range.ts";
import { readChanges } from "./findings/finding-changes.ts";
import { InstanceSteps, type StepTime } from "./instances/instance-steps.ts";
import { Narrowing } from "./narrowing.ts";
import type { ProjectionPosition } from "./position.ts";
import type { BackfillProgress, ProjectionStep, ProjectionTarget } from "./projection-step.ts";
import { forgetRevisits, readRevisits, revisitsOf } from "./revisits.ts";
import { RollupDeltas } from "./rollups/rollup-deltas.ts";
import { StoredProjection } from "./stored-projection.ts";

export class Projector {
  readonly #database: Database;
  readonly #arrivals: Arrivals;
  readonly #parts: FollowParts;
  readonly #lifecycles: LifecycleCache;
  readonly #stored: StoredProjection;
  readonly #waiting: WaitingInstances;
  /** Whether there may be changes of counted events to apply. */
  #changes = true;
  readonly #backfills: Backfills;
  /** How much one step reads. One that fails is tried again with less: a server limits what it sends at once. */
  readonly #narrowing: Narrowing;

  constructor(
    database: Database,
    lifecycles: LifecycleCache,
    tombstones = new Tombstones(database),
    arrivals = new Arrivals(database),
  ) {
    this.#arrivals = arrivals;
    this.#database = database;
    this.#lifecycles = lifecycles;
    this.#backfills = new Backfills(database, lifecycles, tombstones);
    this.#stored = new StoredProjection(database);
    this.#narrowing = new Narrowing(database);
    this.#parts = { database, lifecycles, tombstones, narrowing: this.#narrowing };
    this.#waiting = new WaitingInstances(database);
  }

  /** The next step looks for changes of events before its position. */
  expectChanges(): void {
    this.#changes = true;
  }

  /** The next step looks for a backfill. */
  expectBackfill(): void {
    this.#backfills.expect();
  }

  /** See `Projection.project`. */
  async project(target: ProjectionTarget): Promise<ProjectionStep> {
    for (;;) {
      try {
        const step = await this.#project(target);
        this.#stored.returned = step.findingSeq;
        return step;
      } catch (thrown) {
        this.forget();
        const aside = await this.#narrowing.failed(thrown, () => this.#stored.open());
        if (aside === undefined) continue;
        this.forget();
        const { seq, findingSeq } = await this.#stored.open();
        return { seq, done: false, findings: [], findingSeq: this.#stored.returned ?? findingSeq, aside };
      }
    }
  }

  /** Everything is read again, and which messages are set aside. */
  forget(): void {
    this.#stored.forget();
    this.#changes = true;
    this.#backfills.expect();
    this.#narrowing.forget();
  }

  async #project(target: ProjectionTarget): Promise<ProjectionStep> {
    const { upTo, watermark, raise, keep, skews = noSkews, pausedApps } = target;
    const stored = this.#stored;
    const waiting = await this.#waiting.waitBy(skews);
    const paused = JSON.stringify(await this.#lifecycles.withNaming(pausedApps ?? []));
    await stored.pause(paused, waiting.changed);
    const { seq, findingSeq } = await stored.open();
    await this.#narrowing.open();
    if (stored.returned !== undefined && stored.returned < findingSeq)
      return { seq, done: false, ...(await readChanges(this.#database, stored.returned, findingSeq)) };
    const findings: Finding[] = [];
    if (!waiting.done) return { seq, done: false, findings, findingSeq };
    if (seq < upTo || this.#changes) findings.push(...(await this.#follow({ upTo, watermark })));
    else await stored.look();
    let done = stored.position.seq >= upTo && !this.#changes;
    if (done && stored.revisits) {
      findings.push(...(await this.#revisit(watermark)));
      done = !stored.revisits;
    }
    if (done && watermark < stored.position.watermark && keep !== true) {
      findings.push(...(await this.#review(watermark)));
      done = watermark >= stored.position.watermark;
    }
    if (done && raise && stored.isDue(watermark)) {
      findings.push(...(await this.#raise(watermark)));
      done = !stored.isDue(watermark);
    }
    let backfill: BackfillProgress | undefined = await this.#backfills.running(
      stored.position.seq,
      stored.paused,
    );
    if (backfill !== undefined && done && raise) {
      const adopted = await this.#adopt(watermark, backfill as RunningBackfill);
      findings.push(...adopted.findings);
      backfill = adopted.progress;
    }
    this.#narrowing.succeeded();
    const { position, nextAt } = stored;
    return {
      seq: position.seq,
      done,
      findings,
      findingSeq: position.findingSeq,
      ...(nextAt !== undefined && { nextAt }),
      ...(backfill !== undefined && { backfill }),
    };
  }

  /** Applies a range of events. They can only retract what was found, and say when there is something to find. */
  async #follow({ upTo, watermark }: Pick<ProjectionTarget, "upTo" | "watermark">): Promise<Finding[]> {
    const { position } = this.#stored;
    const from = position.seq;
    const { single } = this.#narrowing;
    // One thing at a time where it must be known which one fails.
    const alone = single && this.#changes;
    const changesMax = single && !alone ? 0 : this.#narrowing.changes;
    const by = { watermark: Math.min(watermark, position.watermark), now: watermark, raising: false };
    const { steps, deltas, to, changes, followed } = await followRange(
      this.#parts,
      { from, upTo, alone, changesMax },
      (counted) => this.#steps(by, counted),
    );
    const more = [
      ...(await this.#arrivals.of(from, to)),
      // These read the changes, which are forgotten behind them.
      ...(await touchOthers(this.#lifecycles, { from, to, changes }, followed)),
      ...(changes > 0 || alone ? [{ sql: projectionSql.forgetChanges, args: [changesMax] }] : []),
    ];
    const found = await this.#stored.write({ steps, deltas, position: { ...position, seq: to }, more });
    this.#changes = changes > 0 && changes === changesMax;
    if (alone && !this.#changes) this.#narrowing.doing(undefined);
    return found;
  }

  /** Judges a bounded number of messages again: see `revisits.ts`. As with events, nothing is raised by it. */
  async #revisit(watermark: Micros): Promise<Finding[]> {
    const { position } = this.#stored;
    const { seq } = position;
    this.#narrowing.doing({ what: "revisits", seq });
    const by = { watermark: Math.min(watermark, position.watermark), now: watermark, raising: false };
    const read = readRevisits(seq, this.#narrowing.instances);
    const others = new TimesOfOthers(this.#database, seq);
    const { steps, deltas, results, left } = await this.#look(by, read, others.read);
    const done = revisitsOf(results[1]).filter((message) => !left.has(message));
    // Before all else: what the step changes may have some of them judged once more.
    const first = [forgetRevisits(done)];
    return this.#stored.write({ steps, deltas, position, first, more: others.statements() });
  }

  /** Raises what is active by `watermark`, of a bounded number of instances. */
  async #raise(watermark: Micros): Promise<Finding[]> {
    const { position, paused } = this.#stored;
    this.#narrowing.doing({ what: "due", watermark, paused });
    const read = dueInstances(watermark, this.#narrowing.instances, paused);
    const { steps, deltas } = await this.#look({ watermark, now: watermark, raising: true }, read);
    return this.#stored.write({ steps, deltas, position: raisedBy(position, watermark) });
  }

  /** Has some messages go by a lifecycle that came after them: see `backfills.ts`. */
  async #adopt(watermark: Micros, running: RunningBackfill) {
    if (!running.ready) return { findings: [], progress: running };
    this.#narrowing.doing({ what: "backfill", place: running });
    const { position } = this.#stored;
    const deltas = new RollupDeltas();
    const steps = this.#steps({ watermark, now: watermark, raising: true }, deltas);
    const { first, more, progress } = await this.#backfills.adopt(
      running,
      position.seq,
      this.#narrowing,
      steps,
    );
    const next = raisedBy(position, watermark);
    return { findings: await this.#stored.write({ steps, deltas, position: next, first, more }), progress };
  }

  /**
   * The clock was ahead and has been put right: retracts what was raised by it and is not active by now, of a bounded
   * number of instances. `position.watermark` goes back with the last of them, so a crash in between changes nothing.
   */
  async #review(watermark: Micros): Promise<Finding[]> {
    this.#narrowing.doing({ what: "ahead", watermark });
    const { position } = this.#stored;
    const read = aheadInstances(watermark, this.#narrowing.instances);
    const { steps, deltas, count } = await this.#look({ watermark, now: watermark, raising: false }, read);
    const next = count === 0 ? { ...position, watermark } : position;
    return this.#stored.write({ steps, deltas, position: next });
  }

  async #look(by: StepTime, read: InStatement[], times?: ReadTimes) {
    const deltas = new RollupDeltas();
    const steps = this.#steps(by, deltas);
    const results = await this.#database.batch(read, "read");
    const { isFollowed } = this.#narrowing;
    const known = await lookAt(steps, this.#database, this.#lifecycles, results[0], isFollowed, times);
    return { steps, deltas, results, ...known };
  }

  #steps(by: StepTime, deltas: RollupDeltas): InstanceSteps {
    const { findingSeq } = this.#stored.position;
    return new InstanceSteps({ ...by, findingSeq, skews: this.#waiting.skews }, deltas);
  }
}

/** A watermark never goes back by raising. */
function raisedBy(position: ProjectionPosition, watermark: Micros): ProjectionPosition {
  return { ...position, watermark: Math.max(watermark, position.watermark) };
}
