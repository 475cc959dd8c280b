/** The parts that a pipeline is made of, and its settings. */
import type { ChangeMethod } from "../core/change-record.ts";
import type { SequencedEvent } from "../core/event.ts";
import type { Journal } from "../core/journal.ts";
import type { Log, Store } from "../core/ports.ts";
import type { SetAsidePage, SetAsideQuery } from "../core/set-aside.ts";
import type { Spans } from "../core/spans.ts";
import type { SetAsideStore } from "../ingest/set-aside.ts";
import type { Finding } from "../lifecycle/finding.ts";
import type { TriageStore } from "../lifecycle/triage.ts";
import type { Projection } from "../projection/projection-step.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Supervisor } from "../runtime/supervisor.ts";

export interface PipelineOptions {
  readonly collectors: number;
  readonly batchEventsMax: number;
  readonly retentionMs: number;
  readonly journal: Journal;
  readonly countsRetentionMs: number;
  readonly startGraceMs: number;
  readonly skewMaxMs: number;
  /** Names of attributes whose values are replaced. */
  readonly maskAttributes: readonly string[];
  readonly clock: Clock;
  readonly store: Store & Projection & SetAsideStore & TriageStore;
  readonly listSetAside: (query: SetAsideQuery) => Promise<SetAsidePage>;
  readonly publish: (events: readonly SequencedEvent[], upTo: number) => void;
  readonly publishFindings: (findings: readonly Finding[], upTo: number) => void;
  /** See `ChangesOptions`. */
  readonly madeLate: (method: ChangeMethod) => void;
  readonly spans?: Spans | undefined;
  readonly supervisor: Supervisor;
  readonly log: Log;
}
