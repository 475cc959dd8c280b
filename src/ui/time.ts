/** Times in the viewer's zone. The instant itself, in UTC, is always in the title. */
import { element } from "./dom.ts";

const day = new Intl.DateTimeFormat(undefined, { dateStyle: "full" });
const moment = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const clock = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  fractionalSecondDigits: 3,
  hourCycle: "h23",
});

export function dayOf(time: string): string {
  return day.format(new Date(time));
}

/** The time of day, to the millisecond. */
export function clockElement(time: string): HTMLTimeElement {
  return timeElement(time, clock.format(new Date(time)));
}

/** Date and time. */
export function momentElement(time: string): HTMLTimeElement {
  return timeElement(time, moment.format(new Date(time)));
}

/** The time before now within the last day, else date and time. */
export function agoElement(time: string, now: number): HTMLTimeElement {
  const ms = now - Date.parse(time);
  // A producer's clock may be ahead of the viewer's.
  if (ms < -2_000 || ms > 86_400_000) return momentElement(time);
  if (ms < 2_000) return timeElement(time, "now");
  const seconds = Math.floor(ms / 1000);
  if (seconds < 60) return timeElement(time, `${seconds} s ago`);
  const minutes = Math.floor(seconds / 60);
  return timeElement(time, minutes < 60 ? `${minutes} min ago` : `${Math.floor(minutes / 60)} h ago`);
}

function timeElement(time: string, text: string): HTMLTimeElement {
  return element("time", { datetime: time, title: `${time.replace("T", " ").replace("Z", "")} UTC` }, text);
}

/** From one RFC 3339 time with six digits to another, in milliseconds with fractions. */
export function betweenMs(from: string, to: string): number {
  return Date.parse(to) - Date.parse(from) + (microsOf(to) - microsOf(from)) / 1000;
}

/** The digits that `Date` has no room for. */
function microsOf(time: string): number {
  return Number(time.slice(23, 26));
}

/** A duration in its two largest units; a number and its unit stay on one line. */
export function durationText(ms: number): string {
  if (ms < 1) return `${Math.round(ms * 1000)}\u00a0µs`;
  if (ms < 1_000) return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)}\u00a0ms`;
  const seconds = ms / 1000;
  if (seconds < 60) return `${Number(seconds.toFixed(seconds < 10 ? 2 : 1))}\u00a0s`;
  const units = [
    [86_400, "d"],
    [3_600, "h"],
    [60, "min"],
    [1, "s"],
  ] as const;
  const first = units.findIndex(([size]) => seconds >= size);
  const [bigSize, bigName] = units[first]!;
  const big = Math.floor(seconds / bigSize);
  const next = units[first + 1];
  const small = next === undefined ? 0 : Math.floor((seconds - big * bigSize) / next[0]);
  return small === 0 || next === undefined
    ? `${big}\u00a0${bigName}`
    : `${big}\u00a0${bigName} ${small}\u00a0${next[1]}`;
}
