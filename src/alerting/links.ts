/** Pages of the dashboard at which people look further, for notifications. Pure. */
import { eventsOfName } from "../core/stage-name.ts";
import type { IncidentKey } from "./incident.ts";

export interface Links {
  /** The incident, with its figures of the moment. */
  readonly incident: string;
  /** The findings that it counts; of a condition, what it is measured of. */
  readonly group: string;
  /** The sample messages. */
  readonly messages: readonly string[];
}

/** @param publicUrl an origin (`MARS_PUBLIC_URL`) */
export function linksOf(
  publicUrl: string,
  incident: IncidentKey & { readonly id: number },
  samples: readonly string[],
): Links {
  const { id, appId } = incident;
  return {
    incident: publicUrl + page("/incidents", { id: String(id) }),
    group: publicUrl + groupPage(incident),
    messages: samples.map(
      (message) => publicUrl + page("/search/event", { app_id: appId, message_id: message }),
    ),
  };
}

function groupPage({ appId, kind, stage, after }: IncidentKey): string {
  const app = { app_id: appId };
  // Without a range the page shows one day; an incident may be older.
  const current = { state: "current", range: "30d" };
  switch (kind) {
    case "missing":
      return page("/stuck", { ...app, stage, after });
    case "share":
      return page("/findings", { ...app, stage, ...current });
    case "latency":
      return page("/latency", { ...app, stage, after });
    case "absence":
      return page("/messages", { ...app, event: eventsOfName(stage)[0] ?? "" });
    case "drift":
      return page("/lifecycles", app);
    default:
      return page("/findings", { ...app, kind, stage, ...current });
  }
}

/** The address of a page; parameters without a value are left out. */
function page(path: string, parameters: Readonly<Record<string, string>>): string {
  const given = Object.entries(parameters).filter(([, value]) => value !== "");
  return `${path}?${new URLSearchParams(given)}`;
}
