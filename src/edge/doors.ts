/**
 * The events by the protocol that they came by, and what became of them. Also notifies `Refusals` and the log, so that no protocol
 * refuses events in silence.
 */
import type { Protocol } from "../core/caller.ts";
import { MarsError } from "../core/error.ts";
import type { Refusals } from "../core/refusals.ts";
import type { DoorStats } from "../runtime/stats.ts";
import type { RefusalLog } from "./refusal-log.ts";

/** A protocol, or a format of others that comes by one. */
export type DoorName = Protocol | "otlp" | "cloudevents" | "segment" | "source";

interface Door {
  accepted: number;
  rejected: number;
  /** Of the rejected ones, where the format has reasons of its own. */
  readonly reasons: Map<string, number>;
  /** By the error's code. */
  readonly refused: Map<string, number>;
}

/** Counts are since the start. One entry for each protocol by which events have come. */
export class Doors {
  readonly #refusals: Refusals;
  readonly #log: RefusalLog;
  readonly #doors = new Map<DoorName, Door>();

  constructor(refusals: Refusals, log: RefusalLog) {
    this.#refusals = refusals;
    this.#log = log;
  }

  /**
   * Counts the events of an answered request, of which some of a batch may have been invalid.
   *
   * @param reasons from a short list, with the number of records for each
   */
  answered(name: DoorName, accepted: number, rejected = 0, reasons?: ReadonlyMap<string, number>): void {
    const door = this.#door(name);
    door.accepted += accepted;
    door.rejected += rejected;
    if (reasons === undefined) this.#log.events(name, "invalid_argument", rejected);
    for (const [reason, count] of reasons ?? []) {
      door.reasons.set(reason, (door.reasons.get(reason) ?? 0) + count);
      this.#log.events(name, reason, count);
    }
  }

  /**
   * Counts a request of which no event was accepted. See `Refusals.refused`. Errors of RPC itself, of messages that cannot be
   * decoded or whose clients have gone, are counted by their codes with the calls (`call-counts.ts`).
   *
   * @param requestId as in its answer, for the log
   */
  refused(name: DoorName, error: unknown, requestId?: string): void {
    this.#refusals.refused(error);
    this.#log.request(name, error, requestId);
    if (!(error instanceof MarsError)) return;
    const { refused } = this.#door(name);
    refused.set(error.code, (refused.get(error.code) ?? 0) + 1);
  }

  get stats(): Readonly<Record<string, DoorStats>> {
    return Object.fromEntries(
      [...this.#doors].map(([name, { refused, reasons, ...counts }]) => [
        name,
        { ...counts, reasons: Object.fromEntries(reasons), refused: Object.fromEntries(refused) },
      ]),
    );
  }

  #door(name: DoorName): Door {
    let door = this.#doors.get(name);
    if (door === undefined) {
      door = { accepted: 0, rejected: 0, reasons: new Map(), refused: new Map() };
      this.#doors.set(name, door);
    }
    return door;
  }
}
