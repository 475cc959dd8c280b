/** The range of time of a screen, in the address: `range=24h` to now, or `since=…&until=…`. */
import { nowMs } from "./clock.ts";
import { here, parameter } from "./route.ts";
import { momentText } from "./text.ts";

export const ranges = ["15m", "1h", "6h", "24h", "7d", "30d"] as const;

const unitMs: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

export interface Range {
  /** Absent for one with two ends. */
  readonly last?: string;
  readonly since: string;
  /** Absent: up to now. */
  readonly until?: string;
}

function lengthMs(text: string): number {
  const [, count, unit = ""] = /^(\d+)([mhd])$/.exec(text) ?? [];
  return Number(count ?? 24) * (unitMs[unit] ?? 3_600_000);
}

/** @param fallback the range where the address has none */
export function rangeOf(fallback: string): Range {
  const [since, until] = [parameter("since"), parameter("until")];
  if (since !== undefined && !Number.isNaN(Date.parse(since)))
    return { since, ...(until !== undefined && { until }) };
  const last = parameter("range") ?? fallback;
  return { last, since: sinceOf(last) };
}

/** Rounded, so that a read of the same range has the same key for a while. */
function sinceOf(last: string): string {
  const length = lengthMs(last);
  const step = Math.max(10_000, length / 240);
  return new Date(Math.floor((nowMs() - length) / step) * step).toISOString();
}

export function rangeAddress(last: string): string {
  return here({ range: last, since: undefined, until: undefined, cursor: undefined });
}

export function rangeText({ last, since, until }: Range): string {
  if (last !== undefined) return `last ${last}`;
  return `${momentText(since)} – ${until === undefined ? "now" : momentText(until)}`;
}
