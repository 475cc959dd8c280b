/** Finds the items that a step fails by: a step that fails is tried again with halves of its items. */
import { MarsError } from "../core/error.ts";

/** Whether a fault passes by itself, or is one that fewer items could not mend; any other fault is of an item. */
export function passes(thrown: unknown): boolean {
  const { code, transient } = MarsError.from(thrown);
  return transient || code === "corrupt" || code === "fenced";
}

/**
 * Runs a step over all of the items, or over halves of them where that fails for good.
 *
 * @param failed called with an item that fails alone, and the fault
 * @returns whether any step has returned true
 * @throws a fault that passes by itself
 */
export async function bisect<T>(
  items: readonly T[],
  step: (half: readonly T[]) => Promise<boolean>,
  failed: (item: T, thrown: unknown) => void,
): Promise<boolean> {
  try {
    return await step(items);
  } catch (thrown) {
    if (passes(thrown)) throw thrown;
    if (items.length === 1) {
      failed(items[0]!, thrown);
      return false;
    }
    const middle = items.length >> 1;
    const first = await bisect(items.slice(0, middle), step, failed);
    return (await bisect(items.slice(middle), step, failed)) || first;
  }
}
