/** The metrics that are read from the database: by app, and of alerts. */
import type { AppTotals, Totals } from "../statistics/totals.ts";
import { type Family, gauge } from "./family.ts";

/** @param totals `undefined` where the database has not answered in time: then only that is said */
export function storedMetrics(totals: Totals | undefined): Family[] {
  const read = gauge(
    "mars_database_read",
    "Whether the database has answered this scrape; without it, what is read from it is missing here.",
    Number(totals !== undefined),
  );
  return [
    read,
    byApp(
      "mars_app_events",
      "counter",
      "Stored events of an app. All apps beyond the first 100 are the series without an app.",
      totals,
      ({ events }) => events,
    ),
    byApp(
      "mars_app_open_messages",
      "gauge",
      "Messages of an app that go by a lifecycle and have not ended.",
      totals,
      ({ open }) => open,
    ),
    byApp(
      "mars_app_open_findings",
      "gauge",
      "Stages of an app that are missing now.",
      totals,
      ({ missing }) => missing,
    ),
    byApp(
      "mars_app_acknowledged_findings",
      "gauge",
      "Of these, those that are acknowledged.",
      totals,
      ({ acknowledged }) => acknowledged,
    ),
    only(totals, "mars_apps", "Apps.", ({ apps, others }) => apps.size + others.apps),
    only(totals, "mars_apps_not_shown", "Apps without series of their own.", ({ others }) => others.apps),
    only(
      totals,
      "mars_incidents_active",
      "Incidents that are active.",
      ({ activeIncidents }) => activeIncidents,
    ),
    only(
      totals,
      "mars_deliveries_pending",
      "Notifications that are still to be delivered.",
      ({ pendingDeliveries }) => pendingDeliveries,
    ),
  ];
}

/** An app id is never empty, so nothing can be mistaken for the sum of the others. */
function byApp(
  name: string,
  type: "counter" | "gauge",
  help: string,
  totals: Totals | undefined,
  value: (app: AppTotals) => number,
): Family {
  if (totals === undefined) return { name, type, help, samples: [] };
  const samples = [...totals.apps].map(([app, of]) => ({ labels: { app }, value: value(of) }));
  const others = totals.others.apps > 0 ? [{ labels: {}, value: value(totals.others) }] : [];
  return { name, type, help, samples: [...samples, ...others] };
}

function only(
  totals: Totals | undefined,
  name: string,
  help: string,
  value: (totals: Totals) => number,
): Family {
  return totals === undefined ? { name, type: "gauge", help, samples: [] } : gauge(name, help, value(totals));
}
