/** Makes the caller of a request, a call or a socket: who it is, by what it sent, and where it calls from. */
import type { Access, Credentials, Use } from "../access/access.ts";
import type { Caller, Peer, Protocol } from "../core/caller.ts";
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
  const peer = identity.anonymous ? address : { name: identity.share, connection };
  return { identity, peer, address: name, protocol };
}
