/** Garbage collection on demand, for what a driver frees only then. The one thing here that a runtime must provide. */
export function collectGarbage(): void {
  Bun.gc(true);
}
