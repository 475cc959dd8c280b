/**
 * The log of callers that are refused for want of a key or of rights: one line for a caller and an action a minute, with their number.
 * Nothing of a request is in it.
 */
import type { Peer, Protocol } from "../core/caller.ts";
import { MarsError } from "../core/error.ts";
import type { Identity } from "../core/identity.ts";
import type { Log } from "../core/ports.ts";
import type { DenialStats } from "../runtime/stats.ts";

export interface DeniedCall {
  /** The name of an operation, or of what it tried otherwise: never a text of the caller's. */
  readonly action: string;
  readonly address: Peer["name"];
  readonly protocol: Protocol;
  /** Absent: not known. */
  readonly identity?: Identity | undefined;
  /** Of the request; of the last of several in one line. */
  readonly requestId?: string | undefined;
}

const everyMs = 60_000;
/** Callers with actions that are counted; beyond it the one that was denied first is forgotten. */
const countsMax = 1_000;

interface Count {
  loggedAt: number;
  /** Since then. */
  denied: number;
}

export class Denials {
  readonly #log: Pick<Log, "warn">;
  readonly #now: () => number;
  readonly #counts = new Map<string, Count>();
  #unauthenticated = 0;
  #forbidden = 0;

  /** @param now in milliseconds */
  constructor(log: Pick<Log, "warn">, now: () => number = () => performance.now()) {
    this.#log = log;
    this.#now = now;
  }

  get stats(): DenialStats {
    return { unauthenticated: this.#unauthenticated, permission_denied: this.#forbidden };
  }

  /** @param thrown anything but `unauthenticated` and `permission_denied` is no denial */
  note(thrown: unknown, call: () => DeniedCall): void {
    if (!(thrown instanceof MarsError)) return;
    const { code } = thrown;
    if (code === "unauthenticated") this.#unauthenticated += 1;
    else if (code === "permission_denied") this.#forbidden += 1;
    else return;
    const { action, address, protocol, identity, requestId } = call();
    const who = identity?.share ?? "unknown";
    const count = this.#count(`${who} ${address} ${action}`);
    count.denied += 1;
    const now = this.#now();
    if (now - count.loggedAt < everyMs) return;
    const fields = {
      who,
      name: identity?.name ?? "",
      address,
      protocol,
      action,
      code,
      count: count.denied,
      request_id: requestId,
    };
    this.#log.warn("access denied", { event: "access_denied", ...fields });
    count.loggedAt = now;
    count.denied = 0;
  }

  #count(name: string): Count {
    const known = this.#counts.get(name);
    if (known !== undefined) return known;
    const [oldest] = this.#counts.keys();
    if (oldest !== undefined && this.#counts.size >= countsMax) this.#counts.delete(oldest);
    const count = { loggedAt: Number.NEGATIVE_INFINITY, denied: 0 };
    this.#counts.set(name, count);
    return count;
  }
}
