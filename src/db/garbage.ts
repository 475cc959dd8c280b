/** Garbage collection on demand, for what a driver frees only then. Runtimes agree on no name for it. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

export const collectGarbage = createCollect();

function createCollect(): () => void {
  const { Bun: bun } = globalThis as { Bun?: { gc(synchronous: boolean): void } };
  if (bun !== undefined) return () => bun.gc(true);
  // V8's own, behind a flag of which it asks again for each new context.
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc") as () => void;
}
