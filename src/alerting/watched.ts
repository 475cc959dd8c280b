/** What the evaluator knows of the database, as it has read it. */
import type { Micros } from "../core/event.ts";
import { nowMicros } from "../core/time.ts";
import type { AlertRule, Incident } from "./alert.ts";
import type { AlertReader, AlertState } from "./alert-ports.ts";
import { incidentKey, notAhead } from "./grouping.ts";

/** An incident with what need not survive a restart. */
export interface Watched {
  incident: Incident;
  heardAt: Micros;
  /** It need not be looked at before. */
  lookAt: Micros;
}

export interface Loaded extends Omit<AlertState, "rules" | "incidents"> {
  readonly rules: ReadonlyMap<string, AlertRule>;
  readonly incidents: Map<string, Watched>;
}

export async function load(reader: Pick<AlertReader, "alertState">): Promise<Loaded> {
  const state = await reader.alertState();
  const now = nowMicros();
  const rules = new Map(state.rules.map((rule) => [rule.id, rule]));
  return {
    ...state,
    rules,
    incidents: new Map(
      state.incidents
        // A rule that cannot be read is passed over, and its incidents with it.
        .filter((incident) => rules.has(incident.rule))
        .map((incident) => [
          incidentKey(incident),
          { incident: notAhead(incident, now), heardAt: now, lookAt: 0 },
        ]),
    ),
  };
}
