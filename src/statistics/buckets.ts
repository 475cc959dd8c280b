/** Time in buckets of a minute, an hour and a day, so that a month is read in a few hundred of them. */
import type { Micros } from "../core/event.ts";
import type { Window } from "../core/window.ts";

const minute = 60_000_000;
const hour = 60 * minute;
const day = 24 * hour;

/** The longest first. */
const spans = [day, hour, minute] as const;

export interface Bucket {
  /** Its length and its beginning, in microseconds. */
  readonly span: Micros;
  readonly start: Micros;
}

/** Buckets of one span that follow each other, from `from` (inclusive) to `to` (exclusive). */
export interface BucketRange {
  readonly span: Micros;
  readonly from: Micros;
  readonly to: Micros;
}

/** The bucket of each span that holds a time. */
export function bucketsOf(at: Micros): Bucket[] {
  return spans.map((span) => ({ span, start: floorTo(at, span) }));
}

/** A window widened to whole minutes. */
export function wholeMinutes({ since, until }: Window): Window {
  return { since: floorTo(since, minute), until: ceilTo(until, minute) };
}

/** The fewest buckets that make up a window of whole minutes: days in its middle, hours and minutes at its ends. */
export function cover({ since, until }: Window): BucketRange[] {
  return coverWith(spans, since, until);
}

function coverWith([span, ...shorter]: readonly Micros[], from: Micros, to: Micros): BucketRange[] {
  if (span === undefined || from >= to) return [];
  const first = ceilTo(from, span);
  const last = floorTo(to, span);
  if (first >= last) return coverWith(shorter, from, to);
  return [
    ...coverWith(shorter, from, first),
    { span, from: first, to: last },
    ...coverWith(shorter, last, to),
  ];
}

/** Rounded down, also before 1970. */
function floorTo(at: Micros, span: Micros): Micros {
  return Math.floor(at / span) * span;
}

/** Not by turning signs around: that makes -0, which is not the same everywhere. */
function ceilTo(at: Micros, span: Micros): Micros {
  return floorTo(at + span - 1, span);
}
