/** What one scrape of `GET /metrics` reads: the figures, the process, and some numbers of the database. */
import type { Caller } from "../core/caller.ts";
import type { Health } from "../core/ports.ts";
import type { Family } from "../metrics/family.ts";
import { marsMetrics } from "../metrics/mars-metrics.ts";
import type { ProcessFacts } from "../metrics/process-metrics.ts";
import { within } from "../runtime/delay.ts";
import type { Stats } from "../runtime/stats.ts";
import type { Totals } from "../statistics/totals.ts";
import { descriptorsMax, openDescriptors } from "./descriptors.ts";

/** For the database, which may be away on the very day on which metrics are looked at. Scrapes have 10 s by default. */
const totalsMs = 2_000;

export interface ScrapeParts {
  readonly stats: () => Stats;
  readonly health: () => Health;
  readonly totals: (caller: Caller) => Promise<Totals>;
}

export function createScrape({ stats, health, totals }: ScrapeParts): (caller: Caller) => Promise<Family[]> {
  return async (caller) => {
    let read: Totals | undefined;
    // A failure is a value of the metrics, and the reads have counted and logged it.
    const reading = totals(caller).then(
      (found) => {
        read = found;
      },
      () => undefined,
    );
    await within(totalsMs, reading);
    return marsMetrics({ stats: stats(), facts: await processFacts(health()), totals: read });
  };
}

/** What metrics say of the process beside its figures. */
async function processFacts({ unready, warnings }: Health): Promise<ProcessFacts> {
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
