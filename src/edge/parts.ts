/** What every protocol at the edge is given: the parts it may ask, and the settings it obeys. Wired in `app.ts`. */

import type { AlertReader, Alerts } from "../alerting/alert-ports.ts";
import type { Caller } from "../core/caller.ts";
import type { Health, Ingest, Live, Log, Progress, Reader } from "../core/ports.ts";
import type { Refusals } from "../core/refusals.ts";
import type { SetAside } from "../core/set-aside.ts";
import type { Trials } from "../learning/trial.ts";
import type { Finding } from "../lifecycle/finding.ts";
import type { LifecycleReader, LifecycleStore } from "../lifecycle/ports.ts";
import type { FairQueue } from "../runtime/fair-queue.ts";
import type { SendBudget } from "../runtime/send-budget.ts";
import type { Stats } from "../runtime/stats.ts";
import type { EdgeShares } from "./edge-shares.ts";
import type { Gate } from "./http/gate.ts";
import type { Intake } from "./intake.ts";

/** What clients may read. */
export type EdgeReader = Omit<Reader, "history"> &
  Omit<LifecycleReader, "findingHistory" | "histories"> &
  Pick<AlertReader, "alertRules" | "alertSinks" | "alertSilences" | "alertIncidents" | "alertDeliveries">;

export interface EdgeParts {
  readonly ingest: Ingest;
  /** To be notified of every refusal of events, wherever in a door it is. */
  readonly refusals: Refusals;
  /** Shared by the protocols, and so are its bounds. */
  readonly intake: Intake;
  /** For one caller, who waits for its turn; refused as `overloaded` where too many wait, `draining` when Mars stops. */
  readonly reader: (caller: Caller) => EdgeReader;
  readonly progress: Progress;
  readonly live: Live;
  readonly findings: Live<Finding>;
  readonly lifecycles: LifecycleStore;
  readonly setAside: SetAside;
  readonly alerts: Alerts;
  /** Shared by the protocols, and so is the bound on how many run at one time. */
  readonly trials: Trials;
  /** How far messages have been followed along their lifecycles. */
  readonly projected: Progress;
  /** Changes of lifecycles, rules, sinks and silences, which wait for their turn. */
  readonly changes: Pick<FairQueue, "run">;
  /** The caps at the doors. */
  readonly shares: EdgeShares;
  /** What waits to be sent. */
  readonly budget: SendBudget;
  readonly log: Log;
  /** Which hosts and which pages are served. */
  readonly gate: Gate;
  readonly version: string;
  /** Whether `GET /api/create_event` and `GET /api/test_socket` exist. */
  readonly testEndpoints: boolean;
  stats(): Stats;
  health(): Health;
}
