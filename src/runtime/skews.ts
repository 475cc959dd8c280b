/** The clock's steps as far as times of before them still matter: see `core/skew.ts`. */
import type { Micros } from "../core/event.ts";
import type { Skew } from "../core/skew.ts";
import { microsMin } from "../core/time.ts";
import type { SkewRecord } from "../core/time-record.ts";

/** How many steps are remembered. */
const skewsMax = 32;
/** Less is no step: `stepMs` of `clock.ts`. */
const behindMin: Micros = 1_000_000;
/** A step ahead causes a warning for as long as the step was, within these bounds. */
const wordMsMin = 60_000;
const wordMsMax = 86_400_000;

/** A reading of the wall clock, and how long before that the last one was. */
interface Reading {
  readonly wallMs: number;
  readonly passedMs: number;
}

export class Skews {
  /** Since when the clock runs evenly, by itself. */
  #since: Micros = microsMin;
  #known: readonly Skew[] = [];

  /** The clock has stepped, at any time since the reading before. */
  stepped(byMs: number, { wallMs, passedMs }: Reading): void {
    if (Math.abs(micros(byMs)) < behindMin) return;
    const before = { from: this.#since, to: micros(wallMs - byMs), behind: 0 };
    this.#known = moved(byMs, [...this.#known, before]).slice(-skewsMax);
    this.#since = micros(wallMs - passedMs);
  }

  /**
   * Goes on from where an earlier run ended. Where the clock is behind that, times of that run were right.
   *
   * @param passedMs by the wall clock
   */
  resume({ since, known }: SkewRecord, { wallMs, passedMs }: Reading): void {
    // A step of this run is known already.
    const own = this.#known;
    const wentBack = micros(passedMs) <= -behindMin;
    if (own.length === 0) this.#since = wentBack ? micros(wallMs) : since;
    this.#known = [...moved(wentBack ? passedMs : 0, known), ...own].slice(-skewsMax);
  }

  get record(): SkewRecord {
    return { since: this.#since, known: this.#known };
  }

  /** By how much the clock was behind at most. */
  get behindMsMax(): number {
    return Math.round(Math.max(0, ...this.#known.map(({ behind }) => behind)) / 1_000);
  }

  /** As a clock has them that is behind by so much. */
  seenFrom(behindMs: number): readonly Skew[] {
    if (behindMs === 0) return this.#known;
    return this.#known.map((skew) => ({ ...skew, behind: skew.behind - micros(behindMs) }));
  }

  /**
   * The warning of deadlines that wait because of a step; empty when that was long ago.
   *
   * @param wallMs a reading of the wall clock
   */
  warning(wallMs: number): string {
    const { behindMsMax } = this;
    const agoMs = wallMs - this.#since / 1_000;
    if (behindMsMax === 0 || agoMs >= Math.min(wordMsMax, Math.max(behindMsMax, wordMsMin))) return "";
    return `the clock went ahead by ${Math.round(behindMsMax / 1_000)} s: deadlines that began before are judged as much later`;
  }
}

function moved(byMs: number, skews: readonly Skew[]): Skew[] {
  return skews
    .map((skew) => ({ ...skew, behind: micros(skew.behind / 1_000 + byMs) }))
    .filter(({ behind }) => Math.abs(behind) >= behindMin);
}

/** Cut where a stored number ends: steps of centuries add up. */
export function micros(ms: number): Micros {
  return Math.max(Number.MIN_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, Math.round(ms * 1_000)));
}
