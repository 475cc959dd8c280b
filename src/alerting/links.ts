/** Addresses at which people look further, for notifications. Pure. */
import { eventsOfName } from "../core/stage-name.ts";
import type { IncidentKey, IncidentKind } from "./incident.ts";

export interface Links {
  /** The incident, with its figures of the moment. */
  readonly incident: string;
  /** The findings that it counts; of a condition, what it is measured of. */
  readonly group: string;
  /** The pages of the sample messages. */
  readonly messages: readonly string[];
}

/** @param publicUrl an origin (`MARS_PUBLIC_URL`) */
export function linksOf(
  publicUrl: string,
  { id, appId, kind, stage }: IncidentKey & { readonly id: number },
  samples: readonly string[],
): Links {
  return {
    incident: `${publicUrl}/api/alerts/incidents/${id}`,
    group: `${publicUrl}${groupPath(appId, kind, stage)}`,
    messages: samples.map(
      (message) => `${publicUrl}/search/event?${new URLSearchParams({ app_id: appId, message_id: message })}`,
    ),
  };
}

function groupPath(appId: string, kind: IncidentKind, stage: string): string {
  const app = `/api/apps/${encodeURIComponent(appId)}`;
  const findings = { app_id: appId, ...(stage !== "" && { stage }) };
  switch (kind) {
    case "share":
      return `/api/findings?${new URLSearchParams(findings)}`;
    case "latency":
      return `${app}/latency`;
    case "absence":
      return `/api/messages?${new URLSearchParams({ app_id: appId, event: eventsOfName(stage)[0] ?? "" })}`;
    case "drift":
      return `${app}/lifecycle/learned`;
    default:
      return `/api/findings?${new URLSearchParams({ app_id: appId, kind, stage })}`;
  }
}
