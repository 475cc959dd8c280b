/**
 * The events by the protocol that they came by, and what became of them. Also notifies `Refusals`, so that a protocol which refuses
 * events says so once.
 */
import type { Protocol } from "../core/caller.ts";
import { MarsError } from "../core/error.ts";
import type { Refusals } from "../core/refusals.ts";
import type { DoorStats } from "../runtime/stats.ts";

interface Door {
  accepted: number;
  rejected: number;
  /** By the error's code. */
  readonly refused: Map<string, number>;
}

/** Counts are since the start. One entry for each protocol by which events have come. */
export class Doors {
  readonly #refusals: Refusals;
  readonly #doors = new Map<Protocol, Door>();

  constructor(refusals: Refusals) {
    this.#refusals = refusals;
  }

  /** Counts the events of an answered request, of which some of a batch may have been invalid. */
  answered(protocol: Protocol, accepted: number, rejected = 0): void {
    const door = this.#door(protocol);
    door.accepted += accepted;
    door.rejected += rejected;
  }

  /**
   * Counts a request of which no event was accepted. See `Refusals.refused`. Errors of RPC itself, of messages that cannot be
   * decoded or whose clients have gone, are counted by their codes with the calls (`call-counts.ts`).
   */
  refused(protocol: Protocol, error: unknown): void {
    this.#refusals.refused(error);
    if (!(error instanceof MarsError)) return;
    const { refused } = this.#door(protocol);
    refused.set(error.code, (refused.get(error.code) ?? 0) + 1);
  }

  get stats(): Readonly<Record<string, DoorStats>> {
    return Object.fromEntries(
      [...this.#doors].map(([protocol, { refused, ...counts }]) => [
        protocol,
        { ...counts, refused: Object.fromEntries(refused) },
      ]),
    );
  }

  #door(protocol: Protocol): Door {
    let door = this.#doors.get(protocol);
    if (door === undefined) {
      door = { accepted: 0, rejected: 0, refused: new Map() };
      this.#doors.set(protocol, door);
    }
    return door;
  }
}
