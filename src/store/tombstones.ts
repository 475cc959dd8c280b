/**
 * Tombstones of messages that retention has deleted. A report that comes late for one of them is stored, as a message of its
 * own, and no life begins with it: its stages of long ago are not missing. Kept as long again as the message was.
 */
import { createHash } from "node:crypto";
import type { InStatement } from "@libsql/client";
import type { Micros } from "../event/event.ts";

/** 48 bits; NUL occurs in no id. */
export function messageHash(appId: string, messageId: string): number {
  return createHash("sha256").update(`${appId}\0${messageId}`).digest().readUIntBE(0, 6);
}

/** Buries those of the messages that are in `remains`. @param hashes the message's number and its hash */
export function buryMessages(hashes: readonly (readonly number[])[], elapsed: Micros): InStatement {
  return {
    sql: `INSERT OR REPLACE INTO tombstones (hash, elapsed)
      SELECT value ->> 1, ?2 FROM json_each(?1) WHERE value ->> 0 IN (SELECT message FROM remains)`,
    args: [JSON.stringify(hashes), elapsed],
  };
}

export function forgetTombstones(before: Micros): InStatement {
  return { sql: "DELETE FROM tombstones WHERE elapsed < ?", args: [before] };
}
