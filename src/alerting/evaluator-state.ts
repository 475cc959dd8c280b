/** The evaluator's copy of what the database holds: rules, silences, active incidents. */
import type { Micros } from "../core/event.ts";
import { nowMicros } from "../core/time.ts";
import { type Incident, incidentKey, notAhead } from "./incident.ts";
import type { AlertReader, AlertState } from "./ports.ts";
import type { AlertRule } from "./rule.ts";

/** An incident, and the evaluator's times for it, which need not survive a restart. */
export interface WatchedIncident {
  incident: Incident;
  /** When a finding was last added. */
  extendedAt: Micros;
  /** No decision about it is due before. */
  dueAt: Micros;
}

export interface EvaluatorState extends Omit<AlertState, "rules" | "incidents"> {
  readonly rules: ReadonlyMap<string, AlertRule>;
  readonly incidents: Map<string, WatchedIncident>;
}

export async function load(reader: Pick<AlertReader, "alertState">): Promise<EvaluatorState> {
  const state = await reader.alertState();
  const now = nowMicros();
  const rules = new Map(state.rules.map((rule) => [rule.id, rule]));
  return {
    ...state,
    rules,
    incidents: new Map(
      state.incidents
        // A rule that cannot be read is skipped, and its incidents with it.
        .filter((incident) => rules.has(incident.rule))
        .map((incident) => [
          incidentKey(incident),
          { incident: notAhead(incident, now), extendedAt: now, dueAt: 0 },
        ]),
    ),
  };
}
