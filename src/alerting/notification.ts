/** A notification: a change of an incident, in the form that every sink's format is made from. */
import type { Micros } from "../core/event.ts";
import type { Figures } from "./figures.ts";
import type { IncidentEnding, IncidentKey } from "./incident.ts";

/** `incident.grown`: there are many more than at the notification before. `incident.closed`: it ends, and was not resolved. */
export type IncidentChange =
  | "incident.opened"
  | "incident.grown"
  | "incident.reminder"
  | "incident.resolved"
  | "incident.closed";

/** What people do with an incident: see `care.ts`. */
export type IncidentCare =
  | "incident.acknowledged"
  | "incident.assigned"
  | "incident.noted"
  | "incident.snoozed";

export type NotificationType = IncidentChange | IncidentCare | "test";

export interface Notification {
  readonly type: NotificationType;
  readonly at: Micros;
  /** One line for people. */
  readonly text: string;
  /** Absent for `test`. */
  readonly incident?: IncidentKey & {
    readonly id: number;
    /** Numbers the notifications of the incident, so that a receiver can put them in order. */
    readonly change: number;
    readonly openedAt: Micros;
    /** Absent where it has not. */
    readonly reopenedAt?: Micros;
    /** Of `incident.resolved` and `incident.closed`. */
    readonly ending?: IncidentEnding;
    readonly figures: Figures;
    /** See `Incident`; absent where it is not acknowledged, assigned, snoozed. */
    readonly acknowledgedBy?: string;
    readonly assignedTo?: string;
    readonly snoozedUntil?: Micros;
  };
}
