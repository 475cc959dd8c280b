/**
 * Care for an incident: people acknowledge it, assign it, write notes and snooze it. Who knows of the incident and understands
 * that is notified: pagers that it is acknowledged, topics of everything.
 */

import type { Author } from "../core/audit.ts";
import type { Micros } from "../core/event.ts";
import { type Figures, figureGroupOf } from "./figures.ts";
import { countsFindings, type Incident, incidentState, type StoredIncident } from "./incident.ts";
import type { IncidentCare } from "./notification.ts";
import { notifyOfCare } from "./notify.ts";
import type { AlertReader, AlertStore } from "./ports.ts";
import { refuse } from "./refuse.ts";
import { type AlertSink, isPager } from "./sink.ts";

export type CareChange =
  | { readonly type: "acknowledge" }
  /** Empty for nobody. */
  | { readonly type: "assign"; readonly to: string }
  | { readonly type: "note"; readonly text: string }
  /** Like a silence for this incident alone; up to now for no more. */
  | { readonly type: "snooze"; readonly until: Micros };

/** A note, by its author's name. */
export interface Note {
  readonly at: Micros;
  readonly who: string;
  readonly text: string;
}

/** A change of an incident's care, as it is stored. */
export interface CareRecord {
  readonly before: Incident;
  readonly incident: Incident;
  readonly deliveries: ReturnType<typeof notifyOfCare>["deliveries"];
  readonly note?: Note;
}

export interface CareOptions {
  readonly store: Pick<AlertStore, "careForIncident">;
  readonly reader: Pick<AlertReader, "alertIncident" | "alertFigures" | "alertRules" | "alertSinks">;
  /** See `Alerts`. */
  readonly measured: (incident: Incident) => Figures | undefined;
  readonly clock: { readonly judged: Micros };
  readonly by: Author;
}

/**
 * Runs between two steps of the evaluator.
 *
 * @returns the incident as it is now; `undefined` where there is none
 * @throws `MarsError("invalid_argument")` for one that has ended, but for notes and assigning; beyond `notesMax`
 */
export async function care(
  id: number,
  change: CareChange,
  { store, reader, measured, clock: { judged: clock }, by }: CareOptions,
): Promise<StoredIncident | undefined> {
  const before = await reader.alertIncident(id);
  if (before === undefined) return undefined;
  const after = applyCare(before, change, by.name, clock);
  if (after === before && change.type !== "note") return before;
  const figures = await figuresOf(before);
  const type = notifications[change.type];
  const sinks = (await reader.alertSinks())
    .filter((sink) => before.notifiedSinks.includes(sink.id) && understands(sink, type))
    .map((sink) => sink.id);
  const { incident, deliveries } = notifyOfCare(after, { type, clock, figures, sinks, by: by.name });
  const note = change.type === "note" ? { at: clock, who: by.name, text: change.text } : undefined;
  const seq = await store.careForIncident({ before, incident, deliveries, ...(note && { note }) }, by);
  const { noteCount, silencedUntil } = before;
  return { ...incident, seq, noteCount: noteCount + (note === undefined ? 0 : 1), silencedUntil };

  async function figuresOf(one: Incident): Promise<Figures> {
    if (!countsFindings(one)) return measured(one) ?? none;
    const rule = (await reader.alertRules()).find(({ id }) => id === one.rule);
    const [figures] = await reader.alertFigures([figureGroupOf(one, rule, clock)]);
    if (figures === undefined) throw new Error("figures are missing");
    return figures;
  }
}

/** Of an incident of a condition that has not been measured since the start. */
const none: Figures = { count: 0, fresh: 0, recent: 0, lateBy: 0, samples: [] };

const notifications = {
  acknowledge: "incident.acknowledged",
  assign: "incident.assigned",
  note: "incident.noted",
  snooze: "incident.snoozed",
} as const;

function understands(sink: AlertSink, type: IncidentCare): boolean {
  return sink.type === "topic" || (isPager(sink) && type === "incident.acknowledged");
}

/** Pure. @param who for people @returns the same incident where nothing changes */
export function applyCare(incident: Incident, change: CareChange, who: string, clock: Micros): Incident {
  const { type } = change;
  if ((type === "acknowledge" || type === "snooze") && incidentState(incident) !== "active") {
    refuse([{ field: "id", message: "must be of an incident that is active: this one has ended" }]);
  }
  switch (type) {
    case "acknowledge":
      // The first one stays: who goes on is assigned.
      return incident.acknowledgedAt > 0
        ? incident
        : { ...incident, acknowledgedAt: clock, acknowledgedBy: who };
    case "assign":
      return incident.assignedTo === change.to ? incident : { ...incident, assignedTo: change.to };
    case "note":
      return incident;
    case "snooze":
      return { ...incident, snoozedUntil: change.until };
  }
}
