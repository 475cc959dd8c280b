/**
 * Frames are made once for all who follow a topic: the hub hands every one of them the same array of events, and what
 * was made of it lives as long as the array does.
 */
import type { SequencedEvent } from "../event/event.ts";

/** @param encode makes the frame of one event for those who know the topic by `name` */
export function createFrameCache(
  encode: (name: string, event: SequencedEvent) => string,
): (name: string, events: readonly SequencedEvent[]) => readonly string[] {
  // By name too: a topic can be spelt in more than one way, and each client sees its own spelling.
  const cache = new WeakMap<readonly SequencedEvent[], Map<string, readonly string[]>>();
  return (name, events) => {
    let byName = cache.get(events);
    if (byName === undefined) {
      byName = new Map();
      cache.set(events, byName);
    }
    let frames = byName.get(name);
    if (frames === undefined) {
      frames = events.map((event) => encode(name, event));
      byName.set(name, frames);
    }
    return frames;
  };
}
