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
import { readMessageIds } from "../db/messages/message-ids.ts";
import { Tombstones } from "../db/retention/tombstones.ts";
import { projectionSql } from "../gen/sql.ts";
import type { Finding } from "../lifecycle/finding.ts";
import { Backfills, type RunningBackfill } from "./again/backfills.ts";
import { aheadInstances, dueInstances, nextDue, noPausedApps } from "./again/due-instances.ts";
import { lookAt } from "./again/look-at.ts";
import { type ReadTimes, TimesOfOthers, touchOthers } from "./again/times-of-others.ts";
import { WaitingInstances } from "./again/waiting-instances.ts";
import { type FollowParts, followRange } from "./events/follow-range.ts";
import { readChanges } from "./findings/finding-changes.ts";
import { leapFindings } from "./findings/finding-leap.ts";
import { InstanceSteps, type StepTime } from "./instances/instance-steps.ts";
import { Narrowing } from "./narrowing.ts";
import { movePosition, type ProjectionPosition, positionOf } from "./position.ts";
import type { BackfillProgress, ProjectionStep, ProjectionTarget } from "./projection-step.ts";
import { forgetRevisits, isPending, pendingRevisits, readRevisits, revisitsOf } from "./revisits.ts";
import { HistogramCache } from "./rollups/histogram-cache.ts";
import { RollupDeltas } from "./rollups/rollup-deltas.ts";

export class Projector {
  readonly #database: Database;
  readonly #arrivals: Arrivals;
  readonly #parts: FollowParts;
  readonly #lifecycles: LifecycleCache;
  /** As it is in the database. Read again after a step that failed: it may have been written. */
  #position: ProjectionPosition | undefined;
  #nextAt: Micros | undefined;
  /** As JSON: the apps that `#nextAt` leaves out. */
  #paused = noPausedApps;
  readonly #waiting: WaitingInstances;
  /** Whether there may be changes of counted events to apply. */
  #changes = true;
  /** Whether messages are to be judged again: as the last step has left it. */
  #revisits = false;
  readonly #backfills: Backfills;
  readonly #histograms: HistogramCache;
  /** How much one step reads. One that fails is tried again with less: a server limits what it sends at once. */
  readonly #narrowing: Narrowing;
  /** The last change of a finding that a step has returned; `undefined` until the sequence has leapt after the start. */
  #returned: number | undefined;

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
    this.#histograms = new HistogramCache(database);
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
        this.#returned = step.findingSeq;
        return step;
      } catch (thrown) {
        this.forget();
        const aside = await this.#narrowing.failed(thrown, () => this.#open());
        if (aside === undefined) continue;
        this.forget();
        const { seq, findingSeq } = await this.#open();
        return { seq, done: false, findings: [], findingSeq: this.#returned ?? findingSeq, aside };
      }
    }
  }

  /** Everything is read again, and which messages are set aside. */
  forget(): void {
    this.#position = undefined;
    this.#changes = true;
    this.#backfills.expect();
    this.#histograms.clear();
    this.#narrowing.forget();
  }

  async #project(target: ProjectionTarget): Promise<ProjectionStep> {
    const { upTo, watermark, raise, keep, skews = noSkews, pausedApps } = target;
    const waiting = await this.#waiting.waitBy(skews);
    const paused = JSON.stringify(await this.#lifecycles.withNaming(pausedApps ?? []));
    await this.#pause(paused, waiting.changed);
    let position = this.#position ?? (await this.#open());
    await this.#narrowing.open();
    const { seq, findingSeq } = position;
    if (this.#returned !== undefined && this.#returned < findingSeq)
      return { seq, done: false, ...(await readChanges(this.#database, this.#returned, findingSeq)) };
    const findings: Finding[] = [];
    if (!waiting.done) return { seq, done: false, findings, findingSeq };
    if (position.seq < upTo || this.#changes) {
      findings.push(...(await this.#follow(position, { upTo, watermark })));
      position = this.#position!;
    } else {
      this.#revisits = isPending(await this.#database.execute(pendingRevisits(position.seq)));
    }
    let done = position.seq >= upTo && !this.#changes;
    if (done && this.#revisits) {
      findings.push(...(await this.#revisit(position, watermark)));
      position = this.#position!;
      done = !this.#revisits;
    }
    if (done && watermark < position.watermark && keep !== true) {
      findings.push(...(await this.#review(position, watermark)));
      position = this.#position!;
      done = watermark >= position.watermark;
    }
    if (done && raise && this.#nextAt !== undefined && this.#nextAt < watermark) {
      findings.push(...(await this.#raise(position, watermark)));
      position = this.#position!;
      done = this.#nextAt === undefined || this.#nextAt >= watermark;
    }
    let backfill: BackfillProgress | undefined = await this.#backfills.running(position.seq, this.#paused);
    if (backfill !== undefined && done && raise) {
      const adopted = await this.#adopt(position, watermark, backfill as RunningBackfill);
      findings.push(...adopted.findings);
      backfill = adopted.progress;
      position = this.#position!;
    }
    this.#narrowing.succeeded();
    return {
      seq: position.seq,
      done,
      findings,
      findingSeq: position.findingSeq,
      ...(this.#nextAt !== undefined && { nextAt: this.#nextAt }),
      ...(backfill !== undefined && { backfill }),
    };
  }

  /** Reads the next due instance again where other apps are paused, or some no longer are. */
  async #pause(paused: string, changed: boolean): Promise<void> {
    if (paused === this.#paused && !changed) return;
    this.#paused = paused;
    this.#setNext((await this.#database.execute(nextDue(paused))).rows[0]?.at);
  }

  async #open(): Promise<ProjectionPosition> {
    const [known, next] = await this.#database.batch([projectionSql.position, nextDue(this.#paused)], "read");
    let position = positionOf(known?.rows[0]);
    if (this.#returned === undefined) {
      position = await leapFindings(this.#database, position);
      this.#returned = position.findingSeq;
    }
    this.#position = position;
    this.#setNext(next?.rows[0]?.at);
    return position;
  }

  /** Applies a range of events. They can only retract what was found, and say when there is something to find. */
  async #follow(
    position: ProjectionPosition,
    { upTo, watermark }: Pick<ProjectionTarget, "upTo" | "watermark">,
  ): Promise<Finding[]> {
    const from = position.seq;
    const { single } = this.#narrowing;
    // One thing at a time where it must be known which one fails.
    const alone = single && this.#changes;
    const changesMax = single && !alone ? 0 : this.#narrowing.changes;
    const judged = Math.min(watermark, position.watermark);
    const by = { watermark: judged, now: watermark, raising: false };
    const { steps, deltas, to, changes, followed } = await followRange(
      this.#parts,
      { from, upTo, alone, changesMax },
      (counted) => this.#steps(position, by, counted),
    );
    const found = await this.#write(steps, deltas, { ...position, seq: to }, [
      ...(await this.#arrivals.of(from, to)),
      // These read the changes, which are forgotten behind them.
      ...(await touchOthers(this.#lifecycles, { from, to, changes }, followed)),
      ...(changes > 0 || alone ? [{ sql: projectionSql.forgetChanges, args: [changesMax] }] : []),
    ]);
    this.#changes = changes > 0 && changes === changesMax;
    if (alone && !this.#changes) this.#narrowing.doing(undefined);
    return found;
  }

  /** Judges a bounded number of messages again: see `revisits.ts`. As with events, nothing is raised by it. */
  async #revisit(position: ProjectionPosition, watermark: Micros): Promise<Finding[]> {
    const { seq } = position;
    this.#narrowing.doing({ what: "revisits", seq });
    const by = { watermark: Math.min(watermark, position.watermark), now: watermark, raising: false };
    const read = readRevisits(seq, this.#narrowing.instances);
    const others = new TimesOfOthers(this.#database, seq);
    const { steps, deltas, results, left } = await this.#look(position, by, read, others.read);
    const done = revisitsOf(results[2]).filter((message) => !left.has(message));
    // Before all else: what the step changes may have some of them judged once more.
    return this.#write(steps, deltas, position, others.statements(), [forgetRevisits(done)]);
  }

  /** Raises what is active by `watermark`, of a bounded number of instances. */
  async #raise(position: ProjectionPosition, watermark: Micros): Promise<Finding[]> {
    this.#narrowing.doing({ what: "due", watermark, paused: this.#paused });
    const read = dueInstances(watermark, this.#narrowing.instances, this.#paused);
    const { steps, deltas } = await this.#look(position, { watermark, now: watermark, raising: true }, read);
    return this.#write(steps, deltas, { ...position, watermark: Math.max(watermark, position.watermark) });
  }

  /** Has some messages go by a lifecycle that came after them: see `backfills.ts`. */
  async #adopt(position: ProjectionPosition, watermark: Micros, running: RunningBackfill) {
    if (!running.ready) return { findings: [], progress: running };
    this.#narrowing.doing({ what: "backfill", place: running });
    const deltas = new RollupDeltas();
    const steps = this.#steps(position, { watermark, now: watermark, raising: true }, deltas);
    const adopted = await this.#backfills.adopt(running, position.seq, this.#narrowing, steps);
    const next = { ...position, watermark: Math.max(watermark, position.watermark) };
    const findings = await this.#write(steps, deltas, next, adopted.more, adopted.first);
    return { findings, progress: adopted.progress };
  }

  /**
   * The clock was ahead and has been put right: retracts what was raised by it and is not active by now, of a bounded
   * number of instances. `position.watermark` goes back with the last of them, so a crash in between changes nothing.
   */
  async #review(position: ProjectionPosition, watermark: Micros): Promise<Finding[]> {
    this.#narrowing.doing({ what: "ahead", watermark });
    const read = aheadInstances(watermark, this.#narrowing.instances);
    const by = { watermark, now: watermark, raising: false };
    const { steps, deltas, count } = await this.#look(position, by, read);
    const last = count === 0;
    return this.#write(steps, deltas, { ...position, watermark: last ? watermark : position.watermark });
  }

  async #look(position: ProjectionPosition, by: StepTime, read: InStatement[], times?: ReadTimes) {
    const deltas = new RollupDeltas();
    const steps = this.#steps(position, by, deltas);
    const results = await this.#database.batch(read, "read");
    const { isFollowed } = this.#narrowing;
    const known = await lookAt(steps, this.#database, this.#lifecycles, results, isFollowed, times);
    return { steps, deltas, results, ...known };
  }

  #steps({ findingSeq }: ProjectionPosition, by: StepTime, deltas: RollupDeltas): InstanceSteps {
    return new InstanceSteps({ ...by, findingSeq, skews: this.#waiting.skews }, deltas);
  }

  async #write(
    steps: InstanceSteps,
    deltas: RollupDeltas,
    position: ProjectionPosition,
    more: readonly InStatement[] = [],
    first: readonly InStatement[] = [],
  ): Promise<Finding[]> {
    const names = await readMessageIds(this.#database, steps.findings.messages);
    await steps.owed.readStored(this.#database, steps.findings.owingMessages);
    const histograms = await this.#histograms.load(deltas.histogramKeys);
    const findingSeq = position.findingSeq + steps.findings.count;
    const next = { ...position, step: position.step + 1, findingSeq };
    const results = await this.#database.batch(
      [
        movePosition(next),
        ...first,
        ...steps.statements(),
        ...deltas.statements(histograms),
        ...more,
        pendingRevisits(next.seq),
        nextDue(this.#paused),
      ],
      "write",
    );
    this.#position = next;
    this.#revisits = isPending(results.at(-2));
    this.#setNext(results.at(-1)?.rows[0]?.at);
    return steps.findings.published(names, steps.owed);
  }

  #setNext(at: unknown): void {
    this.#nextAt = at === null || at === undefined ? undefined : Number(at);
  }
}
