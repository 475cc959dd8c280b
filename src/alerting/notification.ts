/** A notification: a change of an incident, in the form that every sink's format is made from. */
import type { Micros } from "../core/event.ts";
import type { Figures } from "./figures.ts";
import type { IncidentKey } from "./incident.ts";

/** `incident.expired`: the incident ends because retention has deleted the messages that it counted. They were not resolved. */
export type IncidentChange =
  | "incident.opened"
  | "incident.reminder"
  | "incident.resolved"
  | "incident.expired";

export type NotificationType = IncidentChange | "test";

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
    readonly figures: Figures;
  };
}
