/** Which collector a message belongs to. */
import type { MarsEvent, MessageKey } from "../core/event.ts";

/** The collector of each event, from 0. */
export type Partition = readonly number[];

/**
 * FNV-1a over the UTF-16 units of both ids: a message is always in the same collector, so its events are folded in one
 * place. Nothing on disk depends on it, and the number of collectors may change between runs.
 */
export function collectorOf({ appId, messageId }: MessageKey, collectors: number): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < appId.length; i++) hash = Math.imul(hash ^ appId.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ 0x100, 0x01000193);
  for (let i = 0; i < messageId.length; i++) hash = Math.imul(hash ^ messageId.charCodeAt(i), 0x01000193);
  return (hash >>> 0) % collectors;
}

/** Done once for each event: at its admission, or when it is read back from the journal. */
export function partition(events: readonly MarsEvent[], collectors: number): Partition {
  return events.map((event) => collectorOf(event, collectors));
}
