/** The JSON form of a key: the same in answers and in the audit. Its text and its hashes are nowhere in it. */
import { limitsToJson } from "../core/caller-limits.ts";
import type { Micros } from "../core/event.ts";
import { formatTime, nowMicros } from "../core/time.ts";
import type { Key } from "./key.ts";

export function keyToJson({ previous, ...key }: Key) {
  const previousUntil = previous !== undefined && previous.until > nowMicros() ? previous.until : 0;
  return {
    id: key.id,
    kind: key.kind,
    apps: [...key.apps],
    name: key.name,
    shown: key.shown,
    created_at: formatTime(key.createdAt),
    expires_at: timeOrNull(key.expiresAt),
    last_used_at: timeOrNull(key.lastUsedAt),
    previous_until: timeOrNull(previousUntil),
    limits: limitsToJson(key.limits),
  };
}

/** 0 is none. */
function timeOrNull(at: Micros): string | null {
  return at === 0 ? null : formatTime(at);
}
