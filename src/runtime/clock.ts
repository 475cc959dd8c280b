/**
 * The clock of Mars. The wall clock can be set, ahead or back, at the start or while Mars runs. So every reading is compared with
 * a monotonic ("steady") clock, and each decision uses one of three times:
 *
 * - `elapsed` grows as the steady clock does. No step of the wall clock changes it. Retention deletes messages by it.
 * - `trusted` is the wall clock without the steps ahead that have not been proven yet. Retention deletes rows that have dates of
 *   their own (counts, the history of alerts) by it.
 * - `judged` is what is due by now. It follows a step ahead once that is believed; until then `mayRaise` is false, and nothing may
 *   be raised. It follows a step back at once, by which nothing false can be raised; until that is believed `putBack` is true,
 *   and nothing that was raised may be retracted by it.
 *
 * A step ahead, or time that passed while Mars did not run, is proven when the clocks have agreed for as long as it was, a day
 * at most. A step that takes back another one needs no proof. Times of before a step are judged by `skews`: the clock was behind
 * then, or is ahead now, and either way the difference is known.
 */
import type { Micros } from "../core/event.ts";
import type { Log } from "../core/ports.ts";
import type { Skew } from "../core/skew.ts";
import { microsMin } from "../core/time.ts";
import type { ClockStats, TimeRecord } from "../core/time-record.ts";
import { micros, Skews } from "./skews.ts";
import { systemTime, type TimeSource } from "./time-source.ts";

/** How often the clocks are compared, at least. */
const tickMs = 250;
/** A comparison that comes so much too late means that this process did not run meanwhile. */
const stallMs = 100;
/** Stalls from here on are pauses: a stopped process, a frozen machine. */
const pauseMs = 1_000;
/** A greater gap between two readings cannot be distinguished from a step: virtual machines stop the steady clock, or move it. */
const gapMsMax = 60_000;
/** Less is the way of clocks; slewing, at most so much of the time that passes, is no step either. */
const stepMs = 1_000;
const slew = 0.002;
/** How long a step ahead has to hold before anything is raised by it, at least the start-up grace; and one back, before anything is retracted by it. */
const aheadMsMax = 10_000;
const backMsMin = 5_000;
const backMsMax = 60_000;
/** How long the clocks have to agree before a step is proven, at most. */
const proofMsMax = 86_400_000;
/** A start so soon after the last record of the run before goes on with what that run had proven. */
const restartMsMax = 60_000;

/** Less that is unproven causes no warning: a restart takes as long. */
const doubtMs = 600_000;

export interface ClockOptions {
  readonly log: Log;
  /** How long nothing is raised after a pause; see `MARS_START_GRACE`. */
  readonly graceMs: number;
  readonly time?: TimeSource;
}

export class Clock {
  readonly #log: Log;
  readonly #graceMs: number;
  readonly #time: TimeSource;
  /** The last reading. */
  #wallMs: number;
  #steadyMs: number;
  #elapsedMs: number;
  /** For how long the clocks have agreed. */
  #agreedMs = 0;
  /** False until the record of the run before is read: ages are unknown until then. */
  #resumed = false;
  /** Differences between the clocks that are too small to be a step, summed up. */
  #driftMs = 0;
  /** Not proven yet: what may have passed while Mars did not run, and steps ahead while it did. */
  #absentMs = 0;
  #steppedMs = 0;
  /** By how much the wall clock is ahead of what is judged by, and when that is believed; and when the last step back is. */
  #aheadMs = 0;
  #aheadAt = Number.NEGATIVE_INFINITY;
  #backAt = Number.NEGATIVE_INFINITY;
  /** Nothing is raised before, by the steady clock. */
  #heldUntil = Number.NEGATIVE_INFINITY;
  #steps = 0;
  #pauses = 0;
  #lastStepMs = 0;
  readonly #skews = new Skews();

  constructor({ log, graceMs, time = systemTime }: ClockOptions) {
    this.#log = log;
    this.#graceMs = graceMs;
    this.#time = time;
    this.#wallMs = time.wallMs();
    this.#steadyMs = time.steadyMs();
    this.#elapsedMs = this.#wallMs;
  }

  /** Compares the clocks until the signal aborts. */
  start(signal: AbortSignal): void {
    const timer = setInterval(() => this.check(), tickMs);
    timer.unref();
    signal.addEventListener("abort", () => clearInterval(timer), { once: true });
  }

  /**
   * Goes on from where an earlier run ended; once, before anything is judged.
   *
   * @param record `undefined` where there was none
   */
  resume(record: TimeRecord | undefined): void {
    this.check();
    this.#resumed = true;
    if (record === undefined) return;
    this.#elapsedMs = record.elapsed / 1_000;
    this.#absentMs = record.absent / 1_000;
    this.#steppedMs = record.stepped / 1_000;
    const passedMs = this.#wallMs - record.wall / 1_000;
    const agreedMs = record.agreed / 1_000;
    this.#agreedMs = passedMs <= restartMsMax ? agreedMs : 0;
    if (record.skews !== undefined) this.#skews.resume(record.skews, { wallMs: this.#wallMs, passedMs });
    if (passedMs >= 0) this.#absentMs += passedMs;
    else if (passedMs <= -stepMs) {
      this.#agreedMs = agreedMs;
      this.#step(passedMs, false);
    }
    this.#prove();
  }

  /** The record for the next run. */
  record(): TimeRecord {
    this.check();
    return {
      elapsed: micros(this.#elapsedMs),
      wall: micros(this.#wallMs),
      absent: micros(this.#absentMs),
      stepped: micros(this.#steppedMs),
      agreed: micros(this.#agreedMs),
      skews: this.#skews.record,
    };
  }

  /** See the head of this file for these three. */
  get elapsed(): Micros {
    this.check();
    return micros(this.#elapsedMs);
  }

  get trusted(): Micros {
    this.check();
    if (!this.#resumed) return microsMin;
    return micros(this.#wallMs - this.#steppedMs - this.#absentMs);
  }

  get judged(): Micros {
    this.check();
    return micros(this.#wallMs - this.#aheadMs);
  }

  /** The known skews of earlier times, relative to `judged`. */
  get skews(): readonly Skew[] {
    this.check();
    return this.#skews.seenFrom(this.#aheadMs);
  }

  /** The latest that it can be now: what is due by then may still be waited for. */
  get latest(): Micros {
    this.check();
    return micros(Math.max(this.#wallMs, this.#elapsedMs));
  }

  /** Whether something may be raised by `judged`. */
  get mayRaise(): boolean {
    this.check();
    return this.#aheadMs === 0 && this.#steadyMs >= this.#heldUntil;
  }

  /** Whether the clock went back and that is not believed yet. */
  get putBack(): boolean {
    this.check();
    return this.#steadyMs < this.#backAt;
  }

  /** Why the clock is not to be trusted; empty when it is, or as good as. */
  get doubt(): string {
    if (this.putBack) return "the clock went back: what was found is not judged by it yet";
    const unprovenMs = this.#steppedMs + this.#absentMs;
    if (unprovenMs < doubtMs) return "";
    const leftMs = Math.max(0, Math.min(unprovenMs, proofMsMax) - this.#agreedMs);
    return `the clock went ahead by ${seconds(unprovenMs)} s: nothing is deleted by that time for another ${seconds(leftMs)} s`;
  }

  get warnings(): string[] {
    return [this.doubt, this.#skews.warning(this.#wallMs)].filter((text) => text !== "");
  }

  stats(): ClockStats {
    const { mayRaise } = this;
    return {
      settled: mayRaise,
      steps: this.#steps,
      pauses: this.#pauses,
      last_step_ms: Math.round(this.#lastStepMs),
      unproven_ms: Math.round(this.#steppedMs + this.#absentMs),
      behind_ms: this.#skews.behindMsMax,
    };
  }

  /** Reads both clocks. Cheap, and done by every question. */
  check(): void {
    const wallMs = this.#time.wallMs();
    const steadyMs = this.#time.steadyMs();
    const passedMs = steadyMs - this.#steadyMs;
    const wallPassedMs = wallMs - this.#wallMs;
    this.#wallMs = wallMs;
    this.#steadyMs = steadyMs;
    if (passedMs < 0 || passedMs > gapMsMax) {
      this.#driftMs = 0;
      this.#pauses += 1;
      if (passedMs > 0) this.#skews.stepped(wallPassedMs - passedMs, { wallMs, passedMs });
      this.#step(wallPassedMs, true);
      return;
    }
    this.#elapsedMs += passedMs;
    this.#agreedMs += passedMs;
    if (passedMs > tickMs + stallMs) this.#stalled(passedMs);
    const drift = this.#driftMs + wallPassedMs - passedMs;
    this.#driftMs = Math.sign(drift) * Math.max(0, Math.abs(drift) - passedMs * slew);
    if (Math.abs(this.#driftMs) >= stepMs) {
      this.#driftMs = 0;
      this.#skews.stepped(drift, { wallMs, passedMs });
      this.#step(drift, false);
    }
    this.#prove();
  }

  /**
   * This process did not run: what was sent meanwhile waits in its sockets, and after a pause producers may have to try
   * again, as after a start.
   */
  #stalled(passedMs: number): void {
    this.#hold(Math.min(passedMs, pauseMs));
    if (passedMs < pauseMs) return;
    this.#pauses += 1;
    this.#hold(this.#graceMs);
    this.#log.warn("process was paused", { event: "process_paused", for_ms: Math.round(passedMs) });
  }

  /** @param absent time may really have passed: the steady clock cannot say */
  #step(byMs: number, absent: boolean): void {
    this.#steps += 1;
    const agreedMs = this.#agreedMs;
    this.#agreedMs = 0;
    if (byMs > 0) {
      if (absent) this.#absentMs += byMs;
      else this.#steppedMs += byMs;
    } else {
      const left = Math.max(0, -byMs - this.#steppedMs);
      this.#steppedMs = Math.max(0, this.#steppedMs + byMs);
      this.#absentMs = Math.max(0, this.#absentMs - left);
    }
    const takesBack = Math.abs(this.#lastStepMs + byMs) < stepMs;
    this.#lastStepMs = takesBack ? 0 : byMs;
    const aheadMs = takesBack ? 0 : this.#aheadMs + byMs;
    this.#aheadMs = Math.max(0, aheadMs);
    if (takesBack) {
      this.#heldUntil = this.#steadyMs;
      this.#backAt = this.#steadyMs;
    } else if (byMs > 0) {
      this.#aheadAt = this.#steadyMs + Math.max(this.#graceMs, Math.min(byMs, aheadMsMax));
    } else if (aheadMs < 0) {
      // Believed sooner where the time before it was young itself.
      this.#backAt = this.#steadyMs + Math.min(-aheadMs, Math.max(agreedMs, backMsMin), backMsMax);
    }
    this.#log.warn("clock stepped", {
      event: "clock_stepped",
      by_ms: Math.round(byMs),
      unproven_ms: Math.round(this.#steppedMs + this.#absentMs),
      behind_ms: this.#skews.behindMsMax,
    });
  }

  /** Accepts steps after which the clocks have agreed for long enough. */
  #prove(): void {
    if (this.#steadyMs >= this.#aheadAt) this.#aheadMs = 0;
    const unprovenMs = this.#steppedMs + this.#absentMs;
    if (unprovenMs === 0 || this.#agreedMs < Math.min(unprovenMs, proofMsMax)) return;
    this.#elapsedMs += this.#absentMs;
    this.#absentMs = 0;
    this.#steppedMs = 0;
    if (unprovenMs >= restartMsMax) {
      this.#log.info("clock trusted again", { event: "clock_trusted", proven_ms: Math.round(unprovenMs) });
    }
  }

  #hold(ms: number): void {
    this.#heldUntil = Math.max(this.#heldUntil, this.#steadyMs + ms);
  }
}

function seconds(ms: number): number {
  return Math.round(ms / 1_000);
}
