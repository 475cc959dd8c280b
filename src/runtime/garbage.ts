/** Garbage collection on demand. Runtimes agree on no name for it. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** Frees what a driver frees only then. Takes some ten milliseconds, in which the thread does nothing else. */
export const collectGarbage = createCollect();

/** The start of a thread is over by then. */
const startedMs = 1_000;

/**
 * Gives back what a thread has used for its start alone, a tenth of the memory of an idle Mars: without this it stays until the
 * heap has doubled.
 */
export function collectAfterStart(): void {
  setTimeout(collectGarbage, startedMs).unref();
}

function createCollect(): () => void {
  const { Bun: bun } = globalThis as { Bun?: { gc(synchronous: boolean): void } };
  if (bun !== undefined) return () => bun.gc(true);
  // V8's own, behind a flag of which it asks again for each new context.
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc") as () => void;
}
