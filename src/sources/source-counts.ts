/** What has become of each source's deliveries, since the start. Bound: an entry for each source, `sourcesMax` at most. */

import type { SourceStats } from "../core/source-stats.ts";
import { formatTime, nowMicros } from "../core/time.ts";

type Ending = keyof SourceStats["deliveries"];

/** For health: faults of this long ago. */
const latelyMs = 300_000;

interface Counts {
  readonly deliveries: Record<Ending, number>;
  events: number;
  dropped: number;
  notKept: number;
  lastAt: number;
  lastError: string;
  lastErrorAt: number;
  /** The last one that is a fault of the mapping, and not of a stranger. */
  faultAt: number;
}

export class SourceCounts {
  readonly #counts = new Map<string, Counts>();

  ended(id: string, ending: Ending, { events = 0, dropped = 0, reason = "" } = {}): void {
    const counts = this.#of(id);
    const now = nowMicros();
    counts.deliveries[ending] += 1;
    counts.events += events;
    counts.dropped += dropped;
    if (ending !== "unverified") counts.lastAt = now;
    if (reason === "" || ending === "accepted" || ending === "ignored") return;
    counts.lastError = reason;
    counts.lastErrorAt = now;
    if (ending !== "unverified") counts.faultAt = now;
  }

  notKept(id: string): void {
    this.#of(id).notKept += 1;
  }

  forget(id: string): void {
    this.#counts.delete(id);
  }

  of(id: string): SourceStats {
    const { deliveries, events, dropped, notKept, lastAt, lastError, lastErrorAt } =
      this.#counts.get(id) ?? fresh();
    return {
      deliveries: { ...deliveries },
      events,
      dropped,
      not_kept: notKept,
      last_at: timeText(lastAt),
      last_error: lastError,
      last_error_at: timeText(lastErrorAt),
    };
  }

  /** A sentence for each source whose deliveries were lately not mapped as they should be. */
  warnings(): string[] {
    const since = nowMicros() - latelyMs * 1_000;
    return [...this.#counts]
      .filter(([, { faultAt }]) => faultAt > since)
      .map(([id, { lastError }]) => `deliveries of the source ${id} are not all mapped: ${lastError}`);
  }

  #of(id: string): Counts {
    let counts = this.#counts.get(id);
    if (counts === undefined) {
      counts = fresh();
      this.#counts.set(id, counts);
    }
    return counts;
  }
}

function fresh(): Counts {
  return {
    deliveries: { accepted: 0, partly: 0, ignored: 0, rejected: 0, failed: 0, unverified: 0, late: 0 },
    events: 0,
    dropped: 0,
    notKept: 0,
    lastAt: 0,
    lastError: "",
    lastErrorAt: 0,
    faultAt: 0,
  };
}

function timeText(at: number): string {
  return at === 0 ? "" : formatTime(at);
}
