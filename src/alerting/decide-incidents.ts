/** The decisions about several incidents with their figures, and the notifications that follow from them. */
import type { Micros } from "../core/event.ts";
import type { Decision } from "./decision.ts";
import type { WatchedIncident } from "./evaluator-state.ts";
import { type Figures, figureGroupOf } from "./figures.ts";
import type { Incident } from "./incident.ts";
import { notify } from "./notify.ts";
import type { AlertReader, AlertStep } from "./ports.ts";
import type { AlertRule } from "./rule.ts";

export interface DecideOptions {
  readonly reader: Pick<AlertReader, "alertFigures" | "alertHopP99s">;
  readonly clock: Micros;
  readonly ruleOf: (incident: Incident) => AlertRule;
  readonly decide: (watched: WatchedIncident, figures: Figures) => Decision;
}

/** Incidents that wait get their `dueAt`. @returns the incidents that change, and their deliveries */
export async function decideIncidents(
  undecided: readonly WatchedIncident[],
  { reader, clock, ruleOf, decide }: DecideOptions,
): Promise<Pick<AlertStep, "incidents" | "deliveries">> {
  const groups = undecided.map(({ incident }) => figureGroupOf(incident, ruleOf(incident)));
  const figures = await reader.alertFigures(groups);
  const decided = undecided.map((watched, index) => {
    const known = figures[index];
    if (known === undefined) throw new Error("figures are missing");
    return { watched, figures: known, decision: decide(watched, known) };
  });
  const notices = decided.filter(({ decision }) => decision.action === "notify");
  const p99s = await reader.alertHopP99s(
    notices.map(({ watched }) => watched.incident),
    clock,
  );
  const step: { incidents: Incident[]; deliveries: AlertStep["deliveries"][number][] } = {
    incidents: [],
    deliveries: [],
  };
  for (const { watched, figures, decision } of decided) {
    const { incident } = watched;
    if (decision.action === "wait") watched.dueAt = decision.until;
    else if (decision.action === "read_figures") watched.dueAt = clock + 1;
    else if (decision.action === "drop") step.incidents.push({ ...incident, closedAt: clock });
    else {
      const hopP99 = p99s[notices.findIndex((notice) => notice.watched === watched)];
      const known = { ...figures, ...(hopP99 !== undefined && { hopP99 }) };
      const change = notify(incident, ruleOf(incident), { ...decision, clock, figures: known });
      step.incidents.push(change.incident);
      step.deliveries.push(...change.deliveries);
    }
  }
  return step;
}
