/** A span of time that is asked for. */
import type { Micros } from "./event.ts";

/** From here on (inclusive), up to here (exclusive), widened to whole minutes. */
export interface Window {
  readonly since: Micros;
  readonly until: Micros;
}
