/** The parts that carry operations out. Wired in `app.ts`. */
import type { Access } from "../access/access.ts";
import type { SessionRing } from "../access/session-ring.ts";
import type { Tickets } from "../access/tickets.ts";
import type { AlertPreviews, AlertReader, Alerts } from "../alerting/ports.ts";
import type { AttributeIndexes, AttributeReader } from "../core/attributes.ts";
import type { AuditReader } from "../core/audit.ts";
import type { BrokerCollectors, RefusedReader } from "../core/broker-collector.ts";
import type { Caller } from "../core/caller.ts";
import type { DeclaredReader, DeclaredThings } from "../core/declared-things.ts";
import type { ErasurePage, ErasureQuery, Erasures } from "../core/erasure.ts";
import type { MessageEventsReader } from "../core/message-events.ts";
import type { Health, Progress, Reader } from "../core/ports.ts";
import type { AppRetentions } from "../core/retention.ts";
import type { AppRights } from "../core/rights.ts";
import type { SavedViews, ViewReader } from "../core/saved-view.ts";
import type { SetAside } from "../core/set-aside.ts";
import type { Trials } from "../learning/trial.ts";
import type { FindingReader } from "../lifecycle/finding-query.ts";
import type { LifecycleReader, LifecycleStore } from "../lifecycle/ports.ts";
import type { Triage, TriageReader } from "../lifecycle/triage.ts";
import type { FairQueue } from "../runtime/fair-queue.ts";
import type { Shares } from "../runtime/shares.ts";
import type { Stats } from "../runtime/stats.ts";
import type { SourceReader } from "../sources/ports.ts";
import type { Sources } from "../sources/sources.ts";
import type { FunnelByReader } from "../statistics/funnel-by.ts";
import type { LatencySeriesReader } from "../statistics/latency-series.ts";
import type { PulseReader } from "../statistics/pulse.ts";
import type { StatisticsReader } from "../statistics/statistics.ts";

/** The clients' reader. */
export type ApiReader = Omit<Reader, "history"> &
  MessageEventsReader &
  LifecycleReader &
  Omit<FindingReader, "findingHistory"> &
  TriageReader &
  StatisticsReader &
  PulseReader &
  LatencySeriesReader &
  AttributeReader &
  ViewReader &
  DeclaredReader &
  RefusedReader &
  Pick<SourceReader, "sources"> &
  FunnelByReader &
  AuditReader & { erasures(query: ErasureQuery): Promise<ErasurePage> } & Pick<
    AlertReader,
    | "alertRules"
    | "alertRulePage"
    | "alertSinks"
    | "alertSilences"
    | "alertCalendars"
    | "alertIncident"
    | "alertNotes"
    | "alertIncidents"
    | "alertFigures"
    | "alertHopP99s"
    | "alertDeliveries"
  >;

export interface ApiParts {
  /** For one caller, who waits for its turn; refused as `overloaded` where too many wait, `draining` when Mars stops. */
  readonly reader: (caller: Caller) => ApiReader;
  readonly progress: Progress;
  /** How far messages have been followed along their lifecycles. */
  readonly projected: Progress;
  readonly lifecycles: LifecycleStore;
  readonly attributes: AttributeIndexes;
  readonly views: SavedViews;
  readonly declared: DeclaredThings;
  readonly sources: Pick<
    Sources,
    "get" | "put" | "delete" | "try" | "receive" | "deliveries" | "map" | "replay" | "statsOf"
  >;
  /** Changes of lifecycles, rules, sinks and silences, which wait for their turn. */
  readonly changes: Pick<FairQueue, "run">;
  /** Shared by the protocols, and so is the bound on how many run at one time. */
  readonly trials: Trials & AlertPreviews;
  readonly keys: Access["keys"];
  readonly sessions: Pick<SessionRing, "list" | "get" | "end" | "flush">;
  readonly tickets: Pick<Tickets, "issue">;
  /** Whether everyone who reaches Mars may do everything, from other machines too. */
  readonly exposed: boolean;
  /** The apps whose badge anyone may see. */
  readonly badges: AppRights;
  readonly alerts: Alerts;
  readonly triage: Triage;
  readonly setAside: SetAside;
  readonly erasures: Erasures;
  readonly retentions: AppRetentions;
  readonly collectors: BrokerCollectors;
  readonly shares: { readonly sink_tests: Shares };
  stats(): Stats;
  health(): Health;
}
