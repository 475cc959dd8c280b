/**
 * Logs that events are refused: by protocol and reason, the first at once and then one line a minute, with the number since the line
 * before. So a producer that sends what is invalid is found without a line for each of its requests.
 */
import { MarsError } from "../core/error.ts";
import type { Log } from "../core/ports.ts";

const logEveryMs = 60_000;
/** These have lines of their own (`Denials`). */
const loggedElsewhere: ReadonlySet<string> = new Set(["unauthenticated", "permission_denied"]);

interface Line {
  loggedAt: number;
  /** Since the last line. */
  refused: number;
}

/** Holds one entry for each protocol and reason: both are from short lists. */
export class RefusalLog {
  readonly #log: Pick<Log, "warn">;
  readonly #now: () => number;
  readonly #lines = new Map<string, Line>();

  /** @param now in milliseconds, of a clock that never goes back */
  constructor(log: Pick<Log, "warn">, now: () => number = () => performance.now()) {
    this.#log = log;
    this.#now = now;
  }

  /** A request of which no event was accepted. */
  request(door: string, error: unknown, requestId?: string): void {
    if (!(error instanceof MarsError) || loggedElsewhere.has(error.code)) return;
    const id = requestId === undefined ? {} : { request_id: requestId };
    this.#note(door, error.code, 1, { ...id, detail: error.message });
  }

  /** @param count of events of a request whose other events were accepted */
  events(door: string, reason: string, count: number): void {
    if (count > 0) this.#note(door, reason, count);
  }

  /** @param about the request of the line */
  #note(door: string, reason: string, count: number, about: Readonly<Record<string, string>> = {}): void {
    const key = `${door} ${reason}`;
    const line = this.#lines.get(key) ?? { loggedAt: Number.NEGATIVE_INFINITY, refused: 0 };
    this.#lines.set(key, line);
    line.refused += count;
    const now = this.#now();
    if (now - line.loggedAt < logEveryMs) return;
    this.#log.warn("events refused", {
      event: "events_refused",
      door,
      reason,
      refused: line.refused,
      ...about,
    });
    line.loggedAt = now;
    line.refused = 0;
  }
}
