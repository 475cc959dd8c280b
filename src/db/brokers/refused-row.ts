/** A refused message as a row. */
import type { Row } from "@libsql/client";
import type { KeptMessage } from "../../core/broker-collector.ts";
import { parseObject } from "../read-connection.ts";

export function refusedOf(row: Row): KeptMessage {
  return {
    id: Number(row.id),
    collector: String(row.collector),
    position: String(row.position),
    at: Number(row.at),
    ...(row.broker_at !== null && { brokerAt: Number(row.broker_at) }),
    eventId: String(row.event_id),
    reason: String(row.reason),
    body: bytesOf(row.body),
    bytes: Number(row.body_bytes),
    headers: parseObject<Record<string, string>>(row.headers),
    appId: String(row.app_id),
  };
}

/** The driver has blobs as buffers; another thread's come as plain arrays of bytes. */
function bytesOf(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value;
  return value instanceof ArrayBuffer ? new Uint8Array(value) : new Uint8Array();
}
