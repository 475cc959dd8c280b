/** The figures of the process in `GET /api/q/stats`, and the sizes that its history keeps. */
import { pathOf } from "../db/database-address.ts";
import type { RecordSizesOptions } from "../maintenance/record-sizes.ts";
import type { EventLoopDelay } from "../runtime/event-loop-delay.ts";
import type { PipelineStats, ProcessStats } from "../runtime/stats.ts";

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
