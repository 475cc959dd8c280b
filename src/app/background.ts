/** The loops beside those of the pipeline, from the end of the start to the stop: keys, the files of the data directory, sizes. */
import { join } from "node:path";
import { runAccess } from "../access/access-loop.ts";
import type { Log } from "../core/ports.ts";
import { type GuardOptions, guardFiles } from "../maintenance/guard.ts";
import { recordSizes } from "../maintenance/record-sizes.ts";
import type { SizeHistory } from "../maintenance/size-history.ts";
import type { Pipeline } from "./pipeline.ts";
import { sizesOf } from "./process-stats.ts";

export interface BackgroundParts extends Omit<GuardOptions, "block"> {
  readonly log: Log;
  readonly access: Parameters<typeof runAccess>[0];
  readonly pipeline: Pick<Pipeline, "block" | "stats">;
  readonly sizes: SizeHistory;
  readonly databaseUrl: string;
  readonly dataDir: string;
}

const sizesName = "sizes.json";

/** @returns ends the loops */
export function runBackground(parts: BackgroundParts): () => Promise<void> {
  const { access, pipeline, sizes, supervisor, databaseUrl, dataDir, log } = parts;
  const running = new AbortController();
  const { signal } = running;
  const block = (reason: string) => pipeline.block(reason);
  const measured = sizesOf({ stats: () => pipeline.stats() }, databaseUrl);
  const loops = [
    runAccess(access, supervisor, signal),
    guardFiles({ ...parts, block }, signal),
    recordSizes({ history: sizes, path: join(dataDir, sizesName), supervisor, log, ...measured }, signal),
  ];
  return async () => {
    running.abort();
    await Promise.all(loops);
  };
}
