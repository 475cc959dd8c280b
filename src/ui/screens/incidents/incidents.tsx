/** Incidents, and one of them with all that was sent about it. */
import { parameter } from "../../data/route.ts";
import { IncidentList } from "./incident-list.tsx";
import { OneIncident } from "./one-incident.tsx";

export default function Incidents() {
  const id = parameter("id");
  return id === undefined ? <IncidentList /> : <OneIncident key={id} id={id} />;
}
