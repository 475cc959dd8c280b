/** Which sinks have been notified of which hop: where two rules name one sink, it has one notification. */
import { countsFindings, type Incident, incidentKey } from "./incident.ts";
import type { AlertRule } from "./rule.ts";

export class NotifiedSinks {
  /** By hop, then by the incident's id. */
  readonly #byHop = new Map<string, Map<number, readonly string[]>>();

  constructor(incidents: Iterable<Incident>) {
    for (const incident of incidents) this.set(incident);
  }

  /** The incident has changed. */
  set(incident: Incident): void {
    const hop = hopKey(incident);
    const incidents = this.#byHop.get(hop) ?? new Map();
    this.#byHop.set(hop, incidents.set(incident.id, incident.notifiedSinks));
  }

  /** The sinks of the rule that are to be notified of the incident, and have been of none at its hop. */
  unnotified(incident: Incident, rule: AlertRule): string[] {
    const incidents = this.#byHop.get(hopKey(incident))?.values() ?? [];
    const known = new Set([...incidents].flat());
    return rule.sinks.filter((sink) => !known.has(sink));
  }
}

/** Conditions have bounds of their own: two rules at one hop are two matters. */
function hopKey(incident: Incident): string {
  return incidentKey(countsFindings(incident) ? { ...incident, rule: "" } : incident);
}
