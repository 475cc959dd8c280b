/** Parts of texts for people. */
import type { Micros } from "../core/event.ts";
import { formatTime } from "../core/time.ts";
import type { Incident } from "./incident.ts";

/** Characters of an app's or stage's name that are shown. */
export const nameCharsMax = 100;

export function hopText({ after, stage }: Pick<Incident, "after" | "stage">): string {
  const name = shown(stage, nameCharsMax);
  return after === "" ? name : `${shown(after, nameCharsMax)} → ${name}`;
}

/** The minute, and the day where it is another one. */
export function timeText(at: Micros, clock: Micros): string {
  const time = formatTime(at);
  const day = time.slice(0, 10);
  const minute = `${time.slice(11, 16)} UTC`;
  return day === formatTime(clock).slice(0, 10) ? minute : `${day} ${minute}`;
}

const units = [
  ["d", 86_400],
  ["h", 3_600],
  ["m", 60],
  ["s", 1],
] as const;

/** In its two largest units: `4 m 10 s`. */
export function durationText(duration: Micros): string {
  if (duration < 1_000_000) return `${Math.max(0, Math.round(duration / 1_000))} ms`;
  let rest = Math.floor(duration / 1_000_000);
  const parts: string[] = [];
  for (const [unit, seconds] of units) {
    const count = Math.floor(rest / seconds);
    rest -= count * seconds;
    if (count > 0) parts.push(`${count} ${unit}`);
    // A unit after one that is zero is too small to matter.
    else if (parts.length > 0) break;
    if (parts.length === 2) break;
  }
  return parts.join(" ");
}

/** One line: names and ids may hold any character. */
export function shown(text: string, charsMax: number): string {
  const line = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, " ");
  const chars = [...line];
  return chars.length <= charsMax ? line : `${chars.slice(0, charsMax - 1).join("")}…`;
}
