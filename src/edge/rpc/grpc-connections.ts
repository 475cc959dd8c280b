/**
 * Bounds how many connections of the gRPC port a peer may have. The cap is divided between peers (`runtime/shares.ts`); where a share
 * is full, a new connection evicts the one that has had no call for longest.
 */
import type { Connection } from "../../http2/connection.ts";
import type { Shares } from "../../runtime/shares.ts";
import { connectionPeer } from "./connection-peer.ts";

/** Whether a new connection may stay. */
export function admitConnections(shares: Shares): (connection: Connection) => boolean {
  return (connection) => {
    const lease = shares.take(connectionPeer(connection), {
      idleSince: () => connection.idleSince,
      evict: () => connection.destroy(),
    });
    if (lease === undefined) return false;
    connection.onClose(() => lease.release());
    return true;
  };
}
