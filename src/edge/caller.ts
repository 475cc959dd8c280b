/** Makes the caller of a request, a call or a socket: who it is, by what it sent, and where it calls from. */
import type { Access, Credentials, Use } from "../access/access.ts";
import type { Caller, Peer, Protocol } from "../core/caller.ts";
import type { CallerLimits } from "../core/caller-limits.ts";
import type { Identity } from "../core/identity.ts";

/** How the protocols learn who calls. */
export type Identify = Pick<Access, "identify" | "identifyToken" | "identifyTicket">;

/** @throws `MarsError` as `Access.identify` does */
export function identifyCaller(
  access: Identify,
  credentials: Credentials,
  address: Peer,
  protocol: Protocol,
  use: Use,
): Caller {
  return callerAs(access.identify(credentials, use), address, protocol);
}

/** A caller with a key is one peer wherever it calls from, with all of its sessions; others are divided by their addresses. */
export function callerAs(identity: Identity, address: Peer, protocol: Protocol): Caller {
  const { name, connection } = address;
  const peer = identity.anonymous ? address : new KeyPeer(identity, connection);
  return { identity, peer, address: name, protocol };
}

const keyPeers = new WeakMap<Identity, Peer>();

/** The peer of a caller with a key where the connection does not matter: the same one for all of its requests. */
export function peerOfKey(identity: Identity): Peer {
  let peer = keyPeers.get(identity);
  if (peer === undefined) {
    peer = new KeyPeer(identity, identity.share);
    keyPeers.set(identity, peer);
  }
  return peer;
}

class KeyPeer implements Peer {
  readonly name: string;
  readonly connection: string;
  readonly #identity: Identity;

  constructor(identity: Identity, connection: string) {
    this.name = identity.share;
    this.connection = connection;
    this.#identity = identity;
  }

  /** Those of now: a connection may be older than they are. */
  get limits(): CallerLimits | undefined {
    return this.#identity.limits;
  }
}
