/** The figures of all parts together: what `GET /api/q/stats` answers, and what metrics are made of. */

import type { SignIn } from "../access/sign-in.ts";
import type { Alerts } from "../alerting/alerts.ts";
import type { ConsumerHost } from "../brokers/consumer-host.ts";
import type { SpanStats } from "../core/spans.ts";
import type { Denials } from "../edge/denials.ts";
import { type EdgeShares, statsOf } from "../edge/edge-shares.ts";
import type { EventLimits } from "../edge/event-limits.ts";
import type { Intake } from "../edge/intake.ts";
import type { EdgeParts } from "../edge/parts.ts";
import type { Eraser } from "../maintenance/eraser.ts";
import type { SizeHistory } from "../maintenance/size-history.ts";
import type { FairQueueStats } from "../runtime/fair-queue.ts";
import type { SendBudget } from "../runtime/send-budget.ts";
import type { ProcessStats, Stats } from "../runtime/stats.ts";
import type { Supervisor } from "../runtime/supervisor.ts";
import type { Certificates } from "../tls/certificates.ts";
import type { AllBackups } from "./backups.ts";
import type { Declarations } from "./declarations.ts";
import type { Pipeline } from "./pipeline.ts";
import type { RunningSources } from "./sources.ts";

export interface CountingParts extends Pick<EdgeParts, "doors" | "calls"> {
  readonly pipeline: Pick<Pipeline, "stats">;
  readonly process: () => ProcessStats;
  readonly declarations: () => Pick<Declarations, "stats">;
  readonly sizes: Pick<SizeHistory, "stats">;
  readonly supervisor: Pick<Supervisor, "stats">;
  readonly unreadable: { readonly count: number };
  readonly alerts: Pick<Alerts, "stats">;
  readonly collectors: Pick<ConsumerHost, "stats">;
  readonly eraser: Pick<Eraser, "stats">;
  readonly backups: Pick<AllBackups, "stats">;
  readonly reads: { readonly stats: FairQueueStats };
  readonly trials: { readonly stats: FairQueueStats };
  readonly incoming: Pick<RunningSources, "sources" | "mappings">;
  readonly shares: EdgeShares;
  readonly intake: Pick<Intake, "stats">;
  readonly signIn: Pick<SignIn, "stats">;
  readonly denials: Pick<Denials, "stats">;
  readonly eventLimits: Pick<EventLimits, "stats">;
  readonly budget: Pick<SendBudget, "stats">;
  readonly tracing: { readonly stats: SpanStats } | undefined;
  readonly certificates: Pick<Certificates, "stats">;
}

export function marsStats(parts: CountingParts): Stats {
  return {
    ...parts.pipeline.stats(),
    process: parts.process(),
    config: parts.declarations().stats,
    history: parts.sizes.stats,
    loops: parts.supervisor.stats(),
    unreadable_rows: parts.unreadable.count,
    alerts: parts.alerts.stats,
    erasure: parts.eraser.stats,
    consumers: parts.collectors.stats,
    backup: parts.backups.stats,
    reads: parts.reads.stats,
    trials: parts.trials.stats,
    sources: parts.incoming.sources.stats,
    mappings: parts.incoming.mappings.stats,
    shares: statsOf(parts.shares),
    intake: parts.intake.stats,
    doors: parts.doors.stats,
    calls: parts.calls.stats,
    sign_in: parts.signIn.stats,
    denied: parts.denials.stats,
    limits: { events: parts.eventLimits.stats },
    to_send: parts.budget.stats,
    spans: parts.tracing?.stats ?? null,
    tls: parts.certificates.stats(),
  };
}
