/**
 * The deltas of a step to the counts of apps, stages and hops. Each instance counts once, as it is now: a step adds it as it is
 * after the step and subtracts it as it was before. So neither the order of events nor a restart makes a difference.
 */
import type { InStatement } from "@libsql/client";
import type { Micros } from "../../core/event.ts";
import {
  type FunnelStatus,
  funnelStatuses,
  type MessageState,
  type ShownState,
  shownStates,
} from "../../core/state.ts";
import type { StoredLifecycle } from "../../db/lifecycles/lifecycle-cache.ts";
import { forRows } from "../../db/rows.ts";
import { rollupsSql } from "../../gen/sql.ts";
import { type Hop, hopsOf } from "../../lifecycle/hops.ts";
import type { Times } from "../../lifecycle/plan.ts";
import { Histogram, type Sample, sampleOf } from "../../statistics/histogram.ts";
import { AbandonedDeltas } from "./abandoned-deltas.ts";
import { OverdueDeltas } from "./overdue-deltas.ts";
import { type BucketKey, bucketKeys, minuteKey, rollUp } from "./stage-buckets.ts";

/** A run of a message as it is counted. */
export interface CountedRun {
  readonly openedAt: Micros;
  /** By the plan's stages. */
  readonly statuses: readonly FunnelStatus[];
  readonly times: Times;
}

interface AppDelta {
  readonly counts: Record<ShownState, number>;
  events: number;
  ahead: number;
  /** By event and minute. */
  readonly rates: Map<string, Map<number, number>>;
}

interface SignedSample {
  readonly sample: Sample;
  readonly sign: 1 | -1;
}

export class RollupDeltas {
  readonly #apps = new Map<string, AppDelta>();
  /** By stage and minute: a step's messages share a few of these, which are rolled up into the longer spans at its end. */
  readonly #funnel = new Map<number, number[]>();
  readonly #samples = new Map<number, SignedSample[]>();
  readonly #overdue = new OverdueDeltas();
  readonly #abandoned = new AbandonedDeltas();
  /** Whether something is taken away from a rate. */
  #less = false;

  /** @param is whether a message begins with it, which no lifecycle follows at first, and whether it is from ahead */
  addEvent(
    appId: string,
    event: string,
    at: Micros,
    { opens, ahead }: { readonly opens: boolean; readonly ahead: boolean },
  ): void {
    const app = this.#app(appId);
    app.events += 1;
    if (ahead) app.ahead += 1;
    if (opens) app.counts.untracked += 1;
    this.#rate(app, event, at, 1);
  }

  /** An event that was counted by one time happened at another one. */
  moveEvent(appId: string, event: string, was: Micros, at: Micros): void {
    const app = this.#app(appId);
    this.#less = true;
    this.#rate(app, event, was, -1);
    this.#rate(app, event, at, 1);
  }

  #rate(app: AppDelta, event: string, at: Micros, sign: 1 | -1): void {
    let minutes = app.rates.get(event);
    if (minutes === undefined) {
      minutes = new Map();
      app.rates.set(event, minutes);
    }
    const minute = Math.floor(at / 60_000_000);
    minutes.set(minute, (minutes.get(minute) ?? 0) + sign);
  }

  /** A message that goes by a lifecycle. @param before absent when it has only now begun to */
  changeState(appId: string, before: MessageState | undefined, after: MessageState): void {
    const { counts } = this.#app(appId);
    counts[before ?? "untracked"] -= 1;
    counts[after] += 1;
  }

  /** A run of such a message: nearly always its only one. @param before absent for a new one, and `after` for one that is gone */
  changeRun(
    id: number,
    lifecycle: StoredLifecycle,
    before: CountedRun | undefined,
    after: CountedRun | undefined,
  ): void {
    this.#countStatuses(lifecycle, before, after);
    const was = before === undefined ? [] : hopsOf(lifecycle.plan, before.times);
    const is = after === undefined ? [] : hopsOf(lifecycle.plan, after.times);
    for (const hop of was) if (!is.some((other) => sameHop(hop, other))) this.#sample(id, lifecycle, hop, -1);
    for (const hop of is) if (!was.some((other) => sameHop(hop, other))) this.#sample(id, lifecycle, hop, 1);
  }

  /** A finding was raised or retracted, or has another due time: see `OverdueDeltas.change`. */
  changeFinding(...[lifecycle, finding, stored]: Parameters<OverdueDeltas["change"]>): void {
    this.#overdue.change(lifecycle, finding, stored);
    if (stored?.endedBy !== "abandoned") this.#abandoned.change(lifecycle, finding);
  }

  /** The histograms that have to be at hand for `statements`, each by its key. */
  get histogramKeys(): BucketKey[] {
    return [...new Set([...this.#samples.keys()].flatMap(bucketKeys))];
  }

  statements(histograms: Map<BucketKey, Histogram>): InStatement[] {
    return [
      ...forRows(rollupsSql.addToApps, this.#appRows()),
      ...forRows(rollupsSql.addToRates, this.#rateRows()),
      ...(this.#less ? [rollupsSql.deleteEmptyRates] : []),
      ...forRows(rollupsSql.addToFunnel, this.#funnelRows()),
      ...forRows(rollupsSql.putLatencies, this.#latencyRows(histograms)),
      ...this.#overdue.statements(),
      ...this.#abandoned.statements(),
    ];
  }

  /** Only what differs: of a message with more events, most statuses stay. */
  #countStatuses(
    lifecycle: StoredLifecycle,
    before: CountedRun | undefined,
    after: CountedRun | undefined,
  ): void {
    const moved = before?.openedAt !== after?.openedAt;
    if (moved) {
      this.#countStatus(before, lifecycle.wholeId, "reached", -1);
      this.#countStatus(after, lifecycle.wholeId, "reached", 1);
    }
    const { stageIds } = lifecycle;
    for (let index = 0; index < stageIds.length; index++) {
      const was = before?.statuses[index];
      const is = after?.statuses[index];
      if (was === is && !moved) continue;
      this.#countStatus(before, stageIds[index]!, was, -1);
      this.#countStatus(after, stageIds[index]!, is, 1);
    }
  }

  #countStatus(
    run: CountedRun | undefined,
    stage: number,
    status: FunnelStatus | undefined,
    sign: 1 | -1,
  ): void {
    if (run !== undefined && status !== undefined) this.#addToFunnel(stage, run.openedAt, status, sign);
  }

  #addToFunnel(stage: number, openedAt: Micros, status: FunnelStatus, sign: 1 | -1): void {
    const key = minuteKey(stage, openedAt);
    let counts = this.#funnel.get(key);
    if (counts === undefined) {
      counts = [0, 0, 0, 0];
      this.#funnel.set(key, counts);
    }
    counts[funnelStatuses.indexOf(status)]! += sign;
  }

  #sample(message: number, lifecycle: StoredLifecycle, hop: Hop, sign: 1 | -1): void {
    const stage = hop.stage < 0 ? lifecycle.wholeId : lifecycle.stageIds[hop.stage]!;
    const key = minuteKey(stage, hop.reachedAt);
    const samples = this.#samples.get(key);
    const sample = { sample: sampleOf(hop.took, message), sign };
    if (samples === undefined) this.#samples.set(key, [sample]);
    else samples.push(sample);
  }

  #app(appId: string): AppDelta {
    let app = this.#apps.get(appId);
    if (app === undefined) {
      const counts = Object.fromEntries(shownStates.map((state) => [state, 0])) as AppDelta["counts"];
      app = { counts, events: 0, ahead: 0, rates: new Map() };
      this.#apps.set(appId, app);
    }
    return app;
  }

  *#appRows(): Iterable<string> {
    for (const [appId, { counts, events, ahead }] of this.#apps) {
      yield JSON.stringify([appId, events, ahead, ...shownStates.map((state) => counts[state])]);
    }
  }

  *#rateRows(): Iterable<string> {
    for (const [appId, { rates }] of this.#apps) {
      for (const [event, minutes] of rates) {
        for (const [minute, count] of minutes) {
          if (count !== 0) yield JSON.stringify([appId, minute, event, count]);
        }
      }
    }
  }

  *#latencyRows(histograms: Map<BucketKey, Histogram>): Iterable<string> {
    for (const [key, samples] of rollUp(this.#samples, (all, more) => all.concat(more))) {
      const histogram = histograms.get(key) ?? new Histogram();
      histograms.set(key, histogram);
      for (const { sample, sign } of samples) {
        if (sign === 1) histogram.addSample(sample);
        else histogram.removeSample(sample);
      }
      yield `[${key},${JSON.stringify(histogram.toString())}]`;
    }
  }

  *#funnelRows(): Iterable<string> {
    const sum = (all: number[], more: number[]) => all.map((count, column) => count + more[column]!);
    for (const [key, counts] of rollUp(this.#funnel, sum)) {
      if (counts.some((count) => count !== 0)) yield `[${key},${counts.join(",")}]`;
    }
  }
}

function sameHop(a: Hop, b: Hop): boolean {
  return a.stage === b.stage && a.reachedAt === b.reachedAt && a.took === b.took;
}
