/** A word on keys that end soon, for those who look after Mars: their callers are refused then. */
import type { Micros } from "../core/event.ts";
import { formatTime } from "../core/time.ts";
import type { Key } from "./key.ts";

const day = 86_400_000_000;
const soonMicros = 7 * day;
/** One that is made for less is meant to end. */
const lifeMicrosMin = 14 * day;

/** One sentence, or none. @param keys at most `keysMax` */
export function endingKeys(keys: Iterable<Key>, now: Micros): string[] {
  let count = 0;
  let first: Key | undefined;
  for (const key of keys) {
    const { createdAt, expiresAt } = key;
    if (expiresAt <= now || expiresAt > now + soonMicros || expiresAt - createdAt < lifeMicrosMin) continue;
    count += 1;
    if (first === undefined || expiresAt < first.expiresAt) first = key;
  }
  if (first === undefined) return [];
  const what = count === 1 ? "1 key ends" : `${count} keys end`;
  return [`${what} within 7 days, the first is ${first.id}, at ${formatTime(first.expiresAt)}`];
}
