/** What is in the database, in a few numbers: for metrics. */

/** Apps that have numbers of their own, those that came first; so an app does not come and go. All others are one sum. */
export const appTotalsMax = 100;

export interface AppTotals {
  /** Stored events since the first; it never falls, also when events are deleted. */
  readonly events: number;
  /** Messages that go by a lifecycle and have not ended, overdue ones too. */
  readonly open: number;
  /** Stages that are missing now. */
  readonly missing: number;
  /** Of these, those that are acknowledged. */
  readonly acknowledged: number;
}

export interface Totals {
  readonly apps: ReadonlyMap<string, AppTotals>;
  /** Of all apps that are not in `apps`. */
  readonly others: AppTotals & { readonly apps: number };
  readonly activeIncidents: number;
  readonly pendingDeliveries: number;
}

export interface TotalsReader {
  totals(): Promise<Totals>;
}
