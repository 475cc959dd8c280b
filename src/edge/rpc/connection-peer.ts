/** The other end of a connection of the gRPC port. A file of its own: a start needs it, and not what the calls need. */
import type { Peer } from "../../core/caller.ts";
import type { Connection } from "../../http2/connection.ts";
import { peerOf } from "../peer.ts";

const peers = new WeakMap<Connection, Peer>();

/** Determined once for each connection. */
export function connectionPeer(connection: Connection): Peer {
  const known = peers.get(connection);
  if (known !== undefined) return known;
  const { remoteAddress, remotePort } = connection.transport;
  const peer = peerOf(remoteAddress, remotePort);
  peers.set(connection, peer);
  return peer;
}
