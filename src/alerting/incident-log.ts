/** The log's lines of incidents: one when it opens, reopens or ends. */
import type { Log } from "../core/ports.ts";
import { type Incident, incidentState } from "./incident.ts";

/** @param before as it was; absent for a new one */
export function logIncident(log: Pick<Log, "info">, before: Incident | undefined, after: Incident): void {
  const state = incidentState(after);
  if (before !== undefined && incidentState(before) === state) return;
  const { id, rule, appId, kind, ending } = after;
  const fields = { incident: id, rule, app_id: appId, kind };
  if (state !== "active") log.info("incident ended", { event: "incident_ended", ...fields, ending });
  else if (before === undefined) log.info("incident opened", { event: "incident_opened", ...fields });
  else log.info("incident reopened", { event: "incident_reopened", ...fields });
}
