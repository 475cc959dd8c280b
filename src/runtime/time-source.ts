/** Where the time comes from. */
import { wallMs } from "../core/time.ts";

/** The two clocks, in milliseconds. */
export interface TimeSource {
  /** May be set. */
  wallMs(): number;
  /** Cannot be set. */
  steadyMs(): number;
}

/** Those of the machine. */
export const systemTime: TimeSource = { wallMs: () => wallMs(), steadyMs: () => performance.now() };
