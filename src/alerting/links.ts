/** Addresses at which people look further, for notifications. Pure. */
import type { IncidentKey } from "./incident.ts";

export interface Links {
  /** The incident, with its figures of the moment. */
  readonly incident: string;
  /** The findings that it counts. */
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
  const query = new URLSearchParams({ app_id: appId, kind, stage });
  return {
    incident: `${publicUrl}/api/alerts/incidents/${id}`,
    group: `${publicUrl}/api/findings?${query}`,
    messages: samples.map(
      (message) => `${publicUrl}/search/event?${new URLSearchParams({ app_id: appId, message_id: message })}`,
    ),
  };
}
