/** Figures of an incident: how many findings it counts, since when, and samples of their messages. */
import type { Micros } from "../core/event.ts";
import type { IncidentKey } from "./incident.ts";

/** Counts end here; texts have "more than" above it. */
export const countMax = 100_000;
export const samplesMax = 3;

/** Counts and samples of an incident at one moment. */
export interface Figures {
  /** At most `countMax + 1`. */
  readonly count: number;
  /** The earliest `dueAt`; absent where no finding counts any more. */
  readonly since?: Micros;
  /** The greatest `lateBy`. */
  readonly lateBy: Micros;
  /** Ids of the messages with the earliest `dueAt`. */
  readonly samples: readonly string[];
  /** Messages that it counted and that retention has deleted unfinished; absent for none. */
  readonly expired?: number;
}

/** The active findings of one app, kind and stage: what figures are about. */
export interface FindingGroup extends Omit<IncidentKey, "rule" | "after"> {
  /** Versions of the lifecycle: in others the same stage may come after other stages. */
  readonly versions: readonly number[];
  /** Raised from here on (inclusive). */
  readonly since: Micros;
  /** Id of the incident; absent where only the count is needed. */
  readonly incident?: number;
}
