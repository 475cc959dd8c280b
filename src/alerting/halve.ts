/** What fails together is tried in halves, down to the one thing that is at fault. */
import { MarsError } from "../core/error.ts";

/** Whether a fault passes by itself, or is nothing that less input could mend; else it is of what was asked. */
export function passes(thrown: unknown): boolean {
  const { code, transient } = MarsError.from(thrown);
  return transient || code === "corrupt" || code === "fenced";
}

/**
 * Runs a step over all of the items, or over halves of them where that fails for good.
 *
 * @param failed called with the item that fails alone, and why
 * @returns whether any step has returned true
 * @throws what passes by itself
 */
export async function halve<T>(
  items: readonly T[],
  step: (part: readonly T[]) => Promise<boolean>,
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
    const first = await halve(items.slice(0, middle), step, failed);
    return (await halve(items.slice(middle), step, failed)) || first;
  }
}
