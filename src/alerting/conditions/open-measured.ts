/** The incidents that open, or go on, where conditions hold. Pure. */
import type { Micros } from "../../core/event.ts";
import type { EvaluatorState } from "../evaluator-state.ts";
import { type Incident, incidentKey, openIncident } from "../incident.ts";
import type { Opening } from "./opening.ts";

/** @param others number of incidents that open in the same step, whose ids come first */
export function openMeasured(
  openings: readonly Opening[],
  { incidents, lastIncident }: Pick<EvaluatorState, "incidents" | "lastIncident">,
  { clock, others }: { readonly clock: Micros; readonly others: number },
): { readonly extended: Incident[]; readonly opened: Incident[] } {
  const extended: Incident[] = [];
  const opened: Incident[] = [];
  for (const { rule, hop } of openings) {
    const known = incidents.get(incidentKey({ ...hop, rule: rule.id }))?.incident;
    if (known === undefined) {
      opened.push(openIncident(rule, hop, { id: lastIncident + 1 + others + opened.length, clock }));
      continue;
    }
    // A newer version of the lifecycle.
    const versions = hop.versions.filter((version) => !known.versions.includes(version));
    if (versions.length > 0)
      extended.push({ ...known, versions: [...known.versions, ...versions].slice(-100) });
  }
  return { extended, opened };
}
