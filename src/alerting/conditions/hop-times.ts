/** How long hops took: the question and the answer. Times are microseconds. */
import type { Micros } from "../../core/event.ts";
import type { Window } from "../../core/window.ts";

export interface HopTimesQuery {
  readonly appId: string;
  /** Merged. Each is widened to whole minutes; by when the hop's end was reached. */
  readonly windows: readonly Window[];
  /** Above 0, at most 100. */
  readonly percentile: number;
}

/** Of one hop; with the names empty of the whole way. Hops that no message passed are absent. */
export interface HopTimes {
  readonly stage: string;
  readonly after: string;
  readonly count: number;
  /** The percentile, at most 1 % off. */
  readonly value: Micros;
  /** The id of a message that took about as long; absent where none is known. */
  readonly example?: string;
}
