/**
 * A pause of raising after refusals. Events that were refused, or that could not be sent while Mars was away, come again a little
 * later; until then they must not be called missing. Every refusal by any protocol is reported here, with the apps of its events,
 * or without where the protocol refuses before it reads them: that pauses all apps. Where a caller has reached a limit of its own, that
 * pauses the apps for which it reports.
 *
 * The grace has a bound, or a client that is always refused would delay findings for ever: when refusals have gone on for
 * `appRunMsMax` (one app's) or `allRunMsMax` (of unknown apps), findings are raised all the same, and the log says so.
 */
import { MarsError } from "../../core/error.ts";
import type { MarsEvent } from "../../core/event.ts";
import type { Log } from "../../core/ports.ts";
import type { GraceStats, Refusals } from "../../core/refusals.ts";

/** How long a run of refusals keeps findings back, beside the grace behind its last one. */
const appRunMsMax = 300_000;
const allRunMsMax = 60_000;

/** Beyond so many apps with refused events, all apps are paused. */
const pausedAppsMax = 1_000;

/** Refusals that follow each other within the grace. By the steady clock. */
interface Run {
  since: number;
  last: number;
  overrun: boolean;
}

export interface GraceOptions {
  /** See `MARS_START_GRACE`; 0 for none. */
  readonly graceMs: number;
  readonly log: Log;
  /** Milliseconds of a monotonic clock. */
  readonly now?: () => number;
}

export class Grace implements Refusals {
  readonly #graceMs: number;
  readonly #log: Log;
  readonly #now: () => number;
  #startedAt = Number.NEGATIVE_INFINITY;
  #all: Run | undefined;
  /** By app; at most `pausedAppsMax`, beyond which a refusal concerns all. */
  readonly #apps = new Map<string, Run>();
  /** Errors that `accept` has rejected with: the protocols report them again. */
  readonly #known = new WeakSet<object>();
  #refusals = 0;
  #overrun = 0;

  constructor({ graceMs, log, now = () => performance.now() }: GraceOptions) {
    this.#graceMs = graceMs;
    this.#log = log;
    this.#now = now;
  }

  /** Mars has started, and was away before: producers may have been refused. */
  start(): void {
    this.#startedAt = this.#now();
  }

  refused(error: unknown): void {
    if (!(error instanceof MarsError) || this.#known.has(error) || !mayComeAgain(error)) return;
    this.#refusals += 1;
    // One caller's own fault must not delay the findings of others.
    if (error.limit !== undefined) this.#pauseApps(error.limit.apps);
    else this.#all = this.#extend(this.#all);
  }

  /** These events were refused. */
  refusedEvents(error: unknown, events: readonly MarsEvent[]): void {
    if (typeof error === "object" && error !== null) this.#known.add(error);
    this.#refusals += 1;
    let before = "";
    for (const { appId } of events) {
      if (appId === before) continue;
      before = appId;
      const run = this.#apps.get(appId);
      if (run !== undefined || this.#apps.size < pausedAppsMax) this.#apps.set(appId, this.#extend(run));
      else this.#all = this.#extend(this.#all);
    }
  }

  /** At most those that there is room for. */
  #pauseApps(apps: readonly string[]): void {
    for (const appId of apps) {
      const run = this.#apps.get(appId);
      if (run !== undefined || this.#apps.size < pausedAppsMax) this.#apps.set(appId, this.#extend(run));
    }
  }

  /** Whether nothing may be raised of any app. */
  get pausesAll(): boolean {
    const now = this.#now();
    if (now < this.#startedAt + this.#graceMs) return true;
    if (this.#all === undefined) return false;
    if (now >= this.#all.last + this.#graceMs) this.#all = undefined;
    return this.#all !== undefined && this.#pauses(this.#all, allRunMsMax, now);
  }

  /** The apps of which nothing may be raised. */
  pausedApps(): readonly string[] {
    if (this.#apps.size === 0) return noApps;
    const now = this.#now();
    const paused: string[] = [];
    for (const [appId, run] of this.#apps) {
      if (now >= run.last + this.#graceMs) this.#apps.delete(appId);
      else if (this.#pauses(run, appRunMsMax, now)) paused.push(appId);
    }
    return paused;
  }

  stats(): GraceStats {
    const { pausesAll } = this;
    return {
      all: pausesAll,
      apps: this.pausedApps().length,
      refusals: this.#refusals,
      overrun: this.#overrun,
    };
  }

  #extend(run: Run | undefined): Run {
    const now = this.#now();
    if (run === undefined || now >= run.last + this.#graceMs)
      return { since: now, last: now, overrun: false };
    run.last = now;
    return run;
  }

  #pauses(run: Run, runMsMax: number, now: number): boolean {
    if (now < run.since + runMsMax + this.#graceMs) return true;
    if (!run.overrun) {
      run.overrun = true;
      this.#overrun += 1;
      this.#log.warn("refusals last too long, findings are raised", {
        event: "grace_overrun",
        refused_for_ms: Math.round(now - run.since),
      });
    }
    return false;
  }
}

const noApps: readonly string[] = [];

function mayComeAgain({ code }: MarsError): boolean {
  return code === "overloaded" || code === "unavailable" || code === "draining";
}
