/** Who asks: made at the door, and passed to whatever keeps shares between those who ask. */

export interface Peer {
  /** By which shares are counted: an address, or the network that one host commands. */
  readonly name: string;
  /** One of its connections; the same name for as long as that lasts. */
  readonly connection: string;
}

/** By which a caller speaks. `inside` is Mars itself. */
export type Protocol = "rest" | "connect" | "grpc-web" | "grpc" | "websocket" | "phoenix" | "sse" | "inside";

/** Made at each door, and handed in from there. */
export interface Caller {
  readonly peer: Peer;
  readonly protocol: Protocol;
  /** Aborts when nobody waits for the answer any more. */
  readonly signal?: AbortSignal;
}
