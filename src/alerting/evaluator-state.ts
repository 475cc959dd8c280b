/** The evaluator's copy of what the database holds: rules, silences, active incidents. */
import type { Micros } from "../core/event.ts";
import type { Figures } from "./figures.ts";
import { hoursOf, type RuleHours } from "./hours/rule-hours.ts";
import { type Incident, incidentKey, notAhead } from "./incident.ts";
import type { AlertReader, AlertState } from "./ports.ts";
import type { AlertRule } from "./rule.ts";

/** An incident, and the evaluator's times for it, which need not survive a restart. */
export interface WatchedIncident {
  incident: Incident;
  /** When a finding was last added. */
  extendedAt: Micros;
  /** When the first one was added since figures were last read; absent where none was. */
  extendedFrom?: Micros;
  /** See `Moment` for both. */
  lookedAt: Micros;
  lookAt: Micros;
  /** Its last figures, of an incident of a condition. */
  measured?: Figures;
  /** No decision about it is due before. */
  dueAt: Micros;
}

/** An incident of which nothing is known but what the database holds. */
export function watch(incident: Incident, now: Micros): WatchedIncident {
  return { incident, extendedAt: now, lookedAt: 0, lookAt: 0, dueAt: 0 };
}

export interface EvaluatorState extends Omit<AlertState, "rules" | "incidents" | "calendars"> {
  readonly hours: RuleHours;
  readonly rules: ReadonlyMap<string, AlertRule>;
  readonly incidents: Map<string, WatchedIncident>;
}

/** @param before the state of which the times are kept */
export async function load(
  reader: Pick<AlertReader, "alertState">,
  now: Micros,
  before: EvaluatorState | undefined,
): Promise<EvaluatorState> {
  const state = await reader.alertState();
  const rules = new Map(
    // A clock that was ahead has been put right: nothing may wait until the clock gets there again.
    state.rules.map((rule) => [rule.id, { ...rule, countsFrom: Math.min(rule.countsFrom ?? 0, now) }]),
  );
  return {
    ...state,
    rules,
    hours: hoursOf(rules.values(), state.calendars),
    incidents: new Map(
      state.incidents
        // A rule that cannot be read is skipped, and its incidents with it.
        .filter((incident) => !state.unreadableRules.includes(incident.rule))
        .map((incident) => {
          const key = incidentKey(incident);
          const known = before?.incidents.get(key);
          const times = known?.incident.id === incident.id ? known : watch(incident, now);
          return [key, { ...times, incident: notAhead(incident, now), dueAt: 0 }];
        }),
    ),
  };
}
