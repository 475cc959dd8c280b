/**
 * Frames, encoded once for all subscribers of a topic. The hub offers every one of them the same array of items, and the
 * frames of an array live as long as the array does.
 */
/** @returns the frames of items for subscribers that spell the topic `name` */
export type Frames<Item> = (name: string, items: readonly Item[]) => readonly string[];

/** @param encode makes the frame of one item for subscribers that spell the topic `name` */
export function createFrameCache<Item>(encode: (name: string, item: Item) => string): Frames<Item> {
  // By name too: a topic can be spelt in more than one way, and each client sees its own spelling.
  const cache = new WeakMap<readonly Item[], Map<string, readonly string[]>>();
  return (name, items) => {
    let byName = cache.get(items);
    if (byName === undefined) {
      byName = new Map();
      cache.set(items, byName);
    }
    let frames = byName.get(name);
    if (frames === undefined) {
      frames = items.map((item) => encode(name, item));
      byName.set(name, frames);
    }
    return frames;
  };
}
