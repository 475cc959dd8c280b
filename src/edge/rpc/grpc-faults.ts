/** Logs the connections of the gRPC port that end by their clients' faults. Each harms only itself. */
import type { Log } from "../../core/ports.ts";
import type { Connection } from "../../http2/connection.ts";
import { type ConnectionError, ErrorCode } from "../../http2/errors.ts";
import { connectionPeer } from "./connection-peer.ts";

/** A warning comes at most so often: its client may connect again and again. */
const everyMs = 60_000;

/** @returns to be called with each fault */
export function logFaults(log: Log): (fault: ConnectionError, connection: Connection) => void {
  let warnedAt = Number.NEGATIVE_INFINITY;
  /** Since the last warning. */
  let count = 0;
  return ({ code, message }, connection) => {
    const peer = connectionPeer(connection).name;
    log.debug("grpc connection failed", { event: "grpc_connection_failed", peer, error: message });
    if (code !== ErrorCode.enhanceYourCalm) return;
    count += 1;
    const now = performance.now();
    if (now - warnedAt < everyMs) return;
    log.warn("grpc clients were disconnected, for they cost much and bring nothing", {
      ...{ event: "grpc_client_ended", peer, error: message, count },
    });
    warnedAt = now;
    count = 0;
  };
}
