/** A silence: which incidents have no notifications, and until when. */
import type { Micros } from "../core/event.ts";
import type { IncidentKey, IncidentKind } from "./incident.ts";

/** Silences that have not ended. */
export const silencesMax = 1_000;

/** Which incidents are silent. An absent field matches all, so an empty match silences everything. */
export interface SilenceMatch {
  readonly appId?: string;
  readonly rule?: string;
  readonly stage?: string;
  readonly kind?: IncidentKind;
}

export interface AlertSilence extends SilenceMatch {
  readonly id: number;
  /** One of this name is replaced by another; absent: it has none. */
  readonly name?: string;
  readonly until: Micros;
  readonly createdAt: Micros;
  /** Empty where none was given. */
  readonly comment: string;
}

/** A page of silences, the latest first. */
export interface SilencePage {
  readonly silences: readonly AlertSilence[];
  readonly nextCursor?: string;
}

/** Whether a silence holds the incident's notifications back. */
export function silences(match: SilenceMatch, incident: IncidentKey): boolean {
  return (
    (match.appId === undefined || match.appId === incident.appId) &&
    (match.rule === undefined || match.rule === incident.rule) &&
    (match.stage === undefined || match.stage === incident.stage) &&
    (match.kind === undefined || match.kind === incident.kind)
  );
}
