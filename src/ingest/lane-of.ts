/** Which lane a message belongs to. */
import type { MessageKey } from "../core/event.ts";

/**
 * FNV-1a over the UTF-16 units of both ids: the same message is always in the same lane, so its events are folded in
 * one place. Nothing on disk depends on it, and the number of lanes may change between runs.
 */
export function laneOf(key: MessageKey, lanes: number): number {
  let hash = 0x811c9dc5;
  const { appId, messageId } = key;
  for (let i = 0; i < appId.length; i++) hash = Math.imul(hash ^ appId.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ 0x100, 0x01000193);
  for (let i = 0; i < messageId.length; i++) hash = Math.imul(hash ^ messageId.charCodeAt(i), 0x01000193);
  return (hash >>> 0) % lanes;
}
