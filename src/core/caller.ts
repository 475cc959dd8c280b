/** The caller of an operation: created by the protocol's server, and passed to everything that divides a bound between callers. */
import type { CallerLimits } from "./caller-limits.ts";
import type { Identity } from "./identity.ts";
import type { OpenSpan } from "./spans.ts";

export interface Peer {
  /** Shares are counted by it: a key, or without one an address, or the network that one host controls. */
  readonly name: string;
  /** One connection of the peer; the same name while it is open. */
  readonly connection: string;
  /** Of its key; else those of the settings. */
  readonly limits?: CallerLimits | undefined;
}

/** The caller's protocol. `inside` is Mars itself. */
export type Protocol = "rest" | "connect" | "grpc-web" | "grpc" | "websocket" | "phoenix" | "sse" | "inside";

/** Created by each protocol's server, and passed down from there. */
export interface Caller {
  readonly peer: Peer;
  readonly identity: Identity;
  /** Its address, for the audit. */
  readonly address: string;
  readonly protocol: Protocol;
  /** The trace of the request, which its events have that come without one of their own: see `traceparent.ts`. */
  readonly traceparent?: string | undefined;
  /** Of the request, where its spans are sent. */
  readonly span?: OpenSpan | undefined;
  /** Aborts when the answer is no longer needed. */
  readonly signal?: AbortSignal;
}
