/** The decisions about several incidents with their figures, and the notifications that follow from them. */
import type { Micros } from "../core/event.ts";
import { type Decision, levelOf } from "./decision.ts";
import type { WatchedIncident } from "./evaluator-state.ts";
import { type Figures, sizeOf } from "./figures.ts";
import { countsFindings, type Incident, reopenIncident } from "./incident.ts";
import type { NotifiedSinks } from "./notified-sinks.ts";
import { end, notify } from "./notify.ts";
import type { AlertReader, AlertStep } from "./ports.ts";
import type { AlertRule } from "./rule.ts";

/** A count that has fallen to this share of the noted one is noted, so that growth is measured from there. */
const fallenShare = 0.8;

export interface DecideOptions {
  readonly reader: Pick<AlertReader, "alertHopP99s">;
  /** The figures of each. */
  readonly read: (incidents: readonly Incident[]) => Promise<readonly Figures[]>;
  readonly clock: Micros;
  /** `undefined` where no rule is about the incident any more. */
  readonly ruleOf: (incident: Incident) => AlertRule | undefined;
  /** Of all incidents. Changes with the decisions. */
  readonly notifiedSinks: NotifiedSinks;
  readonly decide: (watched: WatchedIncident, notifiedSinks: NotifiedSinks, figures: Figures) => Decision;
}

/** Incidents that wait get their `dueAt`. @returns the incidents that change, and their deliveries */
export async function decideIncidents(
  undecided: readonly WatchedIncident[],
  { reader, read, clock, ruleOf, notifiedSinks, decide }: DecideOptions,
): Promise<Pick<AlertStep, "incidents" | "deliveries">> {
  const figures = await read(undecided.map(({ incident }) => incident));
  const step: { incidents: Incident[]; deliveries: AlertStep["deliveries"][number][] } = {
    incidents: [],
    deliveries: [],
  };
  for (const [index, watched] of undecided.entries()) {
    const known = figures[index];
    if (known === undefined) throw new Error("figures are missing");
    const before = watched.incident;
    const rule = ruleOf(before);
    look(watched, rule, known, clock);
    const { incident } = watched;
    const decision = decide(watched, notifiedSinks, known);
    const add = (after: Incident) => {
      notifiedSinks.set(after);
      step.incidents.push(after);
    };
    if (decision.action === "wait" || decision.action === "read_figures") {
      watched.dueAt = decision.action === "wait" ? decision.until : clock + 1;
      watched.lookAt = watched.dueAt;
      const size = isUnknown(incident, known) ? incident.notifiedCount : sizeOf(known);
      const fallen = incident.notifiedAt > 0 && size <= incident.notifiedCount * fallenShare;
      if (fallen && incident.notifiedCount > 0) add({ ...incident, notifiedCount: size });
      else if (incident.belowSince !== before.belowSince) add(incident);
    } else if (decision.action === "reopen") add(reopenIncident(incident, clock));
    else if (decision.action === "end") {
      const ended = end(incident, { ending: decision.ending, clock, figures: known, rule });
      step.deliveries.push(...ended.deliveries);
      add(ended.incident);
    } else if (rule !== undefined) {
      const sinks =
        decision.type === "incident.opened"
          ? notifiedSinks.unnotified(incident, rule)
          : rule.sinks.filter((sink) => incident.notifiedSinks.includes(sink));
      // A drift is about no hop.
      const [hopP99] = incident.stage === "" ? [] : await reader.alertHopP99s([incident], clock);
      const figures = { ...known, ...(hopP99 !== undefined && { hopP99 }) };
      const notified = notify(incident, rule, { ...decision, clock, figures, sinks });
      step.deliveries.push(...notified.deliveries);
      add(notified.incident);
    }
  }
  return step;
}

/** Notes that figures have been read. */
function look(watched: WatchedIncident, rule: AlertRule | undefined, figures: Figures, clock: Micros): void {
  watched.lookedAt = clock;
  delete watched.extendedFrom;
  const { incident } = watched;
  if (isUnknown(incident, figures)) return;
  const { measured } = figures;
  if (measured !== undefined) watched.measured = figures;
  const below =
    rule !== undefined &&
    (measured === undefined ? levelOf(incident, figures) < rule.atLeast : !measured.holds);
  watched.incident = { ...incident, belowSince: below ? incident.belowSince || clock : 0 };
}

/** Whether a condition could not be measured now. */
function isUnknown(incident: Incident, { measured }: Figures): boolean {
  return measured === undefined && !countsFindings(incident);
}
