/** How many files and connections the system lets this process have open. */
import { readFileSync } from "node:fs";
import { readdir } from "node:fs/promises";

/** The soft limit, which Bun has raised as far as it may by now; infinite where the system does not say. */
export function descriptorsMax(
  limits: () => string = () => readFileSync("/proc/self/limits", "utf8"),
): number {
  try {
    const count = /^Max open files\s+(\d+)/m.exec(limits())?.[1];
    return count === undefined ? Number.POSITIVE_INFINITY : Number(count);
  } catch {
    // No Linux: its own limits are usually far away.
    return Number.POSITIVE_INFINITY;
  }
}

/** How many are open now; `undefined` where the system does not say. */
export async function openDescriptors(directory = "/proc/self/fd"): Promise<number | undefined> {
  try {
    // One of them is that of the directory itself.
    return (await readdir(directory)).length - 1;
  } catch {
    // No Linux.
    return undefined;
  }
}
