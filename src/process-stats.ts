/** The figures of the process in `GET /api/q/stats`, and the sizes that its history keeps. */
import type { Health } from "./core/ports.ts";
import { pathOf } from "./db/database.ts";
import { descriptorsMax, openDescriptors } from "./descriptors.ts";
import type { RecordSizesOptions } from "./maintenance/size-history.ts";
import type { ProcessFacts } from "./metrics/process-metrics.ts";
import type { EventLoopDelay } from "./runtime/event-loop-delay.ts";
import type { PipelineStats, ProcessStats } from "./runtime/stats.ts";

export interface ProcessParts {
  readonly version: string;
  /** The threads of the database, by name. */
  readonly threads: Readonly<Record<string, { readonly silentMs: number }>>;
  readonly eventLoop: Pick<EventLoopDelay, "stats">;
}

export function processStats({ version, threads, eventLoop }: ProcessParts): ProcessStats {
  const { user, system } = process.cpuUsage();
  const silent = Object.entries(threads).map(([name, { silentMs }]) => [name, Math.round(silentMs)] as const);
  return {
    version,
    up_ms: Math.round(process.uptime() * 1_000),
    memory_bytes: process.memoryUsage.rss(),
    cpu_ms: { user: user / 1_000, system: system / 1_000 },
    event_loop_delay: eventLoop.stats,
    threads: Object.fromEntries(silent),
  };
}

/** What metrics say of the process beside its figures. */
export async function processFacts({ unready, warnings }: Health): Promise<ProcessFacts> {
  const { bun, deno, node } = process.versions as Readonly<Record<string, string | undefined>>;
  const named = Object.entries({ bun, deno, node }).find(([, version]) => version !== undefined);
  return {
    ready: unready === "",
    warnings: warnings.length,
    runtime: named?.join(" ") ?? "",
    platform: `${process.platform} ${process.arch}`,
    openDescriptors: await openDescriptors(),
    descriptorsMax: descriptorsMax(),
    startedAt: Math.round((Date.now() - performance.now()) / 10) / 100,
  };
}

export function sizesOf(
  { stats }: { stats(): PipelineStats },
  databaseUrl: string,
): Pick<RecordSizesOptions, "databasePath" | "sizes"> {
  return {
    databasePath: databaseUrl.startsWith("file:") ? pathOf(databaseUrl) : undefined,
    sizes() {
      const { journal, store, totals } = stats();
      return { journalBytes: journal.bytes, behind: store.behind, accepted: totals.accepted };
    },
  };
}
