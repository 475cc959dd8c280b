/** All apps of the demo, with what is set up for each. */
import { demoApps, lifecycleOf } from "./apps.ts";
import { invoices } from "./invoices.ts";
import { mailings } from "./mailings.ts";
import { priceUpdates } from "./price-updates.ts";
import { supportTickets } from "./support-tickets.ts";

export interface DemoAppSetup {
  readonly appId: string;
  /** By which attributes its messages are found. */
  readonly indexed: readonly string[];
  /** As it is put. */
  readonly lifecycle: Readonly<Record<string, unknown>>;
}

/** Sources beside the orders. */
export const sideApps = [priceUpdates, mailings, supportTickets] as const;

/** @param prefix of the names of apps */
export function catalogueOf(prefix: string): DemoAppSetup[] {
  const named = (appId: string) => `${prefix}${appId}`;
  return [
    ...demoApps.map((app) => ({
      appId: named(app.appId),
      indexed: app.indexed,
      lifecycle: lifecycleOf(app),
    })),
    ...[invoices, ...sideApps].map(({ appId, indexed, lifecycle }) => ({
      appId: named(appId),
      indexed,
      lifecycle: lifecycle(prefix),
    })),
  ];
}
