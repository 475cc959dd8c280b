/** The figures of the pipeline, as `GET /api/q/stats` has them. */

import type { Journal } from "../core/journal.ts";
import type { Mask } from "../core/mask.ts";
import { setAsideMax } from "../core/set-aside.ts";
import { traceparents } from "../core/traceparent.ts";
import type { Changes } from "../ingest/changes.ts";
import type { GroupCommit } from "../ingest/group-commit.ts";
import type { SetAsideDesk } from "../ingest/set-aside.ts";
import type { Writer } from "../ingest/writer.ts";
import type { Checkpoints } from "../maintenance/checkpoints.ts";
import type { PageRounds } from "../maintenance/page-rounds.ts";
import type { Retention } from "../maintenance/retention.ts";
import type { Grace } from "../projection/loop/grace.ts";
import type { ProjectionLoop } from "../projection/loop/projection-loop.ts";
import type { Clock } from "../runtime/clock.ts";
import type { PipelineStats } from "../runtime/stats.ts";

/** The parts that count, and what the pipeline knows of them together. */
export interface PipelineParts {
  readonly journal: Pick<Journal, "bytes" | "bytesMax" | "stats">;
  readonly commit: GroupCommit;
  readonly writer: Writer;
  readonly checkpoints: Checkpoints;
  readonly projection: ProjectionLoop;
  readonly clock: Clock;
  readonly grace: Grace;
  readonly retention: Retention;
  readonly setAside: SetAsideDesk;
  readonly changes: Changes;
  readonly pages: PageRounds;
  readonly mask: Mask | undefined;
  readonly damagedFiles: number;
  readonly storedSeq: number;
  /** Whether the database has been opened. */
  readonly opened: boolean;
  /** Why the database could not be opened; empty when it could. */
  readonly openingError: string;
  /** Events that are accepted and not stored, and stored and not projected. */
  readonly behind: { readonly store: number; readonly projection: number };
}

export function pipelineStats(parts: PipelineParts): PipelineStats {
  const { journal, commit, writer, checkpoints, projection, behind } = parts;
  const { accepted, refused } = commit.totals;
  const { stored, duplicates, published } = writer.totals;
  return {
    admission: [...commit.waiting],
    ...writer.stats,
    journal: {
      bytes: journal.bytes,
      bytes_max: journal.bytesMax,
      last_seq: commit.lastSeq,
      damaged_files: parts.damagedFiles,
      ...journal.stats,
    },
    store: {
      stored_seq: parts.storedSeq,
      behind: behind.store,
      available: parts.opened && writer.lastError === "",
      log_bytes: checkpoints.logBytes,
      last_error: writer.lastError || parts.openingError,
      ...writer.timings,
    },
    projector: {
      projected_seq: projection.seq,
      behind: behind.projection,
      last_error: projection.lastError,
      findings: projection.findings,
      steps: projection.steps,
      deadlines_behind_ms: projection.deadlinesBehindMs,
    },
    backfill: projection.backfill,
    clock: parts.clock.stats(),
    grace: parts.grace.stats(),
    retention: parts.retention.stats(),
    set_aside: { count: parts.setAside.count, count_max: setAsideMax },
    changes: parts.changes.stats,
    database: parts.pages.state ?? null,
    totals: {
      accepted,
      refused,
      stored,
      duplicates,
      published,
      masked_values: parts.mask?.values ?? 0,
      ignored_traceparents: traceparents.ignored,
    },
  };
}
