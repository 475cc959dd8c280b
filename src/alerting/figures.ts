/** Figures of an incident: how many findings it counts, since when, and samples of their messages. */
import type { Micros } from "../core/event.ts";
import type { FindingKind } from "../lifecycle/finding.ts";
import type { Measured } from "./conditions/measured.ts";
import type { Incident, IncidentKey } from "./incident.ts";
import { type AlertRule, importedAfter } from "./rule.ts";

/** Counts end here; texts have "more than" above it. */
export const countMax = 100_000;
/** In lists, of each incident. */
const listedMax = 1_000;
const listedMin = 100;
/** In lists, of all incidents together, as far as `listedMin` allows. */
const listedTogether = 20_000;
export const samplesMax = 3;

/** Where the counts of each incident end in a list of so many. */
export function listCountMax(incidents: number): number {
  return Math.max(listedMin, Math.min(listedMax, Math.floor(listedTogether / Math.max(1, incidents))));
}

/** Counts and samples of an incident at one moment. */
export interface Figures {
  /** At most `countMax + 1`. */
  readonly count: number;
  /** Those of `count` whose messages were imported; absent for none. They neither open an incident nor keep it open. */
  readonly imported?: number;
  /** The earliest `dueAt`; absent where no finding counts any more. */
  readonly since?: Micros;
  /** Those raised from `FigureGroup.freshFrom` on; at most `countMax + 1`. */
  readonly fresh: number;
  /** Their earliest `dueAt`; absent where there are none. */
  readonly freshSince?: Micros;
  /** Those raised from `FigureGroup.recentFrom` on; at most `countMax + 1`. */
  readonly recent: number;
  /** See `FigureGroup.burst`; absent where there is none. */
  readonly burstSince?: Micros;
  /** The greatest `lateBy`. */
  readonly lateBy: Micros;
  /** Ids of the messages with the earliest `dueAt`: of the fresh ones, and of all where none is fresh. */
  readonly samples: readonly string[];
  /** Messages that it counted and that retention has deleted unfinished; absent for none. */
  readonly expired?: number;
  /** Messages that it counted and that their lifecycle has given up; absent for none. */
  readonly abandoned?: number;
  /** Those that people have resolved or ignored since it opened, at most `countMax + 1`; absent for none. */
  readonly closed?: number;
  /** The time within which 99 of 100 messages passed this hop in the last seven days; absent where none was counted. */
  readonly hopP99?: Micros;
  /** Of an incident of a condition; absent while it cannot be said. */
  readonly measured?: Measured;
}

/** By which growth is measured: of a count without what was imported. */
export function sizeOf({ measured, ...counted }: Figures): number {
  return measured?.value ?? heldOf(counted);
}

/** How many hold that were not imported. Beyond `countMax` it is not known which. */
export function heldOf({ count, imported = 0 }: Pick<Figures, "count" | "imported">): number {
  return count > countMax ? count : count - imported;
}

/** Where the figures of an incident are read from: active findings of one app, kind and stage. */
export interface FindingGroup extends Omit<IncidentKey, "rule" | "after" | "kind"> {
  readonly kind: FindingKind;
  /** Versions of the lifecycle: in others the same stage may come after other stages. */
  readonly versions: readonly number[];
  /** Raised from here on (inclusive). */
  readonly since: Micros;
}

/** A finding group whose findings may open an incident. */
export interface CountGroup extends FindingGroup {
  /** Messages that arrived longer after they were due were imported, and do not count. */
  readonly importedAfter: Micros;
}

/** The finding group of an incident, for its figures. */
export interface FigureGroup extends CountGroup {
  /** Those raised from here on (inclusive) are fresh, unless they were imported. */
  readonly freshFrom: Micros;
  /** Those raised from here on (inclusive) are recent, unless they were imported. */
  readonly recentFrom: Micros;
  /** The first `atLeast` findings, not imported, that were raised from here on (inclusive) within `windowMs`, are a burst. */
  readonly burst?: { readonly from: Micros; readonly atLeast: number; readonly windowMs: number };
  /** Id of the incident. */
  readonly incident: number;
}

/** A hop of an app's lifecycle. */
export type Hop = Pick<IncidentKey, "appId" | "stage" | "after">;

/**
 * The group that an incident counts. Fresh are the findings since its last notification, and all of a burst: before the first one,
 * those that opened it.
 */
export function figureGroupOf(
  incident: Incident & { readonly kind: FindingKind },
  rule: Pick<AlertRule, "windowMs" | "growAtLeast"> | undefined,
  clock: Micros,
): FigureGroup {
  const { id, appId, kind, stage, versions, countedFrom, notifiedAt, firstRaisedAt, lastRaisedAt } = incident;
  const { windowMs = 0, growAtLeast = 1 } = rule ?? {};
  const window = windowMs * 1_000;
  const { burstFrom } = incident;
  const freshFrom =
    notifiedAt === 0
      ? Math.min(firstRaisedAt, lastRaisedAt - window)
      : Math.min(notifiedAt, burstFrom || notifiedAt);
  const recentFrom = clock - window;
  const group = { incident: id, appId, kind, stage, versions, since: countedFrom };
  return {
    ...group,
    ...{ freshFrom, recentFrom, importedAfter: importedAfter({ windowMs }) },
    ...(burstFrom > 0 && { burst: { from: burstFrom, atLeast: growAtLeast, windowMs } }),
  };
}
