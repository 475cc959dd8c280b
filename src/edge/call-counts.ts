/**
 * The calls of both ports by how they ended, and how long they took until the head of their answers.
 *
 * Bound: one entry for each route and each RPC that the code names, with a handful of outcomes; what is at no route has one entry
 * together.
 */

import { Timing } from "../core/timing.ts";
import type { CallsStats } from "../runtime/stats.ts";

/** The calls of one route or RPC. */
export class Calls {
  readonly #ended = new Map<string, number>();
  readonly #times = new Timing();

  /**
   * @param outcome from a short list: a class of status codes, or the name of an RPC's code
   * @param tookMs absent for a stream, which its client ends
   */
  ended(outcome: string, tookMs?: number): void {
    this.#ended.set(outcome, (this.#ended.get(outcome) ?? 0) + 1);
    if (tookMs !== undefined) this.#times.observe(tookMs);
  }

  get stats(): CallsStats {
    return { ended: Object.fromEntries(this.#ended), times: this.#times.stats };
  }
}

export class CallCounts {
  readonly #http = new Map<string, Calls>();
  readonly #rpc = new Map<string, Calls>();

  /** @param call method and route, such as `GET /api/apps/:app_id` */
  http(call: string): Calls {
    return entryOf(this.#http, call);
  }

  /** Of the gRPC port. @param method such as `mars.v1.IngestService/CollectEvent` */
  rpc(method: string): Calls {
    return entryOf(this.#rpc, method);
  }

  get stats(): Readonly<Record<"http" | "rpc", Readonly<Record<string, CallsStats>>>> {
    return { http: statsOf(this.#http), rpc: statsOf(this.#rpc) };
  }
}

// Made once: the hot calls ask for one each.
const classes = ["", "1xx", "2xx", "3xx", "4xx", "5xx"];

/** `404` → `4xx` */
export function statusClass(status: number): string {
  return classes[Math.floor(status / 100)] ?? "other";
}

function entryOf(map: Map<string, Calls>, key: string): Calls {
  let calls = map.get(key);
  if (calls === undefined) {
    calls = new Calls();
    map.set(key, calls);
  }
  return calls;
}

function statsOf(map: ReadonlyMap<string, Calls>): Record<string, CallsStats> {
  return Object.fromEntries([...map].map(([key, calls]) => [key, calls.stats]));
}
