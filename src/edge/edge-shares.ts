/** The caps of all protocols, each divided between peers; `runtime/shares.ts` has the rule for a peer's share. */
import type { Peer } from "../core/caller.ts";
import { type CallerLimits, type ShareLimit, shareLimit } from "../core/caller-limits.ts";
import type { Log } from "../core/ports.ts";
import { FairQueue } from "../runtime/fair-queue.ts";
import { Shares, type SharesStats } from "../runtime/shares.ts";

const maxima = {
  /** Connections of the gRPC port. */
  grpc_connections: 4_096,
  /** Requests and calls under way, of both ports; on the gRPC port streams too. */
  requests: 32_768,
  /** WebSockets. */
  sockets: 20_000,
  /** WebSockets, event streams and streaming calls. */
  streams: 40_000,
  /** Subscriptions, all protocols together. */
  subscriptions: 100_000,
  /** Requests that wait for `min_seq`. */
  min_seq_waits: 10_000,
  /** Tests of a sink. */
  sink_tests: 8,
} as const;

/**
 * The queue of changes of lifecycles, rules, sinks and silences, which hold up the store and the evaluator while they run.
 */
export function createChanges(): FairQueue {
  return new FairQueue({ what: "changes", activeMax: 2, waitingMax: 256, waitMs: 10_000 });
}

const warnEveryMs = 60_000;

export type ShareName = keyof typeof maxima;
export type EdgeShares = Readonly<Record<ShareName, Shares>>;

/** The fraction of all file descriptors that a cap may take; the rest is for the journal and the database. */
const descriptorFractions: Readonly<Partial<Record<ShareName, number>>> = {
  grpc_connections: 0.25,
  sockets: 0.5,
};

export interface EdgeSharesOptions {
  /** Called when a peer is refused one. */
  readonly onRefused?: (name: ShareName, peer: Peer) => void;
  /** Those that the process may have. */
  readonly descriptors?: number;
  /** Of callers whose key has none of its own. */
  readonly limits?: CallerLimits;
}

/** The caps of which a caller may have a limit of its own. */
const limited: ReadonlySet<string> = new Set(["requests", "streams", "subscriptions"] satisfies ShareLimit[]);

export function createEdgeShares({
  onRefused = () => undefined,
  descriptors = Number.POSITIVE_INFINITY,
  limits = {},
}: EdgeSharesOptions = {}): EdgeShares {
  const names = Object.keys(maxima) as ShareName[];
  const entries = names.map((name): [ShareName, Shares] => {
    const fraction = descriptorFractions[name];
    const max =
      fraction === undefined ? maxima[name] : Math.min(maxima[name], Math.floor(descriptors * fraction));
    const limit = limited.has(name) && {
      limit: { name, of: (peer: Peer) => shareLimit(name as ShareLimit, peer.limits, limits) },
    };
    return [name, new Shares({ max, ...limit, onRefused: (peer) => onRefused(name, peer) })];
  });
  return Object.fromEntries(entries) as Record<ShareName, Shares>;
}

/** For `GET /api/q/stats`. */
export function statsOf(shares: EdgeShares): Readonly<Record<ShareName, SharesStats>> {
  const entries = Object.entries(shares).map(([name, share]) => [name, share.stats]);
  return Object.fromEntries(entries) as Record<ShareName, SharesStats>;
}

/** Logs when a cap starts to refuse, and once a minute while it does. */
export function warnOfRefusals(log: Pick<Log, "warn">): (name: string, peer: Peer) => void {
  const loggedAt = new Map<string, number>();
  return (name, peer) => {
    const now = performance.now();
    if (now - (loggedAt.get(name) ?? Number.NEGATIVE_INFINITY) < warnEveryMs) return;
    loggedAt.set(name, now);
    log.warn("share used up, refusing", { event: "share_refused", share: name, peer: peer.name });
  };
}
