/**
 * The hours of a schedule on the axis of time. A moment is within them where the wall clock of the time zone shows a time within one of the
 * spans, on a day that is not off. So on the days when clocks change an hour is left out, or counted twice. Pure.
 */
import type { Micros } from "../../core/event.ts";
import { dayMinutes, type Schedule, weekdays } from "./schedule.ts";

const minute: Micros = 60_000_000;
const day = dayMinutes * minute;
/** Further ahead nothing is looked for: a schedule whose days are all off is never active. */
const aheadDaysMax = 400;
/** Beyond it the days that are kept are forgotten. */
const keptDaysMax = 1_000;

interface Span {
  readonly from: Micros;
  readonly to: Micros;
}

export class ActiveHours {
  readonly #schedule: Schedule;
  readonly #daysOff: ReadonlySet<string>;
  readonly #format: Intl.DateTimeFormat;
  /** The active spans of days of UTC, by the number of the day. */
  readonly #days = new Map<number, readonly Span[]>();

  /** @param daysOff dates such as `2026-12-25` */
  constructor(schedule: Schedule, daysOff: ReadonlySet<string>) {
    this.#schedule = schedule;
    this.#daysOff = daysOff;
    this.#format = formatOf(schedule.timeZone);
  }

  isActive(at: Micros): boolean {
    return this.#spansOf(Math.floor(at / day)).some(({ from, to }) => from <= at && at < to);
  }

  /** How much of a span is within the hours. */
  activeBetween(from: Micros, to: Micros): Micros {
    let sum = 0;
    const first = Math.max(Math.floor(from / day), Math.floor(to / day) - aheadDaysMax);
    for (let number = first; number * day < to; number += 1) {
      for (const span of this.#spansOf(number))
        sum += Math.max(0, Math.min(to, span.to) - Math.max(from, span.from));
    }
    return sum;
  }

  /** When it is active next, from `at` on; absent where it is not for more than a year. */
  nextActive(at: Micros): Micros | undefined {
    const first = Math.floor(at / day);
    for (let number = first; number < first + aheadDaysMax; number += 1) {
      const span = this.#spansOf(number).find(({ to }) => to > at);
      if (span !== undefined) return Math.max(at, span.from);
    }
    return undefined;
  }

  #spansOf(number: number): readonly Span[] {
    let spans = this.#days.get(number);
    if (spans === undefined) {
      if (this.#days.size >= keptDaysMax) this.#days.clear();
      spans = this.#rangesOf(number * day, (number + 1) * day).flatMap((range) => this.#within(range));
      this.#days.set(number, spans);
    }
    return spans;
  }

  /** Divides a span of UTC where the offset of the time zone changes. */
  #rangesOf(from: Micros, to: Micros): (Span & { readonly offset: Micros })[] {
    const offset = this.#offsetAt(from);
    if (this.#offsetAt(to) === offset) return [{ from, to, offset }];
    let [before, after] = [from, to];
    while (after - before > minute) {
      const middle = before + Math.floor((after - before) / (2 * minute)) * minute;
      if (this.#offsetAt(middle) === offset) before = middle;
      else after = middle;
    }
    return [{ from, to: after, offset }, ...this.#rangesOf(after, to)];
  }

  /** The active spans of a range with one offset. */
  #within({ from, to, offset }: Span & { readonly offset: Micros }): Span[] {
    const spans: Span[] = [];
    for (let local = Math.floor((from + offset) / day) * day; local < to + offset; local += day) {
      const date = new Date(local / 1_000);
      if (this.#daysOff.has(date.toISOString().slice(0, 10))) continue;
      const weekday = weekdays[(date.getUTCDay() + 6) % 7]!;
      for (const hours of this.#schedule.hours) {
        if (!hours.days.includes(weekday)) continue;
        const begin = Math.max(from, local + hours.from * minute - offset);
        const end = Math.min(to, local + hours.to * minute - offset);
        if (begin < end) spans.push({ from: begin, to: end });
      }
    }
    return merged(spans);
  }

  /** How far the wall clock is ahead of UTC. */
  #offsetAt(at: Micros): Micros {
    const parts: Record<string, number> = {};
    for (const { type, value } of this.#format.formatToParts(at / 1_000)) parts[type] = Number(value);
    const { year = 0, month = 1, day: date = 1, hour = 0, minute: minutes = 0, second = 0 } = parts;
    const whole = Math.floor(at / 1_000_000);
    return (Date.UTC(year, month - 1, date, hour, minutes, second) / 1_000 - whole) * 1_000_000;
  }
}

/** Spans of several entries may overlap: each moment counts once. */
function merged(spans: readonly Span[]): Span[] {
  const all: Span[] = [];
  for (const span of spans.toSorted((a, b) => a.from - b.from)) {
    const last = all.at(-1);
    if (last === undefined || span.from > last.to) all.push(span);
    else all[all.length - 1] = { from: last.from, to: Math.max(last.to, span.to) };
  }
  return all;
}

export function isTimeZone(name: string): boolean {
  try {
    formatOf(name);
    return true;
  } catch {
    // The only way to ask is to try.
    return false;
  }
}

function formatOf(timeZone: string): Intl.DateTimeFormat {
  const digits = { year: "numeric", month: "numeric", day: "numeric", hour: "numeric" } as const;
  return new Intl.DateTimeFormat("en-US", {
    ...digits,
    ...{ timeZone, hourCycle: "h23", minute: "numeric", second: "numeric" },
  });
}
