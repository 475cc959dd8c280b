/** The last deliveries of a source, kept as they came: to see what is wrong, and to map them again when that is corrected. */
import type { Micros } from "../core/event.ts";

/** Of one source: how many, and bytes of all together. A larger body is not kept. */
export const keptMax = 100;
export const keptBytesMax = 4 * 1024 * 1024;
/** Milliseconds. They have all that the sender has sent, more than events have. */
export const keptMsMax = 7 * 86_400_000;

/**
 * `accepted`: all of its items are events. `partly`: some. `ignored`: none, and the sender was answered with success. `rejected`: refused
 * by `otherwise`. `failed`: it could not be read or mapped in time.
 */
export const outcomes = ["accepted", "partly", "ignored", "rejected", "failed"] as const;
export type Outcome = (typeof outcomes)[number];

/** What became of a delivery. */
export interface DeliveryDetail {
  readonly outcome: Outcome;
  readonly items: number;
  /** How many events. */
  readonly events: number;
  /** Why not more; empty where there is nothing to say. */
  readonly reason: string;
  /** Without those that are secrets. */
  readonly headers: Readonly<Record<string, string>>;
  /** Of the last replay; absent: none. */
  readonly replayedAt?: Micros;
}

export interface NewKeptDelivery {
  readonly source: string;
  /** The one app that it may have events of; empty for several. */
  readonly appId: string;
  readonly receivedAt: Micros;
  readonly detail: DeliveryDetail;
  readonly body: Uint8Array;
}

export interface KeptDelivery extends Omit<NewKeptDelivery, "source" | "appId"> {
  readonly id: number;
}

/** Headers that are kept: of all together so many bytes. */
const headersBytesMax = 8 * 1024;
const secretHeaders: ReadonlySet<string> = new Set([
  "authorization",
  "proxy-authorization",
  "cookie",
  "x-gitlab-token",
]);
/** Of the connection, and of no use to rules. */
const connectionHeaders: ReadonlySet<string> = new Set([
  ...["host", "connection", "content-length", "transfer-encoding", "accept-encoding", "content-encoding"],
]);

/** The headers that rules may read and that are kept. @param tokenHeader the one that has the source's own secret */
export function readableHeaders(
  headers: Iterable<readonly [string, string]>,
  tokenHeader?: string,
): Record<string, string> {
  const readable: Record<string, string> = {};
  let left = headersBytesMax;
  for (const [name, value] of headers) {
    const folded = name.toLowerCase();
    if (secretHeaders.has(folded) || connectionHeaders.has(folded) || folded === tokenHeader) continue;
    left -= folded.length + value.length;
    if (left < 0) break;
    readable[folded] = value;
  }
  return readable;
}
