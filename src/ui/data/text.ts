/** Numbers, times and durations as texts. */
import { signal } from "@preact/signals";

/** Whether times are shown in UTC; else in the viewer's zone. */
export const utc = signal(localStorage.getItem("mars.utc") === "1");

export function setUtc(on: boolean): void {
  utc.value = on;
  localStorage.setItem("mars.utc", on ? "1" : "0");
}

/** The zone's name, to be shown beside times. */
export function zoneName(): string {
  if (utc.value) return "UTC";
  return new Intl.DateTimeFormat().resolvedOptions().timeZone;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function format(time: string | number, options: Intl.DateTimeFormatOptions): string {
  const whole: Intl.DateTimeFormatOptions = { ...options, ...(utc.value && { timeZone: "UTC" }) };
  const key = JSON.stringify(whole);
  let made = formats.get(key);
  if (made === undefined) {
    made = new Intl.DateTimeFormat(undefined, whole);
    formats.set(key, made);
  }
  return made.format(new Date(time));
}

const clockParts = { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" } as const;

/** `14:03:22` */
export function clockText(time: string | number): string {
  return format(time, clockParts);
}

/** `14:03` */
export function hourText(time: string | number): string {
  return format(time, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
}

/** `26 Nov` */
export function dayAndMonthText(time: string | number): string {
  return format(time, { day: "numeric", month: "short" });
}

/** `14:03:22.123` */
export function preciseClockText(time: string): string {
  return format(time, { ...clockParts, fractionalSecondDigits: 3 });
}

/** `26 Nov, 14:03:22` */
export function momentText(time: string | number): string {
  return format(time, { ...clockParts, day: "numeric", month: "short" });
}

/** `Thursday, 26 November 2026` */
export function dayText(time: string): string {
  return format(time, { dateStyle: "full" });
}

/** `Thu` */
export function dayNameText(time: string | number): string {
  return format(time, { weekday: "short" });
}

/** The instant itself, for titles. */
export function exactText(time: string): string {
  return `${time.replace("T", " ").replace("Z", "")} UTC`;
}

const units = [
  [86_400, "d"],
  [3_600, "h"],
  [60, "min"],
  [1, "s"],
] as const;

/** A duration in its two largest units; a number and its unit stay on one line. */
export function durationText(ms: number): string {
  if (ms < 0) return `−${durationText(-ms)}`;
  if (ms < 1) return ms === 0 ? "0\u00a0s" : `${Math.round(ms * 1000)}\u00a0µs`;
  if (ms < 1_000) return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)}\u00a0ms`;
  const seconds = ms / 1000;
  if (seconds < 60) return `${Number(seconds.toFixed(seconds < 10 ? 2 : 1))}\u00a0s`;
  const first = units.findIndex(([size]) => seconds >= size);
  const [bigSize, bigName] = units[first]!;
  const big = Math.floor(seconds / bigSize);
  const next = units[first + 1];
  const small = next === undefined ? 0 : Math.floor((seconds - big * bigSize) / next[0]);
  return small === 0 || next === undefined
    ? `${big}\u00a0${bigName}`
    : `${big}\u00a0${bigName} ${small}\u00a0${next[1]}`;
}

/** A duration in one unit, for columns: `22.7 h`. */
export function shortDuration(ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 1) return durationText(ms);
  const [size, name] = units.find(([size]) => seconds >= size) ?? [1, "s"];
  const value = seconds / size;
  return `${value < 100 ? Number(value.toFixed(1)) : Math.round(value)}\u00a0${name}`;
}

/** `12 s ago`, `in 40 s`. */
export function agoText(time: string, nowMs: number): string {
  const ms = nowMs - Date.parse(time);
  if (Math.abs(ms) < 1_000) return "now";
  const text = shortDuration(Math.round(Math.abs(ms) / 1000) * 1000);
  return ms < 0 ? `in ${text}` : `${text} ago`;
}

/** Made at their first use: a browser takes some 15 ms to load the rules of a language. */
let grouped: Intl.NumberFormat | undefined;
let compact: Intl.NumberFormat | undefined;

export function countText(count: number): string {
  grouped ??= new Intl.NumberFormat();
  return grouped.format(count);
}

/** `1.2M` for what has little room; exact below ten thousand. */
export function compactText(count: number): string {
  if (count < 10_000) return countText(count);
  compact ??= new Intl.NumberFormat(undefined, { notation: "compact", maximumFractionDigits: 1 });
  return compact.format(count);
}

export function bytesText(bytes: number): string {
  const names = ["B", "kB", "MB", "GB", "TB"];
  const step = bytes < 1000 ? 0 : Math.min(names.length - 1, Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1000 ** step;
  return `${step === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)}\u00a0${names[step]}`;
}

export function shareText(share: number): string {
  const percent = share * 100;
  return `${percent > 0 && percent < 1 ? percent.toFixed(1) : Math.round(percent)}\u00a0%`;
}
