/** Times in which a step of the demo's services stands still, and what waited goes on in order afterwards. */

const minute = 60_000;
const hour = 60 * minute;

export interface Outage {
  readonly appId: string;
  /** The events that do not come meanwhile. */
  readonly events: readonly string[];
  /** Only messages whose first event has this attribute; all where absent. */
  readonly where?: { readonly attribute: string; readonly value: string };
  readonly fromMs: number;
  readonly untilMs: number;
  /** Services that try again say so, about so often. */
  readonly retries?: { readonly event: string; readonly everyMs: number; readonly error: string };
}

/** Of how much of the demo's past. */
export interface Past {
  readonly startMs: number;
  readonly days: number;
}

/** In the busiest hour of the past day that ended long enough ago for all to have recovered: the queue of notifications. */
export function pastOutages({ startMs, days }: Past, busyness: (atMs: number) => number): Outage[] {
  let fromMs = startMs - 2 * hour;
  for (let hours = 3; hours <= 22; hours++) {
    const other = startMs - hours * hour;
    if (busyness(other) > busyness(fromMs)) fromMs = other;
  }
  const queue = {
    appId: "notifications",
    events: ["SENT_SMS", "SENT_PUSH"],
    fromMs,
    untilMs: fromMs + 10 * minute,
  };
  if (days < 3) return [queue];
  const [depotMs, bankMs] = [startMs - 44 * hour, startMs - 29 * hour];
  return [
    queue,
    {
      appId: "parcel-tracking",
      events: ["AT_DEPOT"],
      where: { attribute: "carrier", value: "cargo" },
      fromMs: depotMs,
      untilMs: depotMs + 5 * hour,
    },
    {
      appId: "payments",
      events: ["AUTHORISED"],
      where: { attribute: "method", value: "wallet" },
      fromMs: bankMs,
      untilMs: bankMs + 25 * minute,
    },
  ];
}

const firstAfterMs = minute;
const lengthMs = 3 * minute;
const everyMs = 20 * minute;

/** The one around or after `atMs` while the demo is live: a carrier of text messages, a minute after the start and again every 20. */
export function liveOutage(startMs: number, atMs: number): Outage {
  const round = Math.floor(Math.max(0, atMs - startMs) / everyMs);
  const fromMs = startMs + round * everyMs + firstAfterMs;
  return {
    appId: "notifications",
    events: ["SENT_SMS"],
    where: { attribute: "carrier", value: "northtel" },
    fromMs,
    untilMs: fromMs + lengthMs,
    retries: { event: "SEND_RETRIED", everyMs: 30_000, error: "no answer from northtel" },
  };
}

/** Whether what would be made at `atMs` has to wait. */
export function holds(
  { events, where, fromMs, untilMs }: Outage,
  event: string,
  atMs: number,
  attributes: Readonly<Record<string, unknown>>,
): boolean {
  return (
    atMs >= fromMs &&
    atMs < untilMs &&
    events.includes(event) &&
    (where === undefined || attributes[where.attribute] === where.value)
  );
}

/** When what would have been made at `atMs` is made: what waited goes on in order, ten times as fast. */
export function goesOnAt(atMs: number, { fromMs, untilMs }: Outage): number {
  return untilMs + (atMs - fromMs) / 10;
}
